//! Normalisations: by running statistics, by a picture's own, across channels.

use crate::formats::onnx::{
    axes::axis_of,
    constants::{phrase, single},
    job::{ModelValue, NodeJob, Outputs},
    layers::{AxisOrder, LayerOutput},
};
use crate::net::Op;
use candle_core::{DType, Device, Tensor};

type Folded = candle_core::Result<Tensor>;

pub(super) fn batch(job: &mut NodeJob) -> Outputs {
    let layer = job.layer(0)?;
    let layer = if layer.order == AxisOrder::Last { layer } else { job.batched(&layer)? };
    let eps = job.node.float("epsilon", 1e-5);
    let [weight, bias, mean, variance] = [job.weight(1)?, job.weight(2)?, job.weight(3)?, job.weight(4)?];
    if layer.shape.len() == 3 && layer.order == AxisOrder::Batched {
        let weights = vec![("weight", weight), ("bias", bias), ("running_mean", mean), ("running_var", variance)];
        return job.done(Op::BatchNorm { eps }, &[&layer], weights);
    }
    let scale = || -> Folded { &weight / (&variance + eps)?.sqrt()? };
    let scale = scale().map_err(|error| phrase(&error))?;
    let shift = || -> Folded { &bias - (&mean * &scale)? };
    let shift = shift().map_err(|error| phrase(&error))?;
    affine(job, layer, &scale, &shift, 1)
}

/// A factor and a summand for each place along an axis, as the model counts it.
fn affine(job: &mut NodeJob, layer: LayerOutput, scale: &Tensor, shift: &Tensor, axis: usize) -> Outputs {
    let mut shape = vec![1; layer.shape.len()];
    let axis = layer.axis(axis).filter(|&axis| axis < shape.len()).ok_or("it normalises the pictures of a batch")?;
    shape[axis] = scale.elem_count();
    let spread = |tensor: &Tensor| tensor.reshape(shape.as_slice()).map_err(|error| phrase(&error));
    let (scale, shift) = (spread(scale)?, spread(shift)?);
    let scaled = job.add(Op::Scale { shape: shape.clone() }, &[&layer], vec![("weight", scale)])?;
    job.done(Op::Shift { shape }, &[&scaled], vec![("bias", shift)])
}

/// Each channel by its own statistics. PyTorch's group normalisation comes as this on rows of one group each, with a
/// reshape before and after.
pub(super) fn instance(job: &mut NodeJob) -> Outputs {
    let layer = job.layer(0)?;
    let layer = job.batched(&layer)?;
    let eps = job.node.float("epsilon", 1e-5);
    let (scale, shift) = (job.weight(1)?, job.weight(2)?);
    match *layer.shape {
        [groups, _, _] => job.done(Op::GroupNorm { groups, eps }, &[&layer], vec![("weight", scale), ("bias", shift)]),
        [_, count] => {
            let constant = |value: f32| Tensor::full(value, count, &Device::Cpu).map_err(|error| phrase(&error));
            let weights = vec![("weight", constant(1.0)?), ("bias", constant(0.0)?)];
            let normal = job.add(Op::LayerNorm { axes: 1, eps }, &[&layer], weights)?;
            let all = |tensor: &Tensor, value: f64| single(tensor) == Some(value);
            if all(&scale, 1.0) && all(&shift, 0.0) {
                return Ok(vec![ModelValue::LayerOutput(normal)]);
            }
            affine(job, normal, &scale, &shift, 1)
        }
        _ => Err(format!("its input has the shape {:?}", layer.shape)),
    }
}

pub(super) fn group(job: &mut NodeJob) -> Outputs {
    let layer = job.maps()?;
    let groups = usize::try_from(job.node.int("num_groups", 1)).unwrap_or(0);
    let eps = job.node.float("epsilon", 1e-5);
    let channels = layer.shape[0];
    // Until version 21 there was one weight a group.
    let each = |tensor: Tensor| -> Result<Tensor, String> {
        if tensor.elem_count() == channels || groups == 0 || tensor.elem_count() != groups {
            return Ok(tensor);
        }
        let size = channels / groups;
        let spread = tensor.unsqueeze(1).and_then(|tensor| tensor.broadcast_as((groups, size))?.flatten_all());
        spread.map_err(|error| phrase(&error))
    };
    let weights = vec![("weight", each(job.weight(1)?)?), ("bias", each(job.weight(2)?)?)];
    job.done(Op::GroupNorm { groups, eps }, &[&layer], weights)
}

pub(super) fn layer(job: &mut NodeJob) -> Outputs {
    let layer = job.layer(0)?;
    let axis = axis_of(job.node.int("axis", -1), layer.rank())?;
    let eps = job.node.float("epsilon", 1e-5);
    // Over the channels of maps that the model sees with their channels last.
    if let (AxisOrder::Last, 3, &[channels, _, _]) = (layer.order, axis, layer.shape.as_slice()) {
        let bias = job.constant(2)?.map_or_else(|| Tensor::zeros(channels, DType::F32, &Device::Cpu), Ok);
        let weights = vec![("weight", job.weight(1)?), ("bias", bias.map_err(|error| phrase(&error))?)];
        return job.done(Op::LayerNorm2d { eps }, &[&layer], weights);
    }
    let axes = layer.rank() - axis;
    // Rows that the model has merged with its batch are normalised as they are.
    let layer = job.batched(&layer).unwrap_or(layer);
    let shape = layer.shape.len().checked_sub(axes).map(|first| layer.shape[first..].to_vec());
    let shape = shape.ok_or("it normalises the pictures of a batch")?;
    let fit = |tensor: Option<Tensor>, value: f32| match tensor {
        Some(tensor) => tensor.broadcast_as(shape.as_slice()).and_then(|tensor| tensor.contiguous()),
        None => Tensor::full(value, shape.as_slice(), &Device::Cpu),
    };
    let weight = fit(Some(job.weight(1)?), 1.0).map_err(|error| phrase(&error))?;
    let bias = fit(job.constant(2)?, 0.0).map_err(|error| phrase(&error))?;
    job.done(Op::LayerNorm { axes, eps }, &[&layer], vec![("weight", weight), ("bias", bias)])
}

pub(super) fn local_response(job: &mut NodeJob) -> Outputs {
    let layer = job.maps()?;
    let size = job.node.int("size", 0);
    let size = usize::try_from(size).ok().filter(|size| (1..=1001).contains(size));
    let size = size.ok_or("its window makes no sense")?;
    let [alpha, beta, k] =
        [("alpha", 1e-4), ("beta", 0.75), ("bias", 1.0)].map(|(name, usual)| job.node.float(name, usual));
    job.done(Op::Lrn { size, alpha, beta, k }, &[&layer], Vec::new())
}
