//! Means, sums and largest values over axes.

use crate::formats::onnx::{
    axes::{axis_of, squeezed},
    job::{ModelValue, NodeJob, Outputs},
    layers::{AxisOrder, LayerOutput},
};
use crate::net::{Activation, Op};
use candle_core::{Device, Tensor};

/// The axes that a node reduces, as the model counts them, and whether they stay with size 1.
fn axes(job: &NodeJob, layer: &LayerOutput) -> Result<(Vec<usize>, bool), String> {
    let rank = layer.rank();
    let stated = job.numbers(1, "axes")?;
    let mut axes: Vec<usize> = match &stated {
        Some(axes) if !axes.is_empty() => axes.iter().map(|&axis| axis_of(axis, rank)).collect::<Result<_, _>>()?,
        _ => (0..rank).collect(),
    };
    axes.sort_unstable();
    axes.dedup();
    Ok((axes, job.node.int("keepdims", 1) != 0))
}

/// The number that the values along the axes become.
#[derive(Clone, Copy, PartialEq)]
enum Taken {
    Mean,
    Sum,
    Largest,
}

fn reduced(job: &mut NodeJob, layer: &LayerOutput, taken: Taken) -> Result<LayerOutput, String> {
    let (seen, keep) = axes(job, layer)?;
    let own = seen.iter().map(|&axis| layer.axis(axis).ok_or("it mixes the pictures of a batch"));
    let mut own: Vec<usize> = own.collect::<Result<_, _>>()?;
    own.sort_unstable();
    let count: usize = own.iter().map(|&axis| layer.shape[axis]).product();
    let maps = layer.shape.len() == 3 && own == [1, 2] && layer.order != AxisOrder::Bare;
    let op = match taken {
        Taken::Largest if maps => Op::AdaptiveMaxPool { size: [1, 1] },
        Taken::Largest => {
            let result = largest_along(job, layer, &own)?;
            return if keep { Ok(result) } else { without(job, &result, &seen) };
        }
        _ if maps => Op::AdaptiveAvgPool { size: [1, 1] },
        _ => Op::Mean { axes: own, keep: true },
    };
    let mut result = job.add(op, &[layer], Vec::new())?;
    if taken == Taken::Sum {
        let shape = vec![1; result.shape.len()];
        let factor = Tensor::full(count as f32, shape.as_slice(), &Device::Cpu).map_err(|error| error.to_string())?;
        result = job.add(Op::Scale { shape }, &[&result], vec![("weight", factor)])?;
    }
    if keep {
        return Ok(result);
    }
    without(job, &result, &seen)
}

/// A layer without axes of size 1, as the model counts them.
fn without(job: &mut NodeJob, layer: &LayerOutput, axes: &[usize]) -> Result<LayerOutput, String> {
    let dropped: Vec<i64> = axes.iter().map(|&axis| axis as i64).collect();
    let target = squeezed(&layer.seen(job.batch), Some(&dropped))?;
    job.reshaped(layer, &target)
}

/// The largest values along axes of the network, which stay with size 1: those of maps of one column, a map for every other
/// place.
fn largest_along(job: &mut NodeJob, layer: &LayerOutput, axes: &[usize]) -> Result<LayerOutput, String> {
    let others: Vec<usize> = (0..layer.shape.len()).filter(|axis| !axes.contains(axis)).collect();
    let turned = job.turned(layer, [others.as_slice(), axes].concat())?;
    let count = |axes: &[usize]| axes.iter().map(|&axis| layer.shape[axis]).product();
    let shape = vec![count(&others), count(axes), 1];
    let columns = job.add_as(AxisOrder::Batched, Op::Reshape { shape }, &[&turned], Vec::new())?;
    let largest = job.add(Op::AdaptiveMaxPool { size: [1, 1] }, &[&columns], Vec::new())?;
    let size = |axis: usize| if axes.contains(&axis) { 1 } else { layer.shape[axis] };
    let shape = (0..layer.shape.len()).map(size).collect();
    job.add_as(layer.order, Op::Reshape { shape }, &[&largest], Vec::new())
}

/// A layer's values with the other sign.
fn negative(job: &mut NodeJob, layer: &LayerOutput) -> Result<LayerOutput, String> {
    let shape = vec![1; layer.shape.len()];
    let minus = Tensor::full(-1f32, shape.as_slice(), &Device::Cpu).map_err(|error| error.to_string())?;
    job.add(Op::Scale { shape }, &[layer], vec![("weight", minus)])
}

fn done(job: &mut NodeJob, taken: Taken) -> Outputs {
    let layer = job.layer(0)?;
    Ok(vec![ModelValue::LayerOutput(reduced(job, &layer, taken)?)])
}

pub(super) fn mean(job: &mut NodeJob) -> Outputs {
    done(job, Taken::Mean)
}

pub(super) fn sum(job: &mut NodeJob) -> Outputs {
    done(job, Taken::Sum)
}

pub(super) fn largest(job: &mut NodeJob) -> Outputs {
    done(job, Taken::Largest)
}

/// The least value: minus the largest of the negative values.
pub(super) fn least(job: &mut NodeJob) -> Outputs {
    let layer = job.layer(0)?;
    let turned = negative(job, &layer)?;
    let largest = reduced(job, &turned, Taken::Largest)?;
    Ok(vec![ModelValue::LayerOutput(negative(job, &largest)?)])
}

/// The sum of absolute values.
pub(super) fn absolute(job: &mut NodeJob) -> Outputs {
    let layer = job.layer(0)?;
    let positive = job.add(Op::Activation(Activation::Abs), &[&layer], Vec::new())?;
    Ok(vec![ModelValue::LayerOutput(reduced(job, &positive, Taken::Sum)?)])
}

/// The sum of squares.
pub(super) fn squares(job: &mut NodeJob) -> Outputs {
    let layer = job.layer(0)?;
    let square = job.add(Op::Activation(Activation::Power { exponent: 2.0 }), &[&layer], Vec::new())?;
    Ok(vec![ModelValue::LayerOutput(reduced(job, &square, Taken::Sum)?)])
}

/// The square root of the sum of squares.
pub(super) fn length(job: &mut NodeJob) -> Outputs {
    let layer = job.layer(0)?;
    let square = job.add(Op::Activation(Activation::Power { exponent: 2.0 }), &[&layer], Vec::new())?;
    let sum = reduced(job, &square, Taken::Sum)?;
    job.done(Op::Activation(Activation::Power { exponent: 0.5 }), &[&sum], Vec::new())
}
