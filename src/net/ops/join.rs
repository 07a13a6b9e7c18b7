//! Operators that join channels: concatenation, channels of zeros.

use super::step::Step;
use crate::{Result, net::shapes};
use candle_core::Tensor;

/// Inputs of any rank, one behind the other along the first axis.
pub(super) fn concat_shape(inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
    let mut shape = inputs[0].to_vec();
    for other in &inputs[1..] {
        match (shape.as_mut_slice(), *other) {
            ([channels, size @ ..], [more, same @ ..]) if size == same => *channels += more,
            _ => return Err(format!("its inputs differ in size: {:?} and {other:?}", inputs[0])),
        }
    }
    Ok(shape)
}

pub(super) fn concat_reverse(step: &Step) -> Result<Tensor> {
    let before: usize = (0..step.index).map(|index| step.values.input_shape(index)[0]).sum();
    Ok(step.grad.narrow(1, before, step.input_shape()[0])?.contiguous()?)
}

pub(super) fn pad_channels_shape(before: usize, after: usize, input: &[usize]) -> Result<Vec<usize>, String> {
    shapes::maps(input).map(|[channels, height, width]| vec![before + channels + after, height, width])
}

pub(super) fn pad_channels_reverse(step: &Step, before: usize) -> Result<Tensor> {
    Ok(step.grad.narrow(1, before, step.input_shape()[0])?.contiguous()?)
}
