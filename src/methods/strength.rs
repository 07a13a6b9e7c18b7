//! Which units of a layer respond most.

use crate::{
    Result,
    net::{NodeId, Trace},
};

/// The units of a layer with their largest activation, strongest first; equal ones by index.
///
/// # Errors
/// When the activations cannot be brought from the device.
pub fn strongest_units(trace: &Trace, layer: NodeId) -> Result<Vec<(usize, f32)>> {
    let [_, height, width] = trace.network().graph().node(layer).extent();
    let values = trace.values(layer)?;
    let largest = |map: &[f32]| map.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut units: Vec<(usize, f32)> = values.chunks_exact(height * width).map(largest).enumerate().collect();
    units.sort_by(|a, b| b.1.total_cmp(&a.1));
    Ok(units)
}
