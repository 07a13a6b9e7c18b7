//! Operators that take one value for one value: rectifier, tanh, logistic function, bias.

use super::{rule::Rule, step::Step};
use crate::Result;
use candle_core::Tensor;

/// max(x, 0). NaN stays NaN, as in PyTorch; candle's own operator makes it 0.
pub(super) fn relu(x: &Tensor) -> Result<Tensor> {
    Ok(x.maximum(0f64)?)
}

pub(super) fn relu_reverse(step: &Step) -> Result<Tensor> {
    let grad = step.grad;
    let passed = match step.rule {
        Rule::Deconvnet => grad.clone(),
        Rule::Gradient | Rule::Guided => step.times(&step.values.output().gt(0f64)?.to_dtype(grad.dtype())?)?,
    };
    Ok(if step.rule == Rule::Gradient { passed } else { passed.relu()? })
}

pub(super) fn tanh(x: &Tensor, amplitude: f64, slope: f64) -> Result<Tensor> {
    Ok(((x * slope)?.tanh()? * amplitude)?)
}

/// a s (1 - tanh^2) = s (a - y^2 / a).
pub(super) fn tanh_reverse(step: &Step, amplitude: f64, slope: f64) -> Result<Tensor> {
    step.times(&step.values.output().sqr()?.affine(-slope / amplitude, slope * amplitude)?)
}

pub(super) fn sigmoid_reverse(step: &Step) -> Result<Tensor> {
    let y = step.values.output();
    step.times(&(y - y.sqr()?)?)
}
