//! Other shapes of the same values.

use crate::formats::onnx::{
    axes::{axis_of, squeezed, target_shape, unsqueezed},
    job::{ModelValue, NodeJob, Outputs},
};

/// The layer itself: operators that change nothing when a network runs, and the steps of quantised models, whose layers are
/// computed in floats here.
pub(super) fn pass(job: &mut NodeJob) -> Outputs {
    let layer = job.layer(0)?;
    Ok(vec![ModelValue::LayerOutput(layer)])
}

fn to(job: &mut NodeJob, target: &[usize]) -> Outputs {
    let layer = job.layer(0)?;
    Ok(vec![ModelValue::LayerOutput(job.reshaped(&layer, target)?)])
}

pub(super) fn reshape(job: &mut NodeJob) -> Outputs {
    let seen = job.layer(0)?.seen(job.batch);
    let target = job.numbers(1, "shape")?.ok_or("it has no shape")?;
    let target = target_shape(&target, &seen, job.node.int("allowzero", 0) == 1)?;
    to(job, &target)
}

pub(super) fn flatten(job: &mut NodeJob) -> Outputs {
    let seen = job.layer(0)?.seen(job.batch);
    let axis = axis_of(job.node.int("axis", 1), seen.len() + 1)?;
    let sides = [&seen[..axis], &seen[axis..]].map(|part| part.iter().product::<usize>());
    to(job, &sides)
}

pub(super) fn squeeze(job: &mut NodeJob) -> Outputs {
    let seen = job.layer(0)?.seen(job.batch);
    let axes = job.numbers(1, "axes")?;
    let target = squeezed(&seen, axes.as_deref())?;
    to(job, &target)
}

pub(super) fn unsqueeze(job: &mut NodeJob) -> Outputs {
    let seen = job.layer(0)?.seen(job.batch);
    let axes = job.numbers(1, "axes")?.ok_or("it does not say which axes")?;
    let target = unsqueezed(&seen, &axes)?;
    to(job, &target)
}
