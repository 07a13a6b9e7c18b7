//! The closed set of operators a network is made of, and the shape each one's output has.

use serde::{Deserialize, Serialize};

/// Rows or columns of padding on each side of a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Padding {
    /// Rows above.
    pub top: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns before.
    pub left: usize,
    /// Columns after.
    pub right: usize,
}

impl Padding {
    /// `rows` above and below, `columns` before and after.
    pub const fn of(rows: usize, columns: usize) -> Self {
        Padding { top: rows, bottom: rows, left: columns, right: columns }
    }

    /// The same on all four sides.
    pub const fn all(size: usize) -> Self {
        Padding::of(size, size)
    }
}

/// A 2-D convolution (cross-correlation, as in every framework), weights (out, in / groups, kernel height, width).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conv {
    /// Output channels: the layer's units.
    pub out: usize,
    /// Kernel height and width.
    pub kernel: [usize; 2],
    /// Step between windows, along both axes.
    pub stride: usize,
    /// Zeros around the input.
    pub padding: Padding,
    /// Step between the taps of a window, along both axes.
    pub dilation: usize,
    /// Independent groups of channels.
    pub groups: usize,
    /// Whether one bias per output channel is added.
    pub bias: bool,
}

impl Conv {
    /// A `kernel` x `kernel` convolution with bias: stride 1, no padding, one group.
    pub const fn new(out: usize, kernel: usize) -> Self {
        let padding = Padding::all(0);
        Conv { out, kernel: [kernel, kernel], stride: 1, padding, dilation: 1, groups: 1, bias: true }
    }
    /// The same with a kernel of `[height, width]`.
    pub const fn rect(out: usize, kernel: [usize; 2]) -> Self {
        Conv { kernel, ..Conv::new(out, 1) }
    }
    /// With another step.
    pub const fn stride(self, stride: usize) -> Self {
        Conv { stride, ..self }
    }
    /// With the padding that keeps the size at stride 1, for odd kernels.
    pub const fn same(self) -> Self {
        Conv { padding: Padding::of(self.kernel[0] / 2, self.kernel[1] / 2), ..self }
    }
    /// In independent groups of channels.
    pub const fn groups(self, groups: usize) -> Self {
        Conv { groups, ..self }
    }
    /// With the same padding on all sides.
    pub const fn pad(self, size: usize) -> Self {
        Conv { padding: Padding::all(size), ..self }
    }
    /// Without bias, as before batch normalisation.
    pub const fn unbiased(self) -> Self {
        Conv { bias: false, ..self }
    }
}

/// A pooling window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Height and width.
    pub kernel: [usize; 2],
    /// Step along each axis.
    pub stride: [usize; 2],
    /// Padding; never chosen by max pooling.
    pub padding: Padding,
    /// Round the output size up, as long as the last window starts inside the padded input.
    pub ceil_mode: bool,
}

impl Window {
    /// A square window: no padding, size rounded down.
    pub const fn new(kernel: usize, stride: usize) -> Self {
        Window { kernel: [kernel, kernel], stride: [stride, stride], padding: Padding::all(0), ceil_mode: false }
    }
    /// With the same padding on all sides.
    pub const fn pad(self, size: usize) -> Self {
        Window { padding: Padding::all(size), ..self }
    }
    /// With the size rounded up.
    pub const fn ceil(self) -> Self {
        Window { ceil_mode: true, ..self }
    }
}

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

/// A tensor of weights that an operator needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// What stands behind the layer's name: `weight`, `bias`, `running_mean`, ...
    pub suffix: &'static str,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Whether training changes it by gradient (and a table counts it).
    pub learned: bool,
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
            Op::BatchNorm { .. } | Op::Lrn { .. } => map_shape(first).map(|_| first.to_vec()),
            Op::Conv(conv) => {
                let [channels, height, width] = map_shape(first)?;
                if conv.groups == 0 || channels % conv.groups != 0 || conv.out % conv.groups != 0 {
                    return Err(format!("{channels} channels do not divide into {} groups", conv.groups));
                }
                let p = conv.padding;
                let [kh, kw] = conv.kernel;
                let size = |n, k, pad| windows(n, k, conv.stride, pad, conv.dilation, false);
                Ok(vec![conv.out, size(height, kh, [p.top, p.bottom])?, size(width, kw, [p.left, p.right])?])
            }
            Op::TableConv { kernel: [kh, kw], table } => {
                let [channels, height, width] = map_shape(first)?;
                if let Some(&far) = table.iter().flatten().find(|&&channel| channel >= channels) {
                    return Err(format!("its table names channel {far} of {channels}"));
                }
                Ok(vec![
                    table.len(),
                    windows(height, *kh, 1, [0; 2], 1, false)?,
                    windows(width, *kw, 1, [0; 2], 1, false)?,
                ])
            }
            Op::MaxPool(window) | Op::AvgPool { window, .. } | Op::Subsample(window) => {
                let [channels, height, width] = map_shape(first)?;
                let Window { kernel: [kh, kw], stride: [sh, sw], padding: p, ceil_mode } = *window;
                if p.top.max(p.bottom) * 2 > kh || p.left.max(p.right) * 2 > kw {
                    return Err("the padding is more than half the window".to_owned());
                }
                let rows = windows(height, kh, sh, [p.top, p.bottom], 1, ceil_mode)?;
                let columns = windows(width, kw, sw, [p.left, p.right], 1, ceil_mode)?;
                Ok(vec![channels, rows, columns])
            }
            Op::AdaptiveAvgPool { size } => map_shape(first).map(|[channels, ..]| vec![channels, size[0], size[1]]),
            Op::Linear { out, .. } => match first {
                [_] => Ok(vec![*out]),
                _ => Err(format!("it takes features, not maps of shape {first:?}")),
            },
            Op::Softmax => match first {
                [_] => Ok(first.to_vec()),
                _ => Err(format!("it takes features, not maps of shape {first:?}")),
            },
            Op::PadChannels { before, after } => {
                map_shape(first).map(|[channels, height, width]| vec![before + channels + after, height, width])
            }
            Op::Flatten => Ok(vec![first.iter().product()]),
            Op::Add => match inputs.iter().find(|shape| **shape != first) {
                Some(other) => Err(format!("its inputs differ in shape: {first:?} and {other:?}")),
                None => Ok(first.to_vec()),
            },
            Op::Concat => {
                let [mut channels, height, width] = map_shape(first)?;
                for shape in &inputs[1..] {
                    match map_shape(shape)? {
                        [more, h, w] if (h, w) == (height, width) => channels += more,
                        _ => return Err(format!("its inputs differ in size: {first:?} and {shape:?}")),
                    }
                }
                Ok(vec![channels, height, width])
            }
        }
    }

    /// The weights the operator needs for an input of this shape.
    pub fn parameters(&self, input: &[usize]) -> Vec<Parameter> {
        let learned = |suffix, shape| Parameter { suffix, shape, learned: true };
        let running = |suffix| Parameter { suffix, shape: vec![input[0]], learned: false };
        let with_bias = |weight, out, bias| {
            let mut all = vec![learned("weight", weight)];
            all.extend(bool::then(bias, || learned("bias", vec![out])));
            all
        };
        match self {
            Op::Conv(c) => with_bias(vec![c.out, input[0] / c.groups, c.kernel[0], c.kernel[1]], c.out, c.bias),
            Op::TableConv { kernel: [kh, kw], table } => {
                with_bias(vec![table.iter().map(Vec::len).sum(), *kh, *kw], table.len(), true)
            }
            Op::Subsample(_) => with_bias(vec![input[0]], input[0], true),
            Op::Bias => vec![learned("bias", input.to_vec())],
            Op::Linear { out, bias } => with_bias(vec![*out, input[0]], *out, *bias),
            Op::BatchNorm { .. } => {
                let mut all = with_bias(vec![input[0]], input[0], true);
                all.extend(["running_mean", "running_var"].map(running));
                all
            }
            _ => Vec::new(),
        }
    }
}

/// A shape that is maps, as `[channels, height, width]`.
fn map_shape(shape: &[usize]) -> Result<[usize; 3], String> {
    shape.try_into().map_err(|_| format!("it takes maps, not features of shape {shape:?}"))
}

/// How many windows of `kernel` taps fit on `n` values with `pad` before and after:
/// floor((n + pad - dilation (kernel - 1) - 1) / stride) + 1, or with ceil in PyTorch's way.
fn windows(
    n: usize,
    kernel: usize,
    stride: usize,
    pad: [usize; 2],
    dilation: usize,
    ceil: bool,
) -> Result<usize, String> {
    if kernel == 0 || stride == 0 || dilation == 0 {
        return Err("its window, stride and dilation must be at least 1".to_owned());
    }
    let span = dilation * (kernel - 1) + 1;
    let padded = n + pad[0] + pad[1];
    let Some(room) = padded.checked_sub(span) else {
        return Err(format!("its window of {span} is larger than its padded input of {padded}"));
    };
    if !ceil {
        return Ok(room / stride + 1);
    }
    let count = room.div_ceil(stride) + 1;
    // A window that would start in the padding behind the input is dropped.
    Ok(if (count - 1) * stride >= n + pad[0] { count - 1 } else { count })
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
        let conv = Op::Conv(Conv { dilation: 2, ..Conv::new(4, 3).pad(1) });
        assert_eq!(conv.output_shape(&[&[2, 9, 7]]), Ok(vec![4, 7, 5]));
    }
}
