//! Operators that join or order channels: concatenation, channels of zeros, channels of groups in turn.

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

pub(super) fn shuffle_shape(groups: usize, input: &[usize]) -> Result<Vec<usize>, String> {
    let [channels, ..] = shapes::maps(input)?;
    match groups > 0 && channels.is_multiple_of(groups) {
        true => Ok(input.to_vec()),
        false => Err(format!("{channels} channels do not divide into {groups} groups")),
    }
}

/// The first channel of each group, then the second of each, and so on.
pub(super) fn shuffle(x: &Tensor, groups: usize) -> Result<Tensor> {
    let (batch, channels, height, width) = x.dims4()?;
    let split = x.contiguous()?.reshape((batch, groups, channels / groups, height * width))?;
    Ok(split.transpose(1, 2)?.contiguous()?.reshape((batch, channels, height, width))?)
}
