//! Layers one behind the other along an axis.

use crate::formats::onnx::{
    axes::axis_of,
    job::{ModelValue, NodeJob, Outputs},
    layers::{AxisOrder, LayerOutput},
};
use crate::net::{Coordinates, Op, Upsample};

/// The most copies of a layer.
const MOST_COPIES: usize = 4096;

pub(super) fn concat(job: &mut NodeJob) -> Outputs {
    let mut parts = (0..job.inputs.len()).map(|index| job.layer(index)).collect::<Result<Vec<LayerOutput>, _>>()?;
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
