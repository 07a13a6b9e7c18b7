//! Operators on rows of features: fully connected layers, flattening, softmax.

use super::step::{LayerWeights, Step, WeightSpec};
use crate::{
    Result,
    net::shapes::{self, Reach},
};
use candle_core::Tensor;

pub(super) fn output_shape(out: usize, input: &[usize]) -> Result<Vec<usize>, String> {
    shapes::features(input).map(|_| vec![out])
}

pub(super) fn parameters(out: usize, bias: bool, input: &[usize]) -> Vec<WeightSpec> {
    WeightSpec::with_bias(vec![out, input[0]], out, bias)
}

pub(super) fn forward(x: &Tensor, weights: &LayerWeights) -> Result<Tensor> {
    let y = x.matmul(&weights.weight()?.t()?)?;
    Ok(match weights.all().get(1) {
        Some(bias) => y.broadcast_add(bias)?,
        None => y,
    })
}

pub(super) fn reverse(step: &Step) -> Result<Tensor> {
    Ok(step.grad.matmul(&step.weights.weight()?)?)
}

/// The gradient at the weights: for every pair of an output and an input the sum of their products over pictures.
pub(super) fn weight_gradient(step: &Step) -> Result<Tensor> {
    Ok(step.grad.t()?.matmul(step.values.input(0))?)
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
