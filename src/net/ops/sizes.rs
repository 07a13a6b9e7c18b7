//! Sizes that follow from an operator: the shape of its output, its weights, the reach of an output, multiply-adds.

use super::{
    Op, WeightSpec, activation, arrange, broadcast, join, linear, norm, norm_within::Over, pool, reduce, table_conv,
};
use crate::net::shapes::Reach;

impl Op {
    /// The shape of the output for inputs of these shapes.
    ///
    /// # Errors
    /// A phrase that says what does not fit.
    pub fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
        let first = *inputs.first().ok_or("it has no input")?;
        match self {
            Op::Input | Op::Relu | Op::Tanh { .. } | Op::Sigmoid | Op::Dropout { .. } | Op::Bias => Ok(first.to_vec()),
            Op::BatchNorm { .. } | Op::Lrn { .. } => norm::output_shape(first),
            Op::Conv(conv) => conv.output_shape(first),
            Op::TableConv { kernel, table } => table_conv::output_shape(*kernel, table, first),
            Op::MaxPool(window) | Op::AvgPool { window, .. } | Op::Subsample(window) => window.output_shape(first),
            Op::AdaptiveAvgPool { size } => pool::adaptive_shape(*size, first),
            Op::Linear { out, .. } => linear::output_shape(*out, first),
            Op::Softmax => linear::softmax_shape(first),
            &Op::PadChannels { before, after } => join::pad_channels_shape(before, after, first),
            Op::Flatten => Ok(vec![first.iter().product()]),
            Op::Add => broadcast::output_shape(inputs),
            Op::Concat => join::concat_shape(inputs),
            Op::Activation(_) | Op::PRelu => Ok(first.to_vec()),
            Op::ConvTranspose(conv) => conv.output_shape(first),
            Op::Scale { shape } | Op::Shift { shape } => broadcast::constant_shape(shape, first),
            Op::Sub | Op::Mul | Op::Div if inputs.len() != 2 => Err("it takes two inputs".to_owned()),
            Op::Sub | Op::Mul | Op::Div => broadcast::output_shape(inputs),
            Op::LayerNorm { axes, .. } => Over::Axes(*axes).output_shape(first),
            Op::GroupNorm { groups, .. } => Over::Groups(*groups).output_shape(first),
            Op::LayerNorm2d { .. } => Over::Channels.output_shape(first),
            Op::AdaptiveMaxPool { size } => pool::adaptive_shape(*size, first),
            Op::Mean { axes, keep } => reduce::mean_shape(axes, *keep, first),
            Op::Pad { padding, mode } => arrange::pad_shape(padding, *mode, first),
            Op::Slice(slice) => slice.output_shape(first),
            Op::Reshape { shape } => arrange::reshape_shape(shape, first),
            Op::Transpose { order } => arrange::transpose_shape(order, first),
            Op::ChannelShuffle { groups } => join::shuffle_shape(*groups, first),
            Op::Upsample(upsample) => upsample.output_shape(first),
            Op::MatMul => reduce::matmul_shape(inputs),
        }
    }

    /// The weights the operator needs for an input of this shape.
    pub fn parameters(&self, input: &[usize]) -> Vec<WeightSpec> {
        match self {
            Op::Conv(conv) => conv.parameters(input),
            Op::TableConv { kernel, table } => table_conv::parameters(*kernel, table),
            Op::Subsample(_) => pool::subsample_parameters(input),
            Op::Bias => vec![WeightSpec::learned("bias", input.to_vec())],
            Op::Linear { out, bias } => linear::parameters(*out, *bias, input),
            Op::BatchNorm { .. } => norm::batch_norm_parameters(input),
            Op::PRelu => activation::prelu_parameters(input),
            Op::ConvTranspose(conv) => conv.parameters(input),
            Op::Scale { shape } => broadcast::constant("weight", shape),
            Op::Shift { shape } => broadcast::constant("bias", shape),
            Op::LayerNorm { axes, .. } => Over::Axes(*axes).parameters(input),
            Op::GroupNorm { groups, .. } => Over::Groups(*groups).parameters(input),
            Op::LayerNorm2d { .. } => Over::Channels.parameters(input),
            _ => Vec::new(),
        }
    }

    /// The inputs that one output depends on, along one axis (0 rows, 1 columns) from `input` values to `output` values.
    pub(in crate::net) fn reach(&self, axis: usize, input: usize, output: usize) -> Reach {
        match self {
            Op::Conv(conv) => conv.reach(axis),
            Op::TableConv { kernel, .. } => Reach { span: kernel[axis], ..Reach::POINT },
            Op::MaxPool(window) | Op::AvgPool { window, .. } | Op::Subsample(window) => window.reach(axis),
            Op::AdaptiveAvgPool { .. } => pool::adaptive_reach(input, output),
            Op::AdaptiveMaxPool { .. } => pool::adaptive_reach(input, output),
            Op::ConvTranspose(conv) => conv.reach(axis),
            Op::Pad { padding, .. } => Reach { pad: padding.along(axis)[0] as f64, ..Reach::POINT },
            Op::Upsample(upsample) => upsample.reach(axis),
            Op::Mean { axes, .. } if !axes.contains(&(axis + 1)) => Reach::POINT,
            // Everywhere on what came in: statistics of whole maps, sums over them, values in another order.
            Op::Flatten
            | Op::Softmax
            | Op::GroupNorm { .. }
            | Op::Mean { .. }
            | Op::Reshape { .. }
            | Op::Transpose { .. }
            | Op::MatMul => linear::whole(input),
            _ => Reach::POINT,
        }
    }

    /// Multiply-adds for one picture, for an input and an output of these shapes: padding counted, biases not.
    pub(in crate::net) fn macs(&self, input: &[usize], output: &[usize]) -> u64 {
        let count = |shape: &[usize]| shape.iter().product::<usize>() as u64;
        match self {
            Op::Conv(_) | Op::TableConv { .. } | Op::Linear { .. } => {
                let weights = self.parameters(input).first().map_or(0, |weight| count(&weight.shape));
                let places = match (self, output) {
                    (Op::Linear { .. }, [places @ .., _]) => places,
                    (_, output) => output.get(1..).unwrap_or_default(),
                };
                weights * count(places)
            }
            Op::ConvTranspose(conv) => {
                let weights = conv.parameters(input).first().map_or(0, |weight| count(&weight.shape));
                weights * count(input.get(1..).unwrap_or_default())
            }
            Op::MatMul => count(output) * input.last().copied().unwrap_or(0) as u64,
            // The coefficient; sums are not counted.
            Op::Subsample(_) => count(output),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::net::ops::{Conv, Window};

    #[test]
    fn sizes_follow_pytorch() {
        let pool = |window: Window, n| Op::MaxPool(window).output_shape(&[&[1, n, n]]).map(|s| s[1]);
        assert_eq!(pool(Window::new(3, 2), 13), Ok(6));
        assert_eq!(pool(Window::new(3, 2), 112), Ok(55));
        assert_eq!(pool(Window::new(3, 2).ceil(), 112), Ok(56));
        assert_eq!(pool(Window::new(3, 2).pad(1), 32), Ok(16));
        // torch.nn.MaxPool2d(2, 2, padding=1, ceil_mode=True) on 5: the fourth window would start behind the input.
        assert_eq!(pool(Window::new(2, 2).pad(1).ceil(), 5), Ok(3));
        assert!(pool(Window::new(3, 1), 2).unwrap_err().contains("larger"));
        let conv = Op::Conv(Conv::new(4, 3).pad(1).dilation(2));
        assert_eq!(conv.output_shape(&[&[2, 9, 7]]), Ok(vec![4, 7, 5]));
    }
}
