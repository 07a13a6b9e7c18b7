//! Values around maps.

use crate::formats::onnx::{
    axes::axis_of,
    constants::numbers,
    job::{ModelValue, NodeJob, Outputs},
    layers::LayerOutput,
};
use crate::net::{Op, PadMode, Padding, Slice};

pub(super) fn pad(job: &mut NodeJob) -> Outputs {
    let layer = job.layer(0)?;
    let rank = layer.rank();
    let stated = job.numbers(1, "pads")?.ok_or("it does not say how much it adds")?;
    let axes: Vec<usize> = match job.constant(3)? {
        Some(axes) => {
            let axes = numbers(&axes)?;
            axes.iter().map(|&axis| axis_of(axis, rank)).collect::<Result<_, _>>()?
        }
        None => (0..rank).collect(),
    };
    if stated.len() != 2 * axes.len() {
        return Err(format!("its pads are {stated:?}"));
    }
    // Before and after each of the network's axes.
    let mut sides = vec![[0i64; 2]; layer.shape.len()];
    for (place, &axis) in axes.iter().enumerate() {
        let both = [stated[place], stated[place + axes.len()]];
        match layer.axis(axis) {
            Some(own) => sides[own] = both,
            None if both == [0, 0] => {}
            None => return Err("it adds pictures to a batch".to_owned()),
        }
    }
    if sides.iter().flatten().any(|&side| !(-65536..=65536).contains(&side)) {
        return Err(format!("its pads are {stated:?}"));
    }
    let value = job.number(2, "value")?.unwrap_or(0.0);
    let mode = match job.node.text("mode", "constant") {
        "constant" => PadMode::Constant(value),
        "reflect" => PadMode::Reflect,
        "edge" => PadMode::Edge,
        other => return Err(format!("it pads in the way '{other}'")),
    };
    let layer = cut(job, layer, &sides)?;
    let sides: Vec<[usize; 2]> = sides.iter().map(|both| both.map(|side| side.max(0) as usize)).collect();
    if sides.iter().all(|both| *both == [0, 0]) {
        return Ok(vec![ModelValue::LayerOutput(layer)]);
    }
    match (sides.as_slice(), mode) {
        (&[[0, 0], [top, bottom], [left, right]], mode) => {
            let padding = Padding { top, bottom, left, right };
            job.done(Op::Pad { padding, mode }, &[&layer], Vec::new())
        }
        (&[[before, after], [0, 0], [0, 0]], PadMode::Constant(0.0)) => {
            job.done(Op::PadChannels { before, after }, &[&layer], Vec::new())
        }
        _ => Err(format!("it pads {stated:?} around values of shape {:?}", layer.seen(job.batch))),
    }
}

/// Cuts off what negative sides take away.
fn cut(job: &mut NodeJob, mut layer: LayerOutput, sides: &[[i64; 2]]) -> Result<LayerOutput, String> {
    for (axis, both) in sides.iter().enumerate() {
        let [before, after] = both.map(|side| (-side).max(0) as usize);
        if before + after == 0 {
            continue;
        }
        let count = layer.shape[axis].checked_sub(before + after).ok_or("it cuts off more than there is")?;
        let slice = Slice { axis, start: before, step: 1, count };
        layer = job.add(Op::Slice(slice), &[&layer], Vec::new())?;
    }
    Ok(layer)
}
