//! The closed set of operators a network is made of. [`Op`] lists them; each family's file holds the shape of the output,
//! the weights, the forward pass by candle's operators, the reverse, and the reach of one output.
//!
//! A new operator is a variant of [`Op`], a file here or a place in one, and the lines in the matches below that the
//! compiler asks for. It then runs in both back ends: the fast one takes candle's operators for every layer that no
//! kernel of its own computes. `tests/operators.rs` checks every reverse against finite differences.

mod conv;
mod join;
mod linear;
mod norm;
mod pointwise;
mod pool;
mod rule;
mod step;
mod table_conv;

pub use conv::Conv;
pub(super) use norm::batch_norm_scale;
pub use pool::Window;
pub use rule::Rule;
pub use step::WeightSpec;
pub(super) use step::{LayerWeights, Step, Values};
pub(super) use table_conv::filters as table_filters;

use super::shapes::Reach;
use crate::{
    Result,
    kernels::{self, Lrn},
};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};

/// One operator. Shapes are without the batch dimension: `[channels, height, width]` or `[features]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Op {
    /// The picture, normalised.
    Input,
    /// Convolution.
    Conv(Conv),
    /// A convolution of stride 1 without padding whose units see only some of the input's channels (LeNet-5's C3).
    /// Weights (connections, kernel height, kernel width), unit by unit in the order of the table, and (units) biases.
    TableConv {
        /// Kernel height and width.
        kernel: [usize; 2],
        /// For each unit the channels it sees.
        table: Vec<Vec<usize>>,
    },
    /// Fully connected, weights (out, in).
    Linear {
        /// Output features: the layer's units.
        out: usize,
        /// Whether a bias is added.
        bias: bool,
    },
    /// max(x, 0).
    Relu,
    /// amplitude * tanh(slope * x).
    Tanh {
        /// 1, or LeCun's 1.7159.
        amplitude: f64,
        /// 1, or LeCun's 2/3.
        slope: f64,
    },
    /// Logistic function.
    Sigmoid,
    /// The largest value of each window; the first in row-major order where several are equal.
    MaxPool(Window),
    /// The mean of each window.
    AvgPool {
        /// The window.
        window: Window,
        /// Divide by the whole window, zeros of the padding included (what ceil mode adds is never counted).
        count_padding: bool,
    },
    /// The sum of each window times a learned coefficient plus a learned bias, one of each a channel (LeNet-5).
    Subsample(Window),
    /// The mean over a grid of nearly equal windows that overlap by at most one row or column (PyTorch's rule).
    AdaptiveAvgPool {
        /// Output height and width; 1x1 is global average pooling.
        size: [usize; 2],
    },
    /// Batch normalisation with its running statistics (Ioffe and Szegedy 2015).
    BatchNorm {
        /// Added to the variance.
        eps: f64,
    },
    /// Local response normalisation across channels (Krizhevsky 2012): x / (k + alpha / size * sum of squares) ^ beta.
    Lrn {
        /// Channels in the window.
        size: usize,
        /// Weight of the mean square (PyTorch's: divided by `size`).
        alpha: f64,
        /// Exponent.
        beta: f64,
        /// Offset.
        k: f64,
    },
    /// A learned bias for every single value (the last layer of AlphaGo's policy network).
    Bias,
    /// Channels of zeros before and after (the parameter-free shortcut, option A, of CIFAR's residual networks).
    PadChannels {
        /// Zero channels before the input's.
        before: usize,
        /// Zero channels after them.
        after: usize,
    },
    /// Channels of all inputs, one after the other.
    Concat,
    /// Sum of all inputs.
    Add,
    /// All values as one row of features.
    Flatten,
    /// Passes its input on: networks are shown as they run, not as they train.
    Dropout {
        /// The share that training drops.
        p: f64,
    },
    /// Probabilities over the features.
    Softmax,
}

impl Op {
    /// Local response normalisation with the constants as papers give them: there `alpha` weighs the sum of squares.
    pub fn lrn(size: usize, alpha: f64, beta: f64, k: f64) -> Op {
        Op::Lrn { size, alpha: alpha * size as f64, beta, k }
    }

    /// PyTorch's name for the kind of layer.
    pub fn kind(&self) -> &'static str {
        match self {
            Op::Input => "Input",
            Op::Conv(_) => "Conv2d",
            Op::TableConv { .. } => "TableConv2d",
            Op::Linear { .. } => "Linear",
            Op::Relu => "ReLU",
            Op::Tanh { .. } => "Tanh",
            Op::Sigmoid => "Sigmoid",
            Op::MaxPool(_) => "MaxPool2d",
            Op::AvgPool { .. } => "AvgPool2d",
            Op::Subsample(_) => "Subsample2d",
            Op::AdaptiveAvgPool { .. } => "AdaptiveAvgPool2d",
            Op::BatchNorm { .. } => "BatchNorm2d",
            Op::Lrn { .. } => "LocalResponseNorm",
            Op::Bias => "Bias",
            Op::PadChannels { .. } => "PadChannels",
            Op::Concat => "Concat",
            Op::Add => "Add",
            Op::Flatten => "Flatten",
            Op::Dropout { .. } => "Dropout",
            Op::Softmax => "Softmax",
        }
    }

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
            Op::Add => join::add_shape(inputs),
            Op::Concat => join::concat_shape(inputs),
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
            _ => Vec::new(),
        }
    }

    /// The output for `inputs`, batch first; `shape` is that of the output, without the batch.
    pub(super) fn forward(&self, weights: &LayerWeights, inputs: &[&Tensor], shape: &[usize]) -> Result<Tensor> {
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
            Op::Add => join::add(inputs),
            Op::Flatten => Ok(x.flatten_from(1)?),
            Op::Softmax => Ok(candle_nn::ops::softmax(x, 1)?),
        }
    }

    /// One step of a reverse walk, from the gradient at the output to that at one input: the product with the
    /// derivative, at rectifiers under the rule.
    pub(super) fn reverse(&self, step: &Step) -> Result<Tensor> {
        match self {
            Op::Input | Op::Dropout { .. } | Op::Bias | Op::Add => Ok(step.grad.clone()),
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
        }
    }

    /// The inputs that one output depends on, along one axis (0 rows, 1 columns) from `input` values to `output` values.
    pub(super) fn reach(&self, axis: usize, input: usize, output: usize) -> Reach {
        match self {
            Op::Conv(conv) => conv.reach(axis),
            Op::TableConv { kernel, .. } => Reach { span: kernel[axis], ..Reach::POINT },
            Op::MaxPool(window) | Op::AvgPool { window, .. } | Op::Subsample(window) => window.reach(axis),
            Op::AdaptiveAvgPool { .. } => pool::adaptive_reach(input, output),
            Op::Flatten | Op::Softmax => linear::whole(input),
            _ => Reach::POINT,
        }
    }

    /// Multiply-adds for one picture, for an input and an output of these shapes: padding counted, biases not.
    pub(super) fn macs(&self, input: &[usize], output: &[usize]) -> u64 {
        let count = |shape: &[usize]| shape.iter().product::<usize>() as u64;
        match self {
            Op::Conv(_) | Op::TableConv { .. } | Op::Linear { .. } => {
                let weights = self.parameters(input).first().map_or(0, |weight| count(&weight.shape));
                weights * count(output.get(1..).unwrap_or_default())
            }
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
