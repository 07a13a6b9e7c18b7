//! Sizes of windows along the axes of a map: how many fit, which inputs each covers, and what part of the picture a
//! value depends on.

use crate::{Result, kernels::Spans};
use candle_core::Tensor;
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

    /// Before and after the map along an axis: 0 for rows, 1 for columns.
    pub const fn along(&self, axis: usize) -> [usize; 2] {
        if axis == 0 { [self.top, self.bottom] } else { [self.left, self.right] }
    }
}

/// The windows of a convolution or pool along one axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Windows {
    pub kernel: usize,
    pub stride: usize,
    /// Zeros before and after the input.
    pub pad: [usize; 2],
    pub dilation: usize,
    /// Whether the count is rounded up.
    pub ceil: bool,
}

impl Windows {
    /// The number of windows on `n` values: floor((n + pad - dilation (kernel - 1) - 1) / stride) + 1, or with ceil in
    /// PyTorch's way.
    pub fn count(self, n: usize) -> Result<usize, String> {
        let Windows { kernel, stride, pad, dilation, ceil } = self;
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
}

/// A shape that is maps, as `[channels, height, width]`.
pub(super) fn maps(shape: &[usize]) -> Result<[usize; 3], String> {
    shape.try_into().map_err(|_| format!("it takes maps, not features of shape {shape:?}"))
}

/// A shape that is features, as their number.
pub(super) fn features(shape: &[usize]) -> Result<usize, String> {
    match shape {
        [count] => Ok(*count),
        _ => Err(format!("it takes features, not maps of shape {shape:?}")),
    }
}

/// Height and width of a tensor of maps.
pub(super) fn size_of(maps: &Tensor) -> Result<[usize; 2]> {
    let (_, _, height, width) = maps.dims4()?;
    Ok([height, width])
}

/// The windows along rows and along columns of adaptive pooling from one size to another.
pub(super) fn adaptive_spans([height, width]: [usize; 2], size: [usize; 2]) -> [Spans; 2] {
    [Spans::adaptive(height, size[0]), Spans::adaptive(width, size[1])]
}

/// The part of the picture one value of a layer depends on, along one axis (Araujo, Norris and Sim 2019).
///
/// The value at index i sees picture pixels `offset + i * stride` up to `offset + i * stride + size`, exclusive;
/// with padding the offset is negative.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Field {
    /// Pixels seen.
    pub size: usize,
    /// Pixels between the fields of neighbours (the "jump").
    pub stride: f64,
    /// First pixel that index 0 sees.
    pub offset: f64,
}

/// The inputs that one output of an operator depends on, along one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reach {
    /// Inputs from the first to the last.
    pub span: usize,
    /// Inputs between the first of one output and the first of the next.
    pub stride: f64,
    /// Padding before the first input.
    pub pad: f64,
}

impl Reach {
    /// The reach of an operator that takes one value for one value.
    pub const POINT: Reach = Reach { span: 1, stride: 1.0, pad: 0.0 };
}

impl Field {
    /// The field of the picture itself.
    pub(super) const PIXEL: Field = Field { size: 1, stride: 1.0, offset: 0.0 };

    /// The field behind an operator.
    pub(super) fn through(self, reach: Reach) -> Field {
        Field {
            size: self.size.saturating_add(((reach.span - 1) as f64 * self.stride).round() as usize),
            stride: self.stride * reach.stride,
            offset: self.offset - reach.pad * self.stride,
        }
    }

    /// The field of `places` values, `stride` pixels apart, each of which sees all of a picture of `size` pixels.
    pub(super) fn everywhere(size: usize, places: usize, stride: f64) -> Field {
        let around = (places.saturating_sub(1)) as f64 * stride;
        Field { size: size.saturating_add(around.round() as usize), stride, offset: -around }
    }

    /// The smallest field that holds both: where branches meet.
    pub(super) fn union(self, other: Field) -> Field {
        let offset = self.offset.min(other.offset);
        let end = (self.offset + self.size as f64).max(other.offset + other.size as f64);
        Field { size: (end - offset).ceil() as usize, stride: self.stride.max(other.stride), offset }
    }
}
