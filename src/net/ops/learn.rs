//! The gradients at the weights of every operator that has some, by candle's operators.

use super::{
    Op, Step, activation, broadcast, linear,
    norm_within::{Over, per_channel},
    pool, table_conv,
};
use crate::Result;
use candle_core::Tensor;

impl Op {
    /// The gradients at an operator's learned weights, in the order of [`Op::parameters`], summed over the batch; from the
    /// gradient at its output. Batch normalisation has them by the statistics of the batch.
    pub(in crate::net) fn weight_gradients(&self, step: &Step) -> Result<Vec<Tensor>> {
        let biased = |weight: Result<Tensor>| -> Result<Vec<Tensor>> {
            let mut all = vec![weight?];
            if step.weights.all().len() > 1 {
                all.push(per_channel(step.grad)?);
            }
            Ok(all)
        };
        match self {
            Op::Conv(conv) => biased(conv.weight_gradient(step.values.input(0), step.grad)),
            Op::TableConv { kernel, table } => biased(table_conv::weight_gradient(*kernel, table, step)),
            Op::ConvTranspose(conv) => biased(conv.weight_gradient(step)),
            Op::Linear { .. } => linear::weight_gradients(step),
            Op::Subsample(window) => biased(pool::subsample_weight_gradient(window, step)),
            Op::Bias => Ok(vec![step.grad.sum(0)?]),
            Op::PRelu => Ok(vec![activation::prelu_weight_gradient(step)?]),
            Op::Scale { .. } => Ok(vec![broadcast::scale_weight_gradient(step)?]),
            Op::Shift { .. } => Ok(vec![broadcast::shift_weight_gradient(step.grad, step)?]),
            Op::BatchNorm { eps } => Over::Batch.weight_gradients(step, *eps),
            Op::LayerNorm { axes, eps } => Over::Axes(*axes).weight_gradients(step, *eps),
            Op::GroupNorm { groups, eps } => Over::Groups(*groups).weight_gradients(step, *eps),
            Op::LayerNorm2d { eps } => Over::Channels.weight_gradients(step, *eps),
            _ => Ok(Vec::new()),
        }
    }
}
