//! Operators that move values without changing them: reshape, transpose, slice, padding of maps.

use super::step::Step;
use crate::{
    Result,
    net::shapes::{self, Padding},
};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};

/// The values that padding adds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum PadMode {
    /// One value everywhere.
    Constant(f64),
    /// The map mirrored at its first and last values, which are not repeated.
    Reflect,
    /// The values at the edge.
    Edge,
}

pub(super) fn reshape_shape(shape: &[usize], input: &[usize]) -> Result<Vec<usize>, String> {
    match shape.iter().product::<usize>() == input.iter().product::<usize>() {
        true => Ok(shape.to_vec()),
        false => Err(format!("{input:?} cannot become {shape:?}")),
    }
}

/// To a shape without the batch.
pub(super) fn reshape(x: &Tensor, shape: &[usize]) -> Result<Tensor> {
    Ok(x.contiguous()?.reshape([&[x.dim(0)?], shape].concat())?)
}

pub(super) fn reshape_reverse(step: &Step) -> Result<Tensor> {
    Ok(step.grad.contiguous()?.reshape(step.input_dims())?)
}

pub(super) fn transpose_shape(order: &[usize], input: &[usize]) -> Result<Vec<usize>, String> {
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    match sorted.into_iter().eq(0..input.len()) {
        true => Ok(order.iter().map(|&axis| input[axis]).collect()),
        false => Err(format!("{order:?} is no order of {} axes", input.len())),
    }
}

/// Output axis i is input axis `order[i]`, the batch not counted.
pub(super) fn transpose(x: &Tensor, order: &[usize]) -> Result<Tensor> {
    let order: Vec<usize> = std::iter::once(0).chain(order.iter().map(|axis| axis + 1)).collect();
    Ok(x.permute(order)?.contiguous()?)
}

pub(super) fn transpose_reverse(step: &Step, order: &[usize]) -> Result<Tensor> {
    let mut back = vec![0; order.len()];
    order.iter().enumerate().for_each(|(place, &axis)| back[axis] = place);
    transpose(step.grad, &back)
}

/// Every `step`-th of the places along an axis, from `start` on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// The axis, the batch not counted.
    pub axis: usize,
    /// The first place.
    pub start: usize,
    /// From one place to the next; negative backwards.
    pub step: isize,
    /// How many.
    pub count: usize,
}

impl Slice {
    pub(super) fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        let size = *input.get(self.axis).ok_or_else(|| format!("{input:?} has no axis {}", self.axis))?;
        let last = self.start as isize + self.step.saturating_mul(self.count.saturating_sub(1) as isize);
        if self.count == 0 || self.start >= size || !(0..size as isize).contains(&last) {
            return Err(format!("it takes {} of {size} values from {} on", self.count, self.start));
        }
        let mut shape = input.to_vec();
        shape[self.axis] = self.count;
        Ok(shape)
    }

    fn places(&self) -> Vec<usize> {
        (0..self.count as isize).map(|index| (self.start as isize + index * self.step) as usize).collect()
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self.step {
            1 => Ok(x.narrow(self.axis + 1, self.start, self.count)?.contiguous()?),
            _ => taken(x, self.axis + 1, &self.places()),
        }
    }

    pub(super) fn reverse(&self, step: &Step) -> Result<Tensor> {
        given_back(step.grad, self.axis + 1, &self.places(), step.input_shape()[self.axis])
    }
}

/// The values at `places` along a dimension.
fn taken(x: &Tensor, dim: usize, places: &[usize]) -> Result<Tensor> {
    let places: Vec<u32> = places.iter().map(|&place| place as u32).collect();
    let count = places.len();
    Ok(x.contiguous()?.index_select(&Tensor::from_vec(places, count, x.device())?, dim)?)
}

/// The gradient of `taken` for an input of `size` values along the dimension.
fn given_back(grad: &Tensor, dim: usize, places: &[usize], size: usize) -> Result<Tensor> {
    let places: Vec<u32> = places.iter().map(|&place| place as u32).collect();
    let count = places.len();
    let places = Tensor::from_vec(places, count, grad.device())?;
    let mut shape = grad.dims().to_vec();
    shape[dim] = size;
    let empty = Tensor::zeros(shape, grad.dtype(), grad.device())?;
    Ok(empty.index_add(&places, &grad.contiguous()?, dim)?)
}

pub(super) fn pad_shape(padding: &Padding, mode: PadMode, input: &[usize]) -> Result<Vec<usize>, String> {
    let [channels, height, width] = shapes::maps(input)?;
    let sizes = [height, width];
    for (axis, size) in sizes.into_iter().enumerate() {
        let most = padding.along(axis).into_iter().max().unwrap_or(0);
        if size == 0 || mode == PadMode::Reflect && most >= size {
            return Err(format!("it mirrors {most} of {size} values"));
        }
    }
    let grown = |axis: usize| sizes[axis] + padding.along(axis).iter().sum::<usize>();
    Ok(vec![channels, grown(0), grown(1)])
}

/// For every place of the padded map along an axis the place of the map that it copies.
fn sources(size: usize, [before, after]: [usize; 2], mode: PadMode) -> Vec<usize> {
    let last = size as isize - 1;
    let source = |place: isize| match mode {
        PadMode::Reflect if place < 0 => -place,
        PadMode::Reflect if place > last => 2 * last - place,
        _ => place.clamp(0, last),
    };
    (-(before as isize)..(size + after) as isize).map(|place| source(place) as usize).collect()
}

pub(super) fn pad(x: &Tensor, padding: &Padding, mode: PadMode) -> Result<Tensor> {
    let mut y = x.clone();
    for axis in 0..2 {
        let [before, after] = padding.along(axis);
        y = match mode {
            // Zeros around the map moved by the value, then moved back.
            PadMode::Constant(value) => ((y - value)?.pad_with_zeros(axis + 2, before, after)? + value)?,
            _ => taken(&y, axis + 2, &sources(x.dim(axis + 2)?, [before, after], mode))?,
        };
    }
    Ok(y)
}

pub(super) fn pad_reverse(step: &Step, padding: &Padding, mode: PadMode) -> Result<Tensor> {
    let mut grad = step.grad.clone();
    for axis in 0..2 {
        let (size, sides) = (step.input_size()[axis], padding.along(axis));
        grad = match mode {
            PadMode::Constant(_) => grad.narrow(axis + 2, sides[0], size)?,
            _ => given_back(&grad, axis + 2, &sources(size, sides, mode), size)?,
        };
    }
    Ok(grad.contiguous()?)
}
