//! Operators on rows of features: fully connected layers, flattening, softmax.

use super::step::{LayerWeights, Step, WeightSpec};
use crate::{
    Result,
    net::shapes::{self, Reach},
};
use candle_core::Tensor;

pub(super) fn output_shape(out: usize, input: &[usize]) -> Result<Vec<usize>, String> {
    match *input {
        // Rows of features, each by itself: the tokens of an attention block.
        [rows, _] => Ok(vec![rows, out]),
        _ => shapes::features(input).map(|_| vec![out]),
    }
}

pub(super) fn parameters(out: usize, bias: bool, input: &[usize]) -> Vec<WeightSpec> {
    WeightSpec::with_bias(vec![out, input.last().copied().unwrap_or(0)], out, bias)
}

pub(super) fn forward(x: &Tensor, weights: &LayerWeights) -> Result<Tensor> {
    let y = on_rows(x, &weights.weight()?.t()?)?;
    Ok(match weights.all().get(1) {
        Some(bias) => y.broadcast_add(bias)?,
        None => y,
    })
}

pub(super) fn reverse(step: &Step) -> Result<Tensor> {
    on_rows(step.grad, &step.weights.weight()?)
}

/// The product of every row of `x` with a matrix.
fn on_rows(x: &Tensor, matrix: &Tensor) -> Result<Tensor> {
    let outer = &x.dims()[..x.rank() - 1];
    Ok(rows(x)?.matmul(matrix)?.reshape([outer, &[matrix.dim(1)?]].concat())?)
}

/// The gradients at the weights, for every pair of an output and an input the sum of their products over pictures and rows,
/// and at the biases.
pub(super) fn weight_gradients(step: &Step) -> Result<Vec<Tensor>> {
    let (grad, x) = (rows(step.grad)?, rows(step.values.input(0))?);
    let mut all = vec![grad.t()?.matmul(&x)?];
    if step.weights.all().len() > 1 {
        all.push(grad.sum(0)?);
    }
    Ok(all)
}

/// All rows of features, one below the other.
fn rows(x: &Tensor) -> Result<Tensor> {
    let [outer @ .., inner] = x.dims() else { return Ok(x.clone()) };
    Ok(x.reshape((outer.iter().product::<usize>(), *inner))?)
}

/// Every feature depends on all values of its input.
pub(super) fn whole(input: usize) -> Reach {
    Reach { span: input, stride: input as f64, pad: 0.0 }
}

pub(super) fn flatten_reverse(step: &Step) -> Result<Tensor> {
    Ok(step.grad.reshape(step.input_dims())?)
}

pub(super) fn softmax_shape(input: &[usize]) -> Result<Vec<usize>, String> {
    match input {
        [_, _, _] | [] => Err(format!("it takes features, not maps of shape {input:?}")),
        _ => Ok(input.to_vec()),
    }
}

pub(super) fn softmax_reverse(step: &Step) -> Result<Tensor> {
    let (grad, y) = (step.grad, step.values.output());
    Ok((y * grad.broadcast_sub(&(grad * y)?.sum_keepdim(candle_core::D::Minus1)?)?)?)
}
