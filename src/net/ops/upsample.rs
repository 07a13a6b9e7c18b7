//! Maps made larger or smaller, by the nearest value or between neighbours, with each convention of where values lie.

use super::step::Step;
use crate::{
    Result,
    net::shapes::{self, Reach},
};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};

/// Where an output value lies on the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Coordinates {
    /// Values are areas: (x + 1/2) / scale - 1/2.
    HalfPixel,
    /// The first and last values of both lie on each other.
    AlignCorners,
    /// x / scale.
    Asymmetric,
}

/// A change of size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Upsample {
    /// Output values for an input value, along rows and columns; the size is rounded down.
    pub scale: [f64; 2],
    /// Between neighbours, not the nearest value.
    pub linear: bool,
    /// Where an output value lies on the input.
    pub coordinates: Coordinates,
    /// Without `linear`, takes the value at or before the position. When false, takes the nearest value, the earlier of
    /// two equally near.
    pub floor: bool,
}

/// For each output value along an axis two input values, and the share of the second.
type Taps = Vec<(usize, usize, f64)>;

impl Upsample {
    pub(super) fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        let [channels, height, width] = shapes::maps(input)?;
        let size = |axis: usize, size: usize| {
            let scaled = (size as f64 * self.scale[axis] + 1e-6).floor();
            // A map beyond this is no picture.
            let sensible = (1.0..=65536.0).contains(&scaled) && self.scale[axis].is_finite();
            sensible.then_some(scaled as usize).ok_or_else(|| format!("it makes maps of {scaled} values a side"))
        };
        Ok(vec![channels, size(0, height)?, size(1, width)?])
    }

    pub(super) fn reach(&self, axis: usize) -> Reach {
        Reach { span: if self.linear { 2 } else { 1 }, stride: 1.0 / self.scale[axis], pad: 0.0 }
    }

    fn taps(&self, axis: usize, input: usize, output: usize) -> Taps {
        let scale = self.scale[axis];
        let place = |x: usize| {
            let x = x as f64;
            match self.coordinates {
                Coordinates::HalfPixel => (x + 0.5) / scale - 0.5,
                Coordinates::AlignCorners => x * (input as f64 - 1.0) / (output as f64 - 1.0).max(1.0),
                Coordinates::Asymmetric => x / scale,
            }
        };
        let last = input as f64 - 1.0;
        let tap = |x: usize| {
            let at = place(x);
            if !self.linear {
                let near = if self.floor { at.floor() } else { (at - 0.5).ceil() }.clamp(0.0, last) as usize;
                return (near, near, 0.0);
            }
            let at = at.clamp(0.0, last);
            let first = at.floor();
            (first as usize, (first + 1.0).min(last) as usize, at - first)
        };
        (0..output).map(tap).collect()
    }

    pub(super) fn forward(&self, x: &Tensor, shape: &[usize]) -> Result<Tensor> {
        let mut y = x.clone();
        for axis in 0..2 {
            y = along(&y, axis + 2, &self.taps(axis, x.dim(axis + 2)?, shape[axis + 1]))?;
        }
        Ok(y)
    }

    pub(super) fn reverse(&self, step: &Step) -> Result<Tensor> {
        let mut grad = step.grad.clone();
        for axis in 0..2 {
            let size = step.input_size()[axis];
            grad = back_along(&grad, axis + 2, &self.taps(axis, size, step.shape[axis + 1]), size)?;
        }
        Ok(grad)
    }
}

/// Indices and shares of the first or second tap, ready for a dimension of `like`.
fn part(like: &Tensor, dim: usize, taps: &Taps, second: bool) -> Result<(Tensor, Tensor)> {
    let places: Vec<u32> = taps.iter().map(|&(a, b, _)| if second { b } else { a } as u32).collect();
    let shares: Vec<f64> = taps.iter().map(|&(.., share)| if second { share } else { 1.0 - share }).collect();
    let mut shape = vec![1; like.rank()];
    shape[dim] = taps.len();
    let shares = Tensor::from_vec(shares, shape, like.device())?.to_dtype(like.dtype())?;
    Ok((Tensor::from_vec(places, taps.len(), like.device())?, shares))
}

fn along(x: &Tensor, dim: usize, taps: &Taps) -> Result<Tensor> {
    let x = x.contiguous()?;
    let (places, shares) = part(&x, dim, taps, false)?;
    let first = x.index_select(&places, dim)?.broadcast_mul(&shares)?;
    let (places, shares) = part(&x, dim, taps, true)?;
    Ok((first + x.index_select(&places, dim)?.broadcast_mul(&shares)?)?)
}

fn back_along(grad: &Tensor, dim: usize, taps: &Taps, size: usize) -> Result<Tensor> {
    let mut shape = grad.dims().to_vec();
    shape[dim] = size;
    let mut back = Tensor::zeros(shape, grad.dtype(), grad.device())?;
    for second in [false, true] {
        let (places, shares) = part(grad, dim, taps, second)?;
        back = back.index_add(&places, &grad.broadcast_mul(&shares)?.contiguous()?, dim)?;
    }
    Ok(back)
}
