//! Softmax over an axis, within the network and at its end.

use crate::formats::onnx::{
    job::{ModelValue, NodeJob, Outputs},
    layers::LayerOutput,
};
use crate::net::{Activation, Op};

/// The axis of the layer, as the network counts it. Before version 13 all axes from the stated one on were one.
fn axis(job: &mut NodeJob, layer: &LayerOutput) -> Result<usize, String> {
    let axis = job.axis(layer, "axis", if job.opset < 13 { 1 } else { -1 })?;
    let seen = layer.seen(job.batch);
    if job.opset < 13 && axis + 1 < seen.len() && seen[axis + 1..].iter().any(|&size| size != 1) {
        return Err("it is over several axes".to_owned());
    }
    layer.axis(axis).ok_or_else(|| "it is over the pictures of a batch".to_owned())
}

fn probabilities(job: &mut NodeJob) -> Result<LayerOutput, String> {
    let layer = job.layer(0)?;
    let axis = axis(job, &layer)?;
    let rank = layer.shape.len();
    let others = layer.shape.iter().enumerate().any(|(at, &size)| at != axis && size != 1);
    if job.is_last && !others {
        // The end of a classifier: its scores are the input, as one row.
        let row = match rank {
            1 => layer,
            _ => job.add(Op::Flatten, &[&layer], Vec::new())?,
        };
        return job.add(Op::Softmax, &[&row], Vec::new());
    }
    let mut order: Vec<usize> = (0..rank).filter(|&other| other != axis).collect();
    order.push(axis);
    let turned = job.turned(&layer, order.clone())?;
    let size = layer.shape[axis];
    let rows = turned.shape.iter().product::<usize>() / size;
    let flat = job.add(Op::Reshape { shape: vec![rows, size] }, &[&turned], Vec::new())?;
    let soft = job.add(Op::Softmax, &[&flat], Vec::new())?;
    let whole = job.add(Op::Reshape { shape: turned.shape.clone() }, &[&soft], Vec::new())?;
    let mut back = vec![0; rank];
    order.iter().enumerate().for_each(|(place, &axis)| back[axis] = place);
    job.turned(&whole, back)
}

pub(super) fn softmax(job: &mut NodeJob) -> Outputs {
    Ok(vec![ModelValue::LayerOutput(probabilities(job)?)])
}

/// At the end of a network the probabilities themselves are shown, not their logarithms.
pub(super) fn log_softmax(job: &mut NodeJob) -> Outputs {
    let soft = probabilities(job)?;
    if job.is_last {
        return Ok(vec![ModelValue::LayerOutput(soft)]);
    }
    job.done(Op::Activation(Activation::Log), &[&soft], Vec::new())
}
