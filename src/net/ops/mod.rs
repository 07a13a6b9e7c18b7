//! The closed set of operators a network is made of. [`Op`] lists them; each family's file holds the shape of the output,
//! the weights, the forward pass by candle's operators, the reverse, and the reach of one output.
//!
//! A new operator is a variant of [`Op`], a file here or a place in one, and the lines in the matches below, in `sizes` and in
//! `run` that the compiler asks for. It then runs in both back ends: the fast one takes candle's operators for every layer that no
//! kernel of its own computes. `tests/operators.rs` checks every reverse against finite differences.

mod activation;
mod arrange;
mod auto_pad;
mod broadcast;
mod conv;
mod conv_transpose;
mod join;
mod learn;
mod linear;
mod norm;
mod norm_within;
mod pointwise;
mod pool;
mod reduce;
mod rule;
mod run;
mod sizes;
mod step;
mod table_conv;
mod upsample;

pub use activation::Activation;
pub use arrange::{PadMode, Slice};
pub use auto_pad::AutoPad;
pub use conv::Conv;
pub use conv_transpose::ConvTranspose;
pub(super) use norm::batch_norm_scale;
pub(super) use norm_within::{Over, batch_statistics};
pub use pool::Window;
pub use rule::Rule;
pub use step::WeightSpec;
pub(super) use step::{LayerWeights, Step, Values};
pub(super) use table_conv::filters as table_filters;
pub use upsample::{Coordinates, Upsample};

use super::shapes::Padding;
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
    /// Fully connected, weights (out, in); rows of features are taken one by one.
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
    /// Probabilities over the features, or over the last axis.
    Softmax,
    /// A function of every value by itself.
    Activation(Activation),
    /// x above 0, a learned slope of each channel times x below.
    PRelu,
    /// Transposed convolution.
    ConvTranspose(ConvTranspose),
    /// A factor for every value; constants of `shape`, in which a size of 1 stands for any.
    Scale {
        /// The shape of the constants.
        shape: Vec<usize>,
    },
    /// A summand for every value; constants of `shape`, in which a size of 1 stands for any.
    Shift {
        /// The shape of the constants.
        shape: Vec<usize>,
    },
    /// The second input subtracted from the first.
    Sub,
    /// The product of two inputs: a gate.
    Mul,
    /// The first input divided by the second.
    Div,
    /// Layer normalisation over the last axes.
    LayerNorm {
        /// Number of axes.
        axes: usize,
        /// Added to the variance.
        eps: f64,
    },
    /// Group normalisation; with a group for each channel, instance normalisation.
    GroupNorm {
        /// Groups of channels.
        groups: usize,
        /// Added to the variance.
        eps: f64,
    },
    /// Layer normalisation over the channels at each place of the maps (ConvNeXt).
    LayerNorm2d {
        /// Added to the variance.
        eps: f64,
    },
    /// The largest value over a grid of nearly equal windows (PyTorch's rule); 1x1 is global maximum pooling.
    AdaptiveMaxPool {
        /// Output height and width.
        size: [usize; 2],
    },
    /// The mean over some axes.
    Mean {
        /// The axes, the batch not counted.
        axes: Vec<usize>,
        /// Whether they stay, with size 1.
        keep: bool,
    },
    /// Rows and columns around maps.
    Pad {
        /// Rows and columns added on each side.
        padding: Padding,
        /// The values they have.
        mode: PadMode,
    },
    /// Some of the places along an axis.
    Slice(Slice),
    /// The same values, row by row, in another shape.
    Reshape {
        /// The shape, without the batch.
        shape: Vec<usize>,
    },
    /// The axes in another order.
    Transpose {
        /// For each axis of the output that of the input, the batch not counted.
        order: Vec<usize>,
    },
    /// The channels of all groups in turn: the first of each, then the second of each (Zhang, Zhou, Lin and Sun 2018).
    ChannelShuffle {
        /// Groups of channels.
        groups: usize,
    },
    /// Maps of another size.
    Upsample(Upsample),
    /// The product of two matrices that are both computed.
    MatMul,
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
            Op::Activation(activation) => activation.kind(),
            Op::PRelu => "PReLU",
            Op::ConvTranspose(_) => "ConvTranspose2d",
            Op::Scale { .. } => "Scale",
            Op::Shift { .. } => "Shift",
            Op::Sub => "Sub",
            Op::Mul => "Mul",
            Op::Div => "Div",
            Op::LayerNorm { .. } => "LayerNorm",
            Op::GroupNorm { .. } => "GroupNorm",
            Op::LayerNorm2d { .. } => "LayerNorm2d",
            Op::AdaptiveMaxPool { .. } => "AdaptiveMaxPool2d",
            Op::Mean { .. } => "Mean",
            Op::Pad { .. } => "Pad",
            Op::Slice(_) => "Slice",
            Op::Reshape { .. } => "Reshape",
            Op::Transpose { .. } => "Transpose",
            Op::ChannelShuffle { .. } => "ChannelShuffle",
            Op::Upsample(_) => "Upsample",
            Op::MatMul => "MatMul",
        }
    }
}
