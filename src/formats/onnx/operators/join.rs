//! Layers one behind the other along an axis.

use crate::formats::onnx::{
    axes::axis_of,
    job::{Job, Outputs, Value},
    layers::{Layer, Order},
};
use crate::net::Op;

pub(super) fn concat(job: &mut Job) -> Outputs {
    let mut parts = (0..job.inputs.len()).map(|index| job.layer(index)).collect::<Result<Vec<Layer>, _>>()?;
    let rank = parts.first().ok_or("it has no inputs")?.rank();
    let axis = axis_of(job.node.int("axis", 1), rank)?;
    if parts.iter().any(|part| part.order != parts[0].order) {
        let batched: Result<Vec<Layer>, String> = parts.iter().map(|part| job.batched(part)).collect();
        parts = match batched {
            Ok(parts) => parts,
            Err(_) => parts.iter().map(|part| job.bare(part)).collect::<Result<_, _>>()?,
        };
    }
    if axis == 0 && parts[0].order != Order::Bare {
        parts = parts.iter().map(|part| job.bare(part)).collect::<Result<_, _>>()?;
    }
    let own = parts[0].axis(axis).ok_or("it joins the pictures of a batch")?;
    if let [only] = parts.as_slice() {
        return Ok(vec![Value::Layer(only.clone())]);
    }
    // The network joins along its first axis.
    let mut order: Vec<usize> = (0..parts[0].shape.len()).collect();
    order.remove(own);
    order.insert(0, own);
    let turned = parts.iter().map(|part| job.turned(part, order.clone())).collect::<Result<Vec<Layer>, _>>()?;
    let joined = job.add(Op::Concat, &turned.iter().collect::<Vec<_>>(), Vec::new())?;
    let mut back = vec![0; order.len()];
    order.iter().enumerate().for_each(|(place, &axis)| back[axis] = place);
    Ok(vec![Value::Layer(job.turned(&joined, back)?)])
}
