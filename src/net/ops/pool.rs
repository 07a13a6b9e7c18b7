//! Pooling over windows: the largest value, the mean, the weighted sum of LeNet-5, and the mean over a grid.

use super::{
    auto_pad::AutoPad,
    norm_within::per_channel,
    step::{LayerWeights, Step, WeightSpec},
};
use crate::{
    Result,
    kernels::{self, Spans},
    net::shapes::{self, Padding, Reach, Windows, adaptive_spans, size_of},
};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};

/// A pooling window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Height and width.
    pub kernel: [usize; 2],
    /// Step along each axis.
    pub stride: [usize; 2],
    /// Padding; never chosen by max pooling.
    pub padding: Padding,
    /// Whether `padding` is stated or follows from the input's size.
    #[serde(default)]
    pub auto_pad: AutoPad,
    /// Round the output size up, as long as the last window starts inside the padded input.
    pub ceil_mode: bool,
}

impl Window {
    /// A square window: no padding, size rounded down.
    pub const fn new(kernel: usize, stride: usize) -> Self {
        let (padding, auto_pad) = (Padding::all(0), AutoPad::Stated);
        Window { kernel: [kernel, kernel], stride: [stride, stride], padding, auto_pad, ceil_mode: false }
    }
    /// With the same padding on all sides.
    pub const fn pad(self, size: usize) -> Self {
        Window { padding: Padding::all(size), ..self }
    }
    /// With padding that follows from the input's size.
    pub const fn auto_pad(self, auto_pad: AutoPad) -> Self {
        Window { auto_pad, ..self }
    }
    /// With the size rounded up.
    pub const fn ceil(self) -> Self {
        Window { ceil_mode: true, ..self }
    }

    /// Values in a window.
    fn taps(&self) -> f64 {
        (self.kernel[0] * self.kernel[1]) as f64
    }

    pub(super) fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        let [channels, height, width] = shapes::maps(input)?;
        let Window { kernel, stride, padding: p, ceil_mode: ceil, .. } = *self;
        if p.top.max(p.bottom) * 2 > kernel[0] || p.left.max(p.right) * 2 > kernel[1] {
            return Err("the padding is more than half the window".to_owned());
        }
        let count = |axis: usize, n: usize| {
            let (kernel, stride, pad) = (kernel[axis], stride[axis], p.along(axis));
            Windows { kernel, stride, pad, dilation: 1, ceil }.count(n)
        };
        Ok(vec![channels, count(0, height)?, count(1, width)?])
    }

    /// The windows along rows and along columns of an input of some height and width for an output of `shape`.
    pub(in crate::net) fn spans(&self, input: [usize; 2], shape: &[usize], count_padding: bool) -> [Spans; 2] {
        [0, 1].map(|axis| {
            let (kernel, stride, pad) = (self.kernel[axis], self.stride[axis], self.padding.along(axis));
            Spans::sliding(input[axis], shape[axis + 1], kernel, stride, pad, count_padding)
        })
    }

    pub(super) fn reach(&self, axis: usize) -> Reach {
        let pad = self.padding.along(axis)[0] as f64;
        Reach { span: self.kernel[axis], stride: self.stride[axis] as f64, pad }
    }

    /// The largest value of each window of `x`, and where it is: `row * width + column`, u32.
    pub(in crate::net) fn maxima(&self, x: &Tensor, shape: &[usize]) -> Result<(Tensor, Tensor)> {
        let [rows, columns] = self.spans(size_of(x)?, shape, false);
        Ok(kernels::max_pool(x, &rows, &columns)?)
    }
}

pub(super) fn max_reverse(window: &Window, step: &Step) -> Result<Tensor> {
    let [rows, columns] = window.spans(step.input_size(), step.shape, false);
    Ok(kernels::max_pool_reverse(step.grad, &step.values.switches()?, &rows, &columns)?)
}

pub(super) fn mean(x: &Tensor, window: &Window, shape: &[usize], count_padding: bool) -> Result<Tensor> {
    let [rows, columns] = window.spans(size_of(x)?, shape, count_padding);
    Ok(kernels::mean_pool(x, &rows, &columns)?)
}

pub(super) fn mean_reverse(window: &Window, step: &Step, count_padding: bool) -> Result<Tensor> {
    let [rows, columns] = window.spans(step.input_size(), step.shape, count_padding);
    Ok(kernels::mean_pool_reverse(step.grad, &rows, &columns)?)
}

pub(super) fn subsample_parameters(input: &[usize]) -> Vec<WeightSpec> {
    WeightSpec::with_bias(vec![input[0]], input[0], true)
}

pub(super) fn subsample(window: &Window, x: &Tensor, weights: &LayerWeights, shape: &[usize]) -> Result<Tensor> {
    let sum = (mean(x, window, shape, true)? * window.taps())?;
    let [weight, bias] = [0, 1].map(|index| weights.all()[index].reshape((1, (), 1, 1)));
    Ok(sum.broadcast_mul(&weight?)?.broadcast_add(&bias?)?)
}

pub(super) fn subsample_reverse(window: &Window, step: &Step) -> Result<Tensor> {
    let [rows, columns] = window.spans(step.input_size(), step.shape, true);
    let coefficient = (&step.weights.all()[0] * window.taps())?.reshape((1, (), 1, 1))?;
    Ok(kernels::mean_pool_reverse(&step.grad.broadcast_mul(&coefficient)?, &rows, &columns)?)
}

/// The gradient at the coefficients: the sums of the windows' sums times the gradient.
pub(super) fn subsample_weight_gradient(window: &Window, step: &Step) -> Result<Tensor> {
    let sums = (mean(step.values.input(0), window, step.shape, true)? * window.taps())?;
    per_channel(&(step.grad * sums)?)
}

pub(super) fn adaptive_shape(size: [usize; 2], input: &[usize]) -> Result<Vec<usize>, String> {
    shapes::maps(input).map(|[channels, ..]| vec![channels, size[0], size[1]])
}

pub(super) fn adaptive(size: [usize; 2], x: &Tensor) -> Result<Tensor> {
    let [rows, columns] = adaptive_spans(size_of(x)?, size);
    Ok(kernels::mean_pool(x, &rows, &columns)?)
}

pub(super) fn adaptive_reverse(size: [usize; 2], step: &Step) -> Result<Tensor> {
    let [rows, columns] = adaptive_spans(step.input_size(), size);
    Ok(kernels::mean_pool_reverse(step.grad, &rows, &columns)?)
}

pub(super) fn adaptive_max(size: [usize; 2], x: &Tensor) -> Result<Tensor> {
    let [rows, columns] = adaptive_spans(size_of(x)?, size);
    Ok(kernels::max_pool(x, &rows, &columns)?.0)
}

pub(super) fn adaptive_max_reverse(size: [usize; 2], step: &Step) -> Result<Tensor> {
    let [rows, columns] = adaptive_spans(step.input_size(), size);
    let (_, switches) = kernels::max_pool(step.values.input(0), &rows, &columns)?;
    Ok(kernels::max_pool_reverse(step.grad, &switches, &rows, &columns)?)
}

/// Windows ceil((i + 1) n / m) - floor(i n / m) long: the longest is what any of them may see.
pub(super) fn adaptive_reach(input: usize, output: usize) -> Reach {
    let longest = (0..output).map(|i| ((i + 1) * input).div_ceil(output) - i * input / output).max();
    Reach { span: longest.unwrap_or(1), stride: input as f64 / output as f64, pad: 0.0 }
}
