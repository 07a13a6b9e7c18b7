//! Layers one behind the other along an axis.

use crate::formats::onnx::{
    axes::axis_of,
    constants::phrase,
    job::{ModelValue, NodeJob, Outputs},
    layers::{AxisOrder, LayerOutput},
};
use crate::net::{Coordinates, Op, Slice, Upsample};
use candle_core::{DType, Device, Tensor};

/// The most copies of a layer.
const MOST_COPIES: usize = 4096;

pub(super) fn concat(job: &mut NodeJob) -> Outputs {
    let mut parts = parts(job)?;
    let rank = parts.first().ok_or("it has no inputs")?.rank();
    let axis = axis_of(job.node.int("axis", 1), rank)?;
    if parts.iter().any(|part| part.order != parts[0].order) {
        let batched: Result<Vec<LayerOutput>, String> = parts.iter().map(|part| job.batched(part)).collect();
        parts = match batched {
            Ok(parts) => parts,
            Err(_) => parts.iter().map(|part| job.bare(part)).collect::<Result<_, _>>()?,
        };
    }
    if axis == 0 && parts[0].order != AxisOrder::Bare {
        parts = parts.iter().map(|part| job.bare(part)).collect::<Result<_, _>>()?;
    }
    let own = parts[0].axis(axis).ok_or("it joins the pictures of a batch")?;
    if let [only] = parts.as_slice() {
        return Ok(vec![ModelValue::LayerOutput(only.clone())]);
    }
    Ok(vec![ModelValue::LayerOutput(joined(job, &parts, own)?)])
}

/// The layers that are joined; constants among them, as a token that stands before all positions, become layers.
fn parts(job: &mut NodeJob) -> Result<Vec<LayerOutput>, String> {
    let all = 0..job.inputs.len();
    let is_layer = |value: &Option<ModelValue>| matches!(value, Some(ModelValue::LayerOutput(_)));
    let like = job.inputs.iter().position(is_layer).map(|index| job.layer(index)).transpose()?;
    let like = like.ok_or("it has no layer among its inputs")?;
    let axis = axis_of(job.node.int("axis", 1), like.rank())?;
    all.map(|index| match job.inputs.get(index) {
        Some(Some(ModelValue::Constant(constant))) => {
            let constant = constant.clone();
            still(job, &constant, &like, axis)
        }
        _ => job.layer(index),
    })
    .collect()
}

/// A layer whose output is a constant: the values of another layer times 0, and the constant.
fn still(job: &mut NodeJob, constant: &Tensor, like: &LayerOutput, axis: usize) -> Result<LayerOutput, String> {
    let own = like.axis(axis).ok_or("it joins the pictures of a batch")?;
    let values = job.beside(constant, like)?;
    let shape = values.dims().to_vec();
    let count = shape[own];
    let copies = count.div_ceil(like.shape[own]);
    if copies > MOST_COPIES {
        return Err(format!("it joins a constant of {count} places"));
    }
    let wide = if copies == 1 { like.clone() } else { joined(job, &vec![like.clone(); copies], own)? };
    let places = Op::Slice(Slice { axis: own, start: 0, step: 1, count });
    let places = if count == wide.shape[own] { wide } else { job.add(places, &[&wide], Vec::new())? };
    let one = vec![1; shape.len()];
    let zero = Tensor::zeros(one.as_slice(), DType::F32, &Device::Cpu).map_err(|error| phrase(&error))?;
    let nothing = job.add(Op::Scale { shape: one }, &[&places], vec![("weight", zero)])?;
    job.add(Op::Shift { shape }, &[&nothing], vec![("bias", values)])
}

/// Layers joined along an axis, as the network counts it. The operator joins along the first.
pub(super) fn joined(job: &mut NodeJob, parts: &[LayerOutput], axis: usize) -> Result<LayerOutput, String> {
    let mut order: Vec<usize> = (0..parts[0].shape.len()).collect();
    order.remove(axis);
    order.insert(0, axis);
    let turned = parts.iter().map(|part| job.turned(part, order.clone())).collect::<Result<Vec<LayerOutput>, _>>()?;
    let joined = job.add(Op::Concat, &turned.iter().collect::<Vec<_>>(), Vec::new())?;
    let mut back = vec![0; order.len()];
    order.iter().enumerate().for_each(|(place, &axis)| back[axis] = place);
    job.turned(&joined, back)
}

/// Values repeated along axes of size 1: rows and columns of maps by an enlargement, others by copies that are joined.
pub(super) fn expand(job: &mut NodeJob) -> Outputs {
    let layer = job.layer(0)?;
    let wanted = job.numbers(1, "shape")?.ok_or("it has no shape")?;
    let rank = layer.rank().max(wanted.len());
    let seen = [vec![1; rank - layer.rank()], layer.seen(job.batch)].concat();
    let mut layer = job.reshaped(&layer, &seen)?;
    let wanted = [vec![1; rank - wanted.len()], wanted].concat();
    for (axis, (&size, &wanted)) in seen.iter().zip(&wanted).enumerate() {
        let count = usize::try_from(wanted).ok().filter(|count| (1..=MOST_COPIES).contains(count));
        let count = count.ok_or_else(|| format!("it repeats values of shape {seen:?} {wanted} times"))?;
        if count == 1 || count == size {
            continue;
        }
        if size != 1 {
            return Err(format!("it repeats {size} values to {count}"));
        }
        let own = layer.axis(axis).ok_or("it repeats the pictures of a batch")?;
        layer = match (layer.shape.len(), own) {
            (3, 1 | 2) => {
                let mut scale = [1.0; 2];
                scale[own - 1] = count as f64;
                let enlarged = Upsample { scale, linear: false, coordinates: Coordinates::Asymmetric, floor: true };
                job.add(Op::Upsample(enlarged), &[&layer], Vec::new())?
            }
            _ => joined(job, &vec![layer.clone(); count], own)?,
        };
    }
    Ok(vec![ModelValue::LayerOutput(layer)])
}

/// All values one time after another along some axes.
pub(super) fn tile(job: &mut NodeJob) -> Outputs {
    let mut layer = job.layer(0)?;
    let counts = job.numbers(1, "repeats")?.ok_or("it does not say how often")?;
    if counts.len() != layer.rank() {
        return Err(format!("it repeats {} axes of {}", counts.len(), layer.rank()));
    }
    for (axis, count) in counts.into_iter().enumerate().filter(|(_, count)| *count != 1) {
        let count = usize::try_from(count).ok().filter(|count| (1..=MOST_COPIES).contains(count));
        let count = count.ok_or("it repeats values too often, or never")?;
        let own = layer.axis(axis).ok_or("it repeats the pictures of a batch")?;
        layer = joined(job, &vec![layer.clone(); count], own)?;
    }
    Ok(vec![ModelValue::LayerOutput(layer)])
}
