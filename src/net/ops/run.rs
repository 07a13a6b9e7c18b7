//! Every operator forward and backward, by candle's operators.

use super::{
    LayerWeights, Op, Step, activation, arrange, broadcast, join, linear, norm, norm_within::Over, pointwise, pool,
    reduce, table_conv,
};
use crate::{
    Result,
    kernels::{self, Lrn},
};
use candle_core::Tensor;

impl Op {
    /// The output for `inputs`, batch first; `shape` is that of the output, without the batch.
    pub(in crate::net) fn forward(
        &self,
        weights: &LayerWeights,
        inputs: &[&Tensor],
        shape: &[usize],
    ) -> Result<Tensor> {
        let x = inputs[0];
        match self {
            Op::Input | Op::Dropout { .. } => Ok(x.clone()),
            Op::Conv(conv) => conv.forward(x, &weights.all()[0], weights),
            Op::TableConv { kernel, table } => table_conv::forward(*kernel, table, x, weights),
            Op::Linear { .. } => linear::forward(x, weights),
            Op::Relu => pointwise::relu(x),
            &Op::Tanh { amplitude, slope } => pointwise::tanh(x, amplitude, slope),
            Op::Sigmoid => Ok(candle_nn::ops::sigmoid(x)?),
            Op::MaxPool(window) => window.maxima(x, shape).map(|(largest, _)| largest),
            Op::AvgPool { window, count_padding } => pool::mean(x, window, shape, *count_padding),
            Op::Subsample(window) => pool::subsample(window, x, weights, shape),
            Op::AdaptiveAvgPool { size } => pool::adaptive(*size, x),
            Op::BatchNorm { eps } => norm::batch_norm(x, weights, *eps),
            &Op::Lrn { size, alpha, beta, k } => Ok(kernels::lrn(x, Lrn { size, alpha, beta, k })?),
            Op::Bias => Ok(x.broadcast_add(&weights.all()[0].unsqueeze(0)?)?),
            &Op::PadChannels { before, after } => Ok(x.pad_with_zeros(1, before, after)?),
            Op::Concat => Ok(Tensor::cat(inputs, 1)?),
            Op::Add => broadcast::add(inputs),
            Op::Flatten => Ok(x.flatten_from(1)?),
            Op::Softmax => Ok(candle_nn::ops::softmax(x, x.rank() - 1)?),
            Op::Activation(activation) => activation.apply(x),
            Op::PRelu => activation::prelu(x, weights),
            Op::ConvTranspose(conv) => conv.forward(x, weights, shape),
            Op::Scale { .. } => broadcast::scale(x, weights),
            Op::Shift { .. } => broadcast::shift(x, weights),
            Op::Sub => Ok(x.broadcast_sub(inputs[1])?),
            Op::Mul => Ok(x.broadcast_mul(inputs[1])?),
            Op::Div => Ok(x.broadcast_div(inputs[1])?),
            Op::LayerNorm { axes, eps } => Over::Axes(*axes).forward(x, weights, *eps),
            Op::GroupNorm { groups, eps } => Over::Groups(*groups).forward(x, weights, *eps),
            Op::LayerNorm2d { eps } => Over::Channels.forward(x, weights, *eps),
            Op::AdaptiveMaxPool { size } => pool::adaptive_max(*size, x),
            Op::Mean { axes, .. } => reduce::mean(x, axes, shape),
            Op::Pad { padding, mode } => arrange::pad(x, padding, *mode),
            Op::Slice(slice) => slice.forward(x),
            Op::Reshape { shape } => arrange::reshape(x, shape),
            Op::Transpose { order } => arrange::transpose(x, order),
            Op::ChannelShuffle { groups } => join::shuffle(x, *groups),
            Op::Upsample(upsample) => upsample.forward(x, shape),
            Op::MatMul => reduce::matmul(x, inputs[1]),
        }
    }

    /// One step of a reverse walk, from the gradient at the output to that at one input: the product with the
    /// derivative, at rectifiers under the rule.
    pub(in crate::net) fn reverse(&self, step: &Step) -> Result<Tensor> {
        match self {
            Op::Input | Op::Dropout { .. } | Op::Bias | Op::Shift { .. } => Ok(step.grad.clone()),
            Op::Add => broadcast::add_reverse(step),
            Op::Conv(conv) => conv.reverse(step, || Ok(step.weights.all()[0].clone())),
            Op::TableConv { kernel, table } => table_conv::reverse(*kernel, table, step),
            Op::Linear { .. } => linear::reverse(step),
            Op::Relu => pointwise::relu_reverse(step),
            &Op::Tanh { amplitude, slope } => pointwise::tanh_reverse(step, amplitude, slope),
            Op::Sigmoid => pointwise::sigmoid_reverse(step),
            Op::MaxPool(window) => pool::max_reverse(window, step),
            Op::AvgPool { window, count_padding } => pool::mean_reverse(window, step, *count_padding),
            Op::Subsample(window) => pool::subsample_reverse(window, step),
            Op::AdaptiveAvgPool { size } => pool::adaptive_reverse(*size, step),
            Op::BatchNorm { eps } => norm::batch_norm_reverse(step, *eps),
            &Op::Lrn { size, alpha, beta, k } => norm::lrn_reverse(step, Lrn { size, alpha, beta, k }),
            &Op::PadChannels { before, .. } => join::pad_channels_reverse(step, before),
            Op::Concat => join::concat_reverse(step),
            Op::Flatten => linear::flatten_reverse(step),
            Op::Softmax => linear::softmax_reverse(step),
            Op::Activation(activation) => activation.reverse(step),
            Op::PRelu => activation::prelu_reverse(step),
            Op::ConvTranspose(conv) => conv.reverse(step),
            Op::Scale { .. } => broadcast::scale_reverse(step),
            Op::Sub => broadcast::sub_reverse(step),
            Op::Mul => broadcast::mul_reverse(step),
            Op::Div => broadcast::div_reverse(step),
            Op::LayerNorm { axes, eps } => Over::Axes(*axes).reverse(step, *eps),
            Op::GroupNorm { groups, eps } => Over::Groups(*groups).reverse(step, *eps),
            Op::LayerNorm2d { eps } => Over::Channels.reverse(step, *eps),
            Op::AdaptiveMaxPool { size } => pool::adaptive_max_reverse(*size, step),
            Op::Mean { axes, .. } => reduce::mean_reverse(step, axes),
            Op::Pad { padding, mode } => arrange::pad_reverse(step, padding, *mode),
            Op::Slice(slice) => slice.reverse(step),
            Op::Reshape { .. } => arrange::reshape_reverse(step),
            Op::Transpose { order } => arrange::transpose_reverse(step, order),
            // Shuffling by the channels of a group undoes shuffling by groups.
            Op::ChannelShuffle { groups } => join::shuffle(step.grad, step.input_shape()[0] / groups),
            Op::Upsample(upsample) => upsample.reverse(step),
            Op::MatMul => reduce::matmul_reverse(step),
        }
    }
}
