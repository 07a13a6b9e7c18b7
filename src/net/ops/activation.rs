//! Activation functions of one value beside the rectifier, tanh and the logistic function, with their derivatives.

use super::{
    norm_within::per_channel,
    rule::Rule,
    step::{LayerWeights, Step, WeightSpec},
};
use crate::Result;
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, PI};

/// A function that is applied to every value by itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Activation {
    /// The value, no less than `low` and no more than `high`; ReLU6 from 0 to 6.
    Clip {
        /// The least value; -infinity for none.
        low: f64,
        /// The largest value; infinity for none.
        high: f64,
    },
    /// x above 0, `slope` x below (Maas, Hannun and Ng 2013).
    LeakyRelu {
        /// The slope below 0.
        slope: f64,
    },
    /// x above 0, `alpha` (exp(x) - 1) below (Clevert, Unterthiner and Hochreiter 2016).
    Elu {
        /// Minus the least value.
        alpha: f64,
    },
    /// x times the logistic function of x, "swish" (Ramachandran, Zoph and Le 2017).
    Silu,
    /// x clip(x / 6 + 1/2, 0, 1) (Howard et al. 2019).
    HardSwish,
    /// clip(`slope` x + `offset`, 0, 1).
    HardSigmoid {
        /// 1/6 in PyTorch, 0.2 in Keras 2.
        slope: f64,
        /// 1/2.
        offset: f64,
    },
    /// x times the normal distribution's cumulative function (Hendrycks and Gimpel 2016).
    Gelu,
    /// GELU by the approximation with tanh.
    GeluTanh,
    /// log(1 + exp(x)).
    Softplus,
    /// x tanh(log(1 + exp(x))) (Misra 2019).
    Mish,
    /// The error function.
    Erf,
    /// exp(x).
    Exp,
    /// Natural logarithm.
    Log,
    /// |x|.
    Abs,
    /// x to a power: square roots, squares, reciprocals.
    Power {
        /// The exponent.
        exponent: f64,
    },
}

impl Activation {
    /// PyTorch's name for the kind of layer.
    pub fn kind(self) -> &'static str {
        match self {
            Activation::Clip { low: 0.0, high: 6.0 } => "ReLU6",
            Activation::Clip { .. } => "Hardtanh",
            Activation::LeakyRelu { .. } => "LeakyReLU",
            Activation::Elu { .. } => "ELU",
            Activation::Silu => "SiLU",
            Activation::HardSwish => "Hardswish",
            Activation::HardSigmoid { .. } => "Hardsigmoid",
            Activation::Gelu | Activation::GeluTanh => "GELU",
            Activation::Softplus => "Softplus",
            Activation::Mish => "Mish",
            Activation::Erf => "Erf",
            Activation::Exp => "Exp",
            Activation::Log => "Log",
            Activation::Abs => "Abs",
            Activation::Power { .. } => "Power",
        }
    }

    /// Whether it passes large values and holds back negative ones, so that the rules for rectifiers apply to it.
    pub fn rectifies(self) -> bool {
        match self {
            Activation::Clip { low, high } => low == 0.0 && high > 0.0,
            Activation::LeakyRelu { slope } => (0.0..1.0).contains(&slope),
            Activation::Elu { .. }
            | Activation::Silu
            | Activation::HardSwish
            | Activation::Gelu
            | Activation::GeluTanh
            | Activation::Softplus
            | Activation::Mish => true,
            _ => false,
        }
    }

    /// Its values at `x`, of any shape.
    ///
    /// # Errors
    /// When memory fails.
    pub fn apply(self, x: &Tensor) -> Result<Tensor> {
        Ok(match self {
            Activation::Clip { low, high } => x.clamp(low, high)?,
            Activation::LeakyRelu { slope } => (x.relu()? - (x.neg()?.relu()? * slope)?)?,
            Activation::Elu { alpha } => {
                let below = x.minimum(&x.zeros_like()?)?.exp()?.affine(alpha, -alpha)?;
                (x.relu()? + below)?
            }
            Activation::Silu => (x * candle_nn::ops::sigmoid(x)?)?,
            Activation::HardSwish => (x * x.affine(1.0 / 6.0, 0.5)?.clamp(0.0, 1.0)?)?,
            Activation::HardSigmoid { slope, offset } => x.affine(slope, offset)?.clamp(0.0, 1.0)?,
            Activation::Gelu => (x * normal(x)?)?,
            Activation::GeluTanh => (x * tanh_gate(x)?)?,
            Activation::Softplus => softplus(x)?,
            Activation::Mish => (x * softplus(x)?.tanh()?)?,
            Activation::Erf => x.erf()?,
            Activation::Exp => x.exp()?,
            Activation::Log => x.log()?,
            Activation::Abs => x.abs()?,
            Activation::Power { exponent: 0.5 } => x.sqrt()?,
            Activation::Power { exponent: 2.0 } => x.sqr()?,
            Activation::Power { exponent: -1.0 } => x.recip()?,
            Activation::Power { exponent } => x.powf(exponent)?,
        })
    }

    /// Its derivative at `x`; 0 at the corners of a clip, as in PyTorch.
    ///
    /// # Errors
    /// When memory fails.
    pub fn derivative(self, x: &Tensor) -> Result<Tensor> {
        let mark = |test: Tensor| test.to_dtype(x.dtype());
        let within = |low: f64, high: f64| Ok::<_, crate::Error>((mark(x.gt(low)?)? * mark(x.lt(high)?)?)?);
        Ok(match self {
            Activation::Clip { low, high } => within(low, high)?,
            Activation::LeakyRelu { slope } => mark(x.gt(0.0)?)?.affine(1.0 - slope, slope)?,
            Activation::Elu { alpha } => {
                let below = (x.minimum(&x.zeros_like()?)?.exp()? * alpha)?;
                x.gt(0.0)?.where_cond(&x.ones_like()?, &below)?
            }
            Activation::Silu => {
                let gate = candle_nn::ops::sigmoid(x)?;
                (&gate + ((x * &gate)? * gate.affine(-1.0, 1.0)?)?)?
            }
            Activation::HardSwish => {
                let middle = (x.affine(1.0 / 3.0, 0.5)? * within(-3.0, 3.0)?)?;
                (middle + mark(x.ge(3.0)?)?)?
            }
            Activation::HardSigmoid { slope, offset } => {
                let inside = x.affine(slope, offset)?;
                let inside = (mark(inside.gt(0.0)?)? * mark(inside.lt(1.0)?)?)?;
                (inside * slope)?
            }
            Activation::Gelu => {
                let density = (x.sqr()? * -0.5)?.exp()?.affine(1.0 / (2.0 * PI).sqrt(), 0.0)?;
                (normal(x)? + (x * density)?)?
            }
            Activation::GeluTanh => {
                // gate = (1 + tanh u) / 2, so gate' = 2 gate (1 - gate) u'.
                let gate = tanh_gate(x)?;
                let slope = x.sqr()?.affine(3.0 * 0.044715, 1.0)?.affine((2.0 / PI).sqrt(), 0.0)?;
                let change = ((&gate * gate.affine(-1.0, 1.0)?)? * slope)?.affine(2.0, 0.0)?;
                (gate + (x * change)?)?
            }
            Activation::Softplus => candle_nn::ops::sigmoid(x)?,
            Activation::Mish => {
                let gate = softplus(x)?.tanh()?;
                let change = (gate.sqr()?.affine(-1.0, 1.0)? * candle_nn::ops::sigmoid(x)?)?;
                (gate + (x * change)?)?
            }
            Activation::Erf => x.sqr()?.neg()?.exp()?.affine(FRAC_2_SQRT_PI, 0.0)?,
            Activation::Exp => x.exp()?,
            Activation::Log => x.recip()?,
            Activation::Abs => (mark(x.gt(0.0)?)? - mark(x.lt(0.0)?)?)?,
            Activation::Power { exponent: 2.0 } => (x * 2.0)?,
            Activation::Power { exponent } => {
                let lower = Activation::Power { exponent: exponent - 1.0 };
                if exponent == 0.5 { (x.sqrt()?.recip()? * 0.5)? } else { (lower.apply(x)? * exponent)? }
            }
        })
    }

    /// The gradient at its input. A rectifying one follows the rules: guided backpropagation passes positive gradients
    /// only, times the derivative; the deconvnet passes positive gradients whatever came in.
    pub(super) fn reverse(self, step: &Step) -> Result<Tensor> {
        let x = step.values.input(step.index);
        match step.rule {
            Rule::Deconvnet if self.rectifies() => Ok(step.grad.relu()?),
            Rule::Guided if self.rectifies() => Ok((step.grad.relu()? * self.derivative(x)?)?),
            _ => step.times(&self.derivative(x)?),
        }
    }
}

/// The normal distribution's cumulative function.
fn normal(x: &Tensor) -> candle_core::Result<Tensor> {
    (x * FRAC_1_SQRT_2)?.erf()?.affine(0.5, 0.5)
}

/// (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
fn tanh_gate(x: &Tensor) -> candle_core::Result<Tensor> {
    let inner = (x * x.sqr()?.affine(0.044715, 1.0)?)?;
    (inner * (2.0 / PI).sqrt())?.tanh()?.affine(0.5, 0.5)
}

/// max(x, 0) + log(1 + exp(-|x|)), which overflows nowhere.
fn softplus(x: &Tensor) -> candle_core::Result<Tensor> {
    x.relu()? + (x.abs()?.neg()?.exp()? + 1.0)?.log()?
}

/// The slopes of a PReLU, one a channel.
pub(super) fn prelu_parameters(input: &[usize]) -> Vec<WeightSpec> {
    vec![WeightSpec::learned("weight", vec![input[0]])]
}

/// x above 0, a learned slope of each channel times x below (He, Zhang, Ren and Sun 2015).
pub(super) fn prelu(x: &Tensor, weights: &LayerWeights) -> Result<Tensor> {
    Ok((x.relu()? - x.neg()?.relu()?.broadcast_mul(&slopes(x, weights)?)?)?)
}

/// The gradient at the slopes: the sums of the gradient times what was below 0.
pub(super) fn prelu_weight_gradient(step: &Step) -> Result<Tensor> {
    let below = step.values.input(0).neg()?.relu()?.neg()?;
    per_channel(&(step.grad * below)?)
}

pub(super) fn prelu_reverse(step: &Step) -> Result<Tensor> {
    let x = step.values.input(0);
    if step.rule == Rule::Deconvnet {
        return Ok(step.grad.relu()?);
    }
    let open = x.gt(0.0)?.to_dtype(x.dtype())?;
    let closed = open.affine(-1.0, 1.0)?.broadcast_mul(&slopes(x, step.weights)?)?;
    let derivative = (open + closed)?;
    let grad = if step.rule == Rule::Guided { step.grad.relu()? } else { step.grad.clone() };
    Ok((grad * derivative)?)
}

fn slopes(x: &Tensor, weights: &LayerWeights) -> Result<Tensor> {
    let mut shape = vec![1; x.rank()];
    shape[1] = x.dim(1)?;
    Ok(weights.all()[0].reshape(shape)?)
}
