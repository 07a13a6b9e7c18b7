//! Normalisation: of a batch, by running statistics, and across channels.

use super::step::{LayerWeights, Step, WeightSpec};
use crate::{
    Result,
    kernels::{self, Lrn},
    net::shapes,
};
use candle_core::Tensor;

/// The input's shape, which must be maps.
pub(super) fn output_shape(input: &[usize]) -> Result<Vec<usize>, String> {
    shapes::maps(input).map(|_| input.to_vec())
}

pub(super) fn batch_norm_parameters(input: &[usize]) -> Vec<WeightSpec> {
    let mut all = WeightSpec::with_bias(vec![input[0]], input[0], true);
    let running = |suffix| WeightSpec { suffix, shape: vec![input[0]], learned: false };
    all.extend(["running_mean", "running_var"].map(running));
    all
}

/// gamma / sqrt(running variance + eps), one a channel.
pub(in crate::net) fn batch_norm_scale(weights: &LayerWeights, eps: f64) -> Result<Tensor> {
    let weights = weights.all();
    Ok((&weights[0] / (&weights[3] + eps)?.sqrt()?)?)
}

pub(super) fn batch_norm(x: &Tensor, weights: &LayerWeights, eps: f64) -> Result<Tensor> {
    let scale = batch_norm_scale(weights, eps)?;
    let shift = (&weights.all()[1] - (&weights.all()[2] * &scale)?)?;
    Ok(x.broadcast_mul(&scale.reshape((1, (), 1, 1))?)?.broadcast_add(&shift.reshape((1, (), 1, 1))?)?)
}

pub(super) fn batch_norm_reverse(step: &Step, eps: f64) -> Result<Tensor> {
    Ok(step.grad.broadcast_mul(&batch_norm_scale(step.weights, eps)?.reshape((1, (), 1, 1))?)?)
}

pub(super) fn lrn_reverse(step: &Step, how: Lrn) -> Result<Tensor> {
    if step.skip_lrn {
        return Ok(step.grad.clone());
    }
    Ok(kernels::lrn_reverse(step.values.input(0), step.grad, how)?)
}
