//! Axes in another order.

use crate::formats::onnx::{
    axes::axis_of,
    job::{ModelValue, NodeJob, Outputs},
    layers::{AxisOrder, LayerOutput},
};
use crate::net::Op;

pub(super) fn transpose(job: &mut NodeJob) -> Outputs {
    let layer = job.layer(0)?;
    let rank = layer.rank();
    let order: Vec<usize> = match job.node.ints("perm") {
        Some(order) => order.iter().map(|&axis| axis_of(axis, rank)).collect::<Result<_, _>>()?,
        None => (0..rank).rev().collect(),
    };
    if order.len() != rank || (0..rank).any(|axis| !order.contains(&axis)) {
        return Err(format!("it orders the {rank} axes of its input as {order:?}"));
    }
    // Maps whose channels move last and back stay as they are.
    match (layer.order, order.as_slice(), layer.shape.len()) {
        (AxisOrder::Batched, [0, 2, 3, 1], 3) => {
            return Ok(vec![ModelValue::LayerOutput(LayerOutput { order: AxisOrder::Last, ..layer })]);
        }
        (AxisOrder::Last, [0, 3, 1, 2], 3) => {
            return Ok(vec![ModelValue::LayerOutput(LayerOutput { order: AxisOrder::Batched, ..layer })]);
        }
        _ => {}
    }
    if layer.order != AxisOrder::Bare && order[0] == 0 {
        let layer = job.batched(&layer)?;
        let own = order[1..].iter().map(|axis| axis - 1).collect();
        return Ok(vec![ModelValue::LayerOutput(job.turned(&layer, own)?)]);
    }
    let layer = job.bare(&layer)?;
    Ok(vec![ModelValue::LayerOutput(job.turned(&layer, order)?)])
}

/// The side of the blocks, which divides what it must.
fn side(job: &NodeJob) -> Result<usize, String> {
    let side = usize::try_from(job.node.int("blocksize", 0)).ok().filter(|side| (1..=4096).contains(side));
    side.ok_or_else(|| "its blocks have no size".to_owned())
}

pub(super) fn depth_to_space(job: &mut NodeJob) -> Outputs {
    let layer = job.maps()?;
    let (side, [channels, rows, columns]) = (side(job)?, [layer.shape[0], layer.shape[1], layer.shape[2]]);
    let units = channels / (side * side);
    let (split, order) = match job.node.text("mode", "DCR") {
        "CRD" => (vec![units, side, side, rows, columns], vec![0, 3, 1, 4, 2]),
        _ => (vec![side, side, units, rows, columns], vec![2, 3, 0, 4, 1]),
    };
    blocks(job, &layer, split, order, vec![units, rows * side, columns * side])
}

pub(super) fn space_to_depth(job: &mut NodeJob) -> Outputs {
    let layer = job.maps()?;
    let (side, [channels, rows, columns]) = (side(job)?, [layer.shape[0], layer.shape[1], layer.shape[2]]);
    let split = vec![channels, rows / side, side, columns / side, side];
    let shape = vec![channels * side * side, rows / side, columns / side];
    blocks(job, &layer, split, vec![2, 4, 0, 1, 3], shape)
}

fn blocks(job: &mut NodeJob, layer: &LayerOutput, split: Vec<usize>, order: Vec<usize>, shape: Vec<usize>) -> Outputs {
    let split = job.add(Op::Reshape { shape: split }, &[layer], Vec::new())?;
    let turned = job.turned(&split, order)?;
    job.done(Op::Reshape { shape }, &[&turned], Vec::new())
}
