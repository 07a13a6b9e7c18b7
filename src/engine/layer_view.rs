//! The feature maps of one layer, ready to be drawn.

use crate::{
    Result,
    kernels::with_values,
    net::{NodeId, Trace},
    paint::Range,
};
use candle_core::{Device, Tensor};
use rayon::prelude::*;
use std::sync::Arc;

/// The feature maps of one layer with their ranges. Cheap to clone.
#[derive(Clone)]
pub struct LayerView {
    /// The layer.
    pub node: NodeId,
    /// Units, height and width.
    pub shape: [usize; 3],
    /// Smallest and largest value of each unit.
    pub ranges: Arc<[Range]>,
    maps: Tensor,
}

impl LayerView {
    /// The maps of a layer of a pass.
    pub(super) fn new(trace: &Trace, node: NodeId) -> Result<Self> {
        // Brought to the CPU once, so that drawing never waits for a device.
        Self::of(node, trace.maps(node)?.to_device(&Device::Cpu)?.contiguous()?)
    }

    fn of(node: NodeId, maps: Tensor) -> Result<Self> {
        let (units, height, width) = maps.dims3()?;
        let ranges = with_values::<f32, _>(&maps, |values| {
            Ok(values.par_chunks(height * width).map(Range::of).collect::<Vec<_>>())
        })?;
        Ok(LayerView { node, shape: [units, height, width], ranges: ranges.into(), maps })
    }

    /// The unit with the largest value; the first of several.
    #[must_use]
    pub fn strongest_unit(&self) -> usize {
        let best = |best: usize, unit: usize| if self.ranges[unit].high > self.ranges[best].high { unit } else { best };
        (0..self.ranges.len()).fold(0, best)
    }

    /// The values less those of another run of the same layer.
    ///
    /// # Errors
    /// When the other is of another shape.
    pub fn minus(&self, other: &LayerView) -> Result<Self> {
        Self::of(self.node, (&self.maps - &other.maps)?)
    }

    /// Returns the distance of the values from those of another run of the same layer, over the length of the latter.
    ///
    /// # Errors
    /// When the tensor is not what it should be: a defect here.
    pub fn distance(&self, other: &LayerView) -> Result<f32> {
        self.with_values(|values| other.with_values(|rest| distance(values, rest)))?
    }

    /// Calls `f` with the values, row-major `(units, height, width)`, without copying them.
    ///
    /// # Errors
    /// When the tensor is not what it should be: a defect here.
    pub fn with_values<R>(&self, f: impl FnOnce(&[f32]) -> R) -> Result<R> {
        Ok(with_values::<f32, _>(&self.maps, |values| Ok(f(values)))?)
    }

    /// The values as a tensor, `(units, height, width)`.
    pub fn tensor(&self) -> &Tensor {
        &self.maps
    }

    /// The range of the whole layer.
    pub fn range(&self) -> Range {
        self.ranges.iter().copied().reduce(Range::union).unwrap_or(Range { low: 0.0, high: 0.0 })
    }

    /// Units by largest activation, strongest first.
    pub fn by_strength(&self) -> Vec<u32> {
        let mut units: Vec<u32> = (0..self.shape[0] as u32).collect();
        units.sort_by(|&a, &b| self.ranges[b as usize].high.total_cmp(&self.ranges[a as usize].high));
        units
    }
}

/// Returns the distance of values from others, over the length of the latter.
pub(in crate::engine) fn distance(values: &[f32], rest: &[f32]) -> f32 {
    let square = |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v) * f64::from(v)).sum::<f64>();
    let apart = square(&mut values.iter().zip(rest).map(|(a, b)| a - b));
    let length = square(&mut rest.iter().copied());
    (apart / length.max(f64::MIN_POSITIVE)).sqrt() as f32
}
