//! A convolution whose units see only some of the input's channels (LeNet-5's C3). It runs as an ordinary convolution
//! with zero filters where the table has no connection.

use super::{
    conv::Conv,
    step::{LayerWeights, Step, WeightSpec},
};
use crate::{Result, net::shapes};
use candle_core::Tensor;

/// For each unit the channels it sees.
pub(in crate::net) type Table = [Vec<usize>];

fn dense(kernel: [usize; 2], table: &Table) -> Conv {
    Conv::rect(table.len(), kernel)
}

pub(super) fn output_shape(kernel: [usize; 2], table: &Table, input: &[usize]) -> Result<Vec<usize>, String> {
    let [channels, ..] = shapes::maps(input)?;
    match table.iter().flatten().find(|&&channel| channel >= channels) {
        Some(far) => Err(format!("its table names channel {far} of {channels}")),
        None => dense(kernel, table).output_shape(input),
    }
}

pub(super) fn parameters([height, width]: [usize; 2], table: &Table) -> Vec<WeightSpec> {
    WeightSpec::with_bias(vec![table.iter().map(Vec::len).sum(), height, width], table.len(), true)
}

/// The filters spread over all of the input's channels: `(units, channels, height, width)`.
pub(in crate::net) fn filters(table: &Table, channels: usize, weights: &LayerWeights) -> Result<Tensor> {
    let filters = &weights.all()[0];
    let (_, height, width) = filters.dims3()?;
    let places = places(table, channels, filters)?;
    let empty = Tensor::zeros((table.len() * channels, height, width), filters.dtype(), filters.device())?;
    Ok(empty.index_add(&places, filters, 0)?.reshape((table.len(), channels, height, width))?)
}

/// Where each connection lies among all pairs of a unit and a channel.
fn places(table: &Table, channels: usize, like: &Tensor) -> Result<Tensor> {
    let places = table.iter().enumerate().flat_map(|(unit, seen)| seen.iter().map(move |&c| unit * channels + c));
    let places: Vec<u32> = places.map(|place| place as u32).collect();
    Ok(Tensor::new(&places[..], like.device())?)
}

/// The gradient at the connections' filters.
pub(super) fn weight_gradient(kernel: [usize; 2], table: &Table, step: &Step) -> Result<Tensor> {
    let channels = step.input_shape()[0];
    let dense = dense(kernel, table).weight_gradient(step.values.input(0), step.grad)?;
    let pairs = dense.reshape((table.len() * channels, kernel[0], kernel[1]))?;
    Ok(pairs.index_select(&places(table, channels, step.grad)?, 0)?)
}

pub(super) fn forward(kernel: [usize; 2], table: &Table, x: &Tensor, weights: &LayerWeights) -> Result<Tensor> {
    dense(kernel, table).forward(x, &filters(table, x.dim(1)?, weights)?, weights)
}

pub(super) fn reverse(kernel: [usize; 2], table: &Table, step: &Step) -> Result<Tensor> {
    dense(kernel, table).reverse(step, || filters(table, step.input_shape()[0], step.weights))
}
