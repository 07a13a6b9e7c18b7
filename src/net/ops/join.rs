//! Operators that join or rearrange channels: sum, concatenation, channels of zeros.

use super::step::Step;
use crate::{Result, net::shapes};
use candle_core::Tensor;

pub(super) fn add_shape(inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
    match inputs.iter().find(|shape| **shape != inputs[0]) {
        Some(other) => Err(format!("its inputs differ in shape: {:?} and {other:?}", inputs[0])),
        None => Ok(inputs[0].to_vec()),
    }
}

pub(super) fn add(inputs: &[&Tensor]) -> Result<Tensor> {
    Ok(inputs[1..].iter().try_fold(inputs[0].clone(), |sum, more| sum + *more)?)
}

pub(super) fn concat_shape(inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
    let [mut channels, height, width] = shapes::maps(inputs[0])?;
    for shape in &inputs[1..] {
        match shapes::maps(shape)? {
            [more, h, w] if (h, w) == (height, width) => channels += more,
            _ => return Err(format!("its inputs differ in size: {:?} and {shape:?}", inputs[0])),
        }
    }
    Ok(vec![channels, height, width])
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
