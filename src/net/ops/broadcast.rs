//! Operators on two layers of the same rank, where a size of 1 stands for any: sum, difference, product (a gate), quotient;
//! and a layer's scale and shift by constants.

use super::step::{LayerWeights, Step, WeightSpec};
use crate::Result;
use candle_core::Tensor;

/// The common shape of inputs in which a size of 1 stands for any.
pub(super) fn output_shape(inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
    let mut shape = inputs[0].to_vec();
    for other in &inputs[1..] {
        let fits = other.len() == shape.len();
        if !fits || shape.iter().zip(*other).any(|(&a, &b)| a != b && a != 1 && b != 1) {
            return Err(format!("its inputs differ in shape: {:?} and {other:?}", inputs[0]));
        }
        shape.iter_mut().zip(*other).for_each(|(size, &other)| *size = (*size).max(other));
    }
    Ok(shape)
}

/// The shape of an input scaled or shifted by constants of `shape`.
pub(super) fn constant_shape(shape: &[usize], input: &[usize]) -> Result<Vec<usize>, String> {
    match output_shape(&[input, shape])? {
        all if all == input => Ok(all),
        _ => Err(format!("its constants of shape {shape:?} are more than its input of shape {input:?}")),
    }
}

pub(super) fn constant(suffix: &'static str, shape: &[usize]) -> Vec<WeightSpec> {
    vec![WeightSpec::learned(suffix, shape.to_vec())]
}

/// A layer's constants, with an axis for the batch.
fn constants(weights: &LayerWeights) -> Result<Tensor> {
    Ok(weights.all()[0].unsqueeze(0)?)
}

pub(super) fn scale(x: &Tensor, weights: &LayerWeights) -> Result<Tensor> {
    Ok(x.broadcast_mul(&constants(weights)?)?)
}

pub(super) fn shift(x: &Tensor, weights: &LayerWeights) -> Result<Tensor> {
    Ok(x.broadcast_add(&constants(weights)?)?)
}

pub(super) fn scale_reverse(step: &Step) -> Result<Tensor> {
    Ok(step.grad.broadcast_mul(&constants(step.weights)?)?)
}

/// The gradient at the factors: the sums of the gradient times the input over what they stand for.
pub(super) fn scale_weight_gradient(step: &Step) -> Result<Tensor> {
    shift_weight_gradient(&(step.grad * step.values.input(0))?, step)
}

/// The gradient at the summands: the sums of `grad` over what they stand for.
pub(super) fn shift_weight_gradient(grad: &Tensor, step: &Step) -> Result<Tensor> {
    let mut sum = grad.sum(0)?;
    for (axis, &size) in step.weights.all()[0].dims().iter().enumerate() {
        if size == 1 && sum.dim(axis)? != 1 {
            sum = sum.sum_keepdim(axis)?;
        }
    }
    Ok(sum)
}

pub(super) fn add(inputs: &[&Tensor]) -> Result<Tensor> {
    Ok(inputs[1..].iter().try_fold(inputs[0].clone(), |sum, more| sum.broadcast_add(more))?)
}

pub(super) fn add_reverse(step: &Step) -> Result<Tensor> {
    summed(step.grad, step)
}

pub(super) fn sub_reverse(step: &Step) -> Result<Tensor> {
    let grad = if step.index == 0 { step.grad.clone() } else { step.grad.neg()? };
    summed(&grad, step)
}

pub(super) fn mul_reverse(step: &Step) -> Result<Tensor> {
    let other = step.values.input(1 - step.index);
    summed(&step.grad.broadcast_mul(other)?, step)
}

pub(super) fn div_reverse(step: &Step) -> Result<Tensor> {
    let divisor = step.values.input(1);
    let grad = step.grad.broadcast_div(divisor)?;
    match step.index {
        0 => summed(&grad, step),
        _ => summed(&(grad * step.values.output())?.neg()?, step),
    }
}

/// A gradient summed over the axes along which the input stood for many.
fn summed(grad: &Tensor, step: &Step) -> Result<Tensor> {
    let mut sum = grad.clone();
    for (axis, &size) in step.input_shape().iter().enumerate() {
        if size == 1 && sum.dim(axis + 1)? != 1 {
            sum = sum.sum_keepdim(axis + 1)?;
        }
    }
    Ok(sum)
}
