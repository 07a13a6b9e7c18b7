//! Rankings of a layer's units by three measures: the strength of their response, their contribution to a target to first
//! order, and the target's loss without them.

use super::{cam::WeighedMaps, cam_perturb::ablations, method::Ranking};
use crate::{
    Result,
    net::{NodeId, Trace},
};

pub(super) const ACTIVATION: Ranking = Ranking {
    name: "activation",
    title: "Activation",
    about: "Units by their largest activation on this picture, whatever the class.",
    slow: false,
    targeted: false,
    run: |question, layer| strongest_units(question.trace, layer),
};

/// Ranks by the units' contributions to the target.
pub const CONTRIBUTION: Ranking = Ranking {
    name: "contribution",
    title: "Gradient x activation",
    about: "Units by the sum over their map of activation times the target's gradient: what each adds to the score, to \
            first order; those that speak against it come last.",
    slow: false,
    targeted: true,
    run: |question, layer| Ok(sorted(WeighedMaps::of(question, layer)?.contributions())),
};

pub(super) const ABLATION: Ranking = Ranking {
    name: "ablation",
    title: "Ablation",
    about: "Units by how much the score falls when their map is set to zero; those without which it would be higher come \
            last. The network runs once for each unit, from the layer on.",
    slow: true,
    targeted: true,
    run: |question, layer| Ok(sorted(ablations(question, layer)?.into_iter().map(|lost| lost as f32).collect())),
};

/// The units of a layer with their largest activation, strongest first; equal ones by index.
///
/// # Errors
/// When the activations cannot be brought from the device.
pub fn strongest_units(trace: &Trace, layer: NodeId) -> Result<Vec<(usize, f32)>> {
    let [_, height, width] = trace.network().graph().node(layer).extent();
    let values = trace.values(layer)?;
    let largest = |map: &[f32]| map.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    Ok(sorted(values.chunks_exact(height * width).map(largest).collect()))
}

/// Units with their values, the largest first; equal ones by index.
fn sorted(values: Vec<f32>) -> Vec<(usize, f32)> {
    let mut units: Vec<(usize, f32)> = values.into_iter().enumerate().collect();
    units.sort_by(|a, b| b.1.total_cmp(&a.1));
    units
}
