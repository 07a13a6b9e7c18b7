//! Means over axes, and products of matrices that are both computed.

use super::step::Step;
use crate::Result;
use candle_core::Tensor;

/// The shape after a mean over `axes`, the batch not counted; they stay with size 1 where `keep` says so.
pub(super) fn mean_shape(axes: &[usize], keep: bool, input: &[usize]) -> Result<Vec<usize>, String> {
    if let Some(axis) = axes.iter().find(|&&axis| axis >= input.len()) {
        return Err(format!("{input:?} has no axis {axis}"));
    }
    let sizes = input.iter().enumerate();
    let shape: Vec<usize> = match keep {
        true => sizes.map(|(axis, &size)| if axes.contains(&axis) { 1 } else { size }).collect(),
        false => sizes.filter(|(axis, _)| !axes.contains(axis)).map(|(_, &size)| size).collect(),
    };
    Ok(if shape.is_empty() { vec![1] } else { shape })
}

pub(super) fn mean(x: &Tensor, axes: &[usize], shape: &[usize]) -> Result<Tensor> {
    let mut y = x.clone();
    for axis in axes {
        y = y.mean_keepdim(axis + 1)?;
    }
    Ok(y.contiguous()?.reshape([&[x.dim(0)?], shape].concat())?)
}

pub(super) fn mean_reverse(step: &Step, axes: &[usize]) -> Result<Tensor> {
    let dims = step.input_dims();
    let mut kept = dims.clone();
    axes.iter().for_each(|axis| kept[axis + 1] = 1);
    let count: usize = axes.iter().map(|axis| dims[axis + 1]).product();
    let share = (step.grad.contiguous()?.reshape(kept)? * (1.0 / count as f64))?;
    Ok(share.broadcast_as(dims)?.contiguous()?)
}

/// The shape of a product of matrices, `[..., rows, inner]` by `[..., inner, columns]`.
pub(super) fn matmul_shape(inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
    let &[a, b] = inputs else { return Err("it takes two inputs".to_owned()) };
    match (a, b) {
        ([batch @ .., rows, inner], [other @ .., same, columns]) if batch == other && inner == same => {
            Ok([batch, &[*rows, *columns]].concat())
        }
        _ => Err(format!("matrices of {a:?} and {b:?} have no product")),
    }
}

/// The products of two stacks of matrices. candle takes stacks along at most two axes: here all are one.
pub(super) fn matmul(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let stack = |x: &Tensor| x.contiguous()?.reshape(((), x.dim(x.rank() - 2)?, x.dim(x.rank() - 1)?));
    let product = stack(a)?.matmul(&stack(b)?)?;
    let outer = &a.dims()[..a.rank() - 1];
    Ok(product.reshape([outer, &b.dims()[b.rank() - 1..]].concat())?)
}

pub(super) fn matmul_reverse(step: &Step) -> Result<Tensor> {
    let other = step.values.input(1 - step.index);
    let turned = other.transpose(other.rank() - 2, other.rank() - 1)?;
    match step.index {
        0 => matmul(step.grad, &turned),
        _ => matmul(&turned, step.grad),
    }
}
