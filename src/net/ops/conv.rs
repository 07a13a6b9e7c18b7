//! Convolution, by candle's operator.

use super::{
    auto_pad::AutoPad,
    step::{LayerWeights, Step, WeightSpec},
};
use crate::{
    Result,
    net::shapes::{self, Padding, Reach, Windows},
};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};

/// A 2-D convolution (cross-correlation, as in every framework), weights (out, in / groups, kernel height, width).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conv {
    /// Output channels: the layer's units.
    pub out: usize,
    /// Kernel height and width.
    pub kernel: [usize; 2],
    /// Step between windows, along rows and along columns.
    pub stride: [usize; 2],
    /// Zeros around the input.
    pub padding: Padding,
    /// Whether `padding` is stated or follows from the input's size.
    #[serde(default)]
    pub auto_pad: AutoPad,
    /// Step between the taps of a window, along rows and along columns.
    pub dilation: [usize; 2],
    /// Independent groups of channels.
    pub groups: usize,
    /// Whether one bias per output channel is added.
    pub bias: bool,
}

impl Conv {
    /// A `kernel` x `kernel` convolution with bias: stride 1, no padding, one group.
    pub const fn new(out: usize, kernel: usize) -> Self {
        Conv::rect(out, [kernel; 2])
    }
    /// The same with a kernel of `[height, width]`.
    pub const fn rect(out: usize, kernel: [usize; 2]) -> Self {
        let (padding, auto_pad) = (Padding::all(0), AutoPad::Stated);
        Conv { out, kernel, stride: [1; 2], padding, auto_pad, dilation: [1; 2], groups: 1, bias: true }
    }
    /// With another step, along both axes.
    pub const fn stride(self, stride: usize) -> Self {
        Conv { stride: [stride; 2], ..self }
    }
    /// With another step between the taps of a window, along both axes.
    pub const fn dilation(self, dilation: usize) -> Self {
        Conv { dilation: [dilation; 2], ..self }
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
    /// With padding that follows from the input's size.
    pub const fn auto_pad(self, auto_pad: AutoPad) -> Self {
        Conv { auto_pad, ..self }
    }
    /// Without bias, as before batch normalisation.
    pub const fn unbiased(self) -> Self {
        Conv { bias: false, ..self }
    }

    /// The windows along one axis.
    fn windows(&self, axis: usize) -> Windows {
        let (kernel, stride, dilation) = (self.kernel[axis], self.stride[axis], self.dilation[axis]);
        Windows { kernel, stride, pad: self.padding.along(axis), dilation, ceil: false }
    }

    pub(super) fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        let [channels, height, width] = shapes::maps(input)?;
        if self.groups == 0 || !channels.is_multiple_of(self.groups) || !self.out.is_multiple_of(self.groups) {
            return Err(format!("{channels} channels do not divide into {} groups", self.groups));
        }
        Ok(vec![self.out, self.windows(0).count(height)?, self.windows(1).count(width)?])
    }

    pub(super) fn parameters(&self, input: &[usize]) -> Vec<WeightSpec> {
        let weight = vec![self.out, input[0] / self.groups, self.kernel[0], self.kernel[1]];
        WeightSpec::with_bias(weight, self.out, self.bias)
    }

    /// Convolves with `filters` in place of the layer's own first weights, which may be a table of connections.
    pub(super) fn forward(&self, x: &Tensor, filters: &Tensor, weights: &LayerWeights) -> Result<Tensor> {
        let y = self.plain(x, filters)?;
        Ok(match weights.bias_of_maps()? {
            Some(bias) => y.broadcast_add(&bias)?,
            None => y,
        })
    }

    /// The input gradient of a convolution as a convolution of stride 1 with flipped, transposed filters over the
    /// gradient, its values `stride` apart. candle's own transposed convolution is 2 to 4 times slower on the CPU and
    /// has no groups.
    pub(super) fn reverse(&self, step: &Step, filters: impl FnOnce() -> Result<Tensor>) -> Result<Tensor> {
        let transposed = step.weights.transposed(self.groups, filters)?;
        self.gradient(step.grad, transposed, step.input_size())
    }

    /// The gradient at an input of some height and width, by transposed filters.
    pub(super) fn gradient(&self, grad: &Tensor, transposed: &Tensor, input: [usize; 2]) -> Result<Tensor> {
        let output = shapes::size_of(grad)?;
        let border = |axis: usize| {
            let (span, before) = (self.dilation[axis] * (self.kernel[axis] - 1), self.padding.along(axis)[0]);
            let spread = (output[axis] - 1) * self.stride[axis] + 1;
            [span as isize - before as isize, (input[axis] + before) as isize - spread as isize]
        };
        convolve(&spread(grad, self.stride)?, transposed, [border(0), border(1)], [1; 2], self)
    }

    /// The convolution with `filters`, without a bias.
    pub(super) fn plain(&self, x: &Tensor, filters: &Tensor) -> Result<Tensor> {
        let side = |axis: usize| self.padding.along(axis).map(|size| size as isize);
        convolve(x, filters, [side(0), side(1)], self.stride, self)
    }

    /// The gradient at the filters, `(units, inputs of a unit, height, width)`, from an input and the gradient at its output:
    /// a convolution of the input by the gradient in which pictures and channels change places, and so do steps between
    /// windows and between taps.
    pub(super) fn weight_gradient(&self, x: &Tensor, grad: &Tensor) -> Result<Tensor> {
        let (input, output) = (shapes::size_of(x)?, shapes::size_of(grad)?);
        let border = [0, 1].map(|axis| {
            let (taps, windows) = (self.kernel[axis] - 1, output[axis] - 1);
            let before = self.padding.along(axis)[0] as isize;
            let reach = taps * self.dilation[axis] + windows * self.stride[axis] + 1;
            [before, reach as isize - before - input[axis] as isize]
        });
        let turned = Conv { dilation: self.stride, groups: 1, ..self.clone() };
        let part = |group: usize| -> Result<Tensor> {
            let [x, grad] = [x, grad].map(|values| -> Result<Tensor> {
                let size = values.dim(1)? / self.groups;
                Ok(values.narrow(1, group * size, size)?.transpose(0, 1)?.contiguous()?)
            });
            let found = convolve(&x?, &grad?, border, self.dilation, &turned)?;
            Ok(found.transpose(0, 1)?.contiguous()?)
        };
        let parts = (0..self.groups).map(part).collect::<Result<Vec<_>>>()?;
        Ok(Tensor::cat(&parts, 0)?)
    }

    pub(super) fn reach(&self, axis: usize) -> Reach {
        let span = self.dilation[axis] * (self.kernel[axis] - 1) + 1;
        Reach { span, stride: self.stride[axis] as f64, pad: self.padding.along(axis)[0] as f64 }
    }
}

/// candle's convolution, which knows one padding, stride and dilation for all sides and axes, with any. `border` is the
/// rows and columns to add before and after; negative ones are cut off. Dilation and groups are those of `conv`.
fn convolve(x: &Tensor, filters: &Tensor, border: [[isize; 2]; 2], stride: [usize; 2], conv: &Conv) -> Result<Tensor> {
    let dilation = common(conv.dilation);
    let filters = spread(filters, conv.dilation.map(|step| step / dilation))?;
    let step = common(stride);
    let side = border[0][0];
    let even = side >= 0 && border.iter().flatten().all(|&other| other == side);
    let y = if even {
        x.conv2d(&filters, side as usize, step, dilation, conv.groups)?
    } else {
        let x = bordered(&bordered(x, 2, border[0])?, 3, border[1])?;
        x.contiguous()?.conv2d(&filters, 0, step, dilation, conv.groups)?
    };
    every(&every(&y, 2, stride[0] / step)?, 3, stride[1] / step)
}

/// The largest step that divides both.
fn common([a, b]: [usize; 2]) -> usize {
    if b == 0 { a } else { common([b, a % b]) }
}

/// Every `step`-th row or column.
fn every(x: &Tensor, dim: usize, step: usize) -> Result<Tensor> {
    if step == 1 {
        return Ok(x.clone());
    }
    let places = Tensor::arange_step(0u32, x.dim(dim)? as u32, step as u32, x.device())?;
    Ok(x.index_select(&places, dim)?)
}

fn bordered(x: &Tensor, dim: usize, [before, after]: [isize; 2]) -> Result<Tensor> {
    let start = (-before).max(0) as usize;
    let end = x.dim(dim)? - (-after).max(0) as usize;
    let x = x.narrow(dim, start, end - start)?;
    Ok(x.pad_with_zeros(dim, before.max(0) as usize, after.max(0) as usize)?)
}

/// Puts `step - 1` rows and columns of zeros between neighbouring ones.
fn spread(x: &Tensor, step: [usize; 2]) -> Result<Tensor> {
    if step == [1; 2] {
        return Ok(x.clone());
    }
    let (batch, channels, rows, columns) = x.dims4()?;
    let wide = x.reshape((batch, channels, rows, 1, columns, 1))?;
    let wide = wide.pad_with_zeros(3, 0, step[0] - 1)?.pad_with_zeros(5, 0, step[1] - 1)?;
    let wide = wide.reshape((batch, channels, rows * step[0], columns * step[1]))?;
    Ok(wide.narrow(2, 0, (rows - 1) * step[0] + 1)?.narrow(3, 0, (columns - 1) * step[1] + 1)?.contiguous()?)
}
