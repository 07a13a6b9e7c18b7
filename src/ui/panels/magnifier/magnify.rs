//! One value of a layer taken apart into what it is made of: the window of its input, the filter, the products.

use crate::{
    Result,
    engine::Run,
    kernels::to_vec,
    net::{NodeId, Op, Padding},
    ui::panels::lectures::convolution::convolve::WindowSteps,
};
use std::sync::Arc;

/// The operation that makes a value of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Products with the filter, added up.
    Sum,
    /// The largest.
    Max,
    /// The mean.
    Mean,
}

/// One value taken apart.
#[derive(Clone, Debug)]
pub struct Magnified {
    /// The node whose output it reads.
    pub input: NodeId,
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// The operation.
    pub way: Reduction,
    /// The sum of the products of each input unit.
    pub sums: Vec<f32>,
    /// Those that add most, of either sign: their places in `sums`, the largest first. At most [`LARGEST`].
    pub largest: Vec<usize>,
    /// The first input unit; the others follow.
    first: usize,
    /// The windows of all input units, one after the other.
    windows: Vec<Option<f32>>,
    /// Their filters likewise; empty for pools.
    weights: Vec<f32>,
    /// Added to the sum.
    pub bias: f32,
    /// The value.
    pub value: f32,
}

/// The contribution of one unit of the input.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The unit.
    pub unit: usize,
    /// Its values in the window, row by row; zero beyond its edge, where there is `None`.
    pub window: &'a [Option<f32>],
    /// The filter's weights; empty for pools.
    pub weights: &'a [f32],
    /// The sum of the products.
    pub sum: f32,
}

impl Part<'_> {
    /// The terms of the sum: the window's values, times the weights where there are any.
    pub fn products(&self) -> Vec<f32> {
        let values = self.window.iter().map(|value| value.unwrap_or(0.0));
        match self.weights.is_empty() {
            true => values.collect(),
            false => values.zip(self.weights).map(|(value, weight)| value * weight).collect(),
        }
    }
}

/// Number of parts that are sorted. A fully connected layer has tens of thousands.
pub const LARGEST: usize = 24;

impl Magnified {
    /// The part at a place in `sums`.
    pub fn part(&self, index: usize) -> Part<'_> {
        let taps = self.kernel[0] * self.kernel[1];
        let at = index * taps..(index + 1) * taps;
        Part {
            unit: self.first + index,
            window: &self.windows[at.clone()],
            weights: self.weights.get(at).unwrap_or_default(),
            sum: self.sums[index],
        }
    }

    /// All parts, in the order of their units.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        (0..self.sums.len()).map(|index| self.part(index))
    }

    /// The part of an input unit.
    pub fn of_unit(&self, unit: usize) -> Option<Part<'_>> {
        unit.checked_sub(self.first).filter(|&index| index < self.sums.len()).map(|index| self.part(index))
    }
}

/// Takes apart the value of `unit` at `row` and `column`; `None` for layers that are no windows on their input.
///
/// # Errors
/// When a tensor is not what it should be: a defect here.
pub fn magnify(run: &Arc<Run>, layer: NodeId, unit: usize, [row, column]: [usize; 2]) -> Result<Option<Magnified>> {
    let network = &run.model.network;
    let node = network.graph().node(layer);
    let Some(&input) = node.inputs.first() else { return Ok(None) };
    let [units, height, width] = network.graph().node(input).extent();
    let plain = |kernel: [usize; 2]| WindowSteps { kernel, stride: [1, 1], dilation: [1, 1], padding: Padding::all(0) };
    let (steps, way, seen, shape) = match &node.op {
        Op::Conv(conv) => {
            let of_group = units / conv.groups;
            let first = unit / (conv.out / conv.groups) * of_group;
            let (kernel, stride) = (conv.kernel, conv.stride);
            let steps = WindowSteps { kernel, stride, dilation: conv.dilation, padding: conv.padding };
            (steps, Reduction::Sum, first..first + of_group, [units, height, width])
        }
        Op::TableConv { kernel, .. } => (plain(*kernel), Reduction::Sum, 0..units, [units, height, width]),
        // Values in a row: each is a unit with a map of one.
        Op::Linear { .. } => (plain([1, 1]), Reduction::Sum, 0..units, [units, 1, 1]),
        Op::MaxPool(window) | Op::AvgPool { window, .. } => {
            let way = if matches!(node.op, Op::MaxPool(_)) { Reduction::Max } else { Reduction::Mean };
            let steps =
                WindowSteps { kernel: window.kernel, stride: window.stride, dilation: [1, 1], padding: window.padding };
            (steps, way, unit..unit + 1, [units, height, width])
        }
        _ => return Ok(None),
    };
    let (weights, bias) = match network.filters(layer)? {
        Some(filters) => {
            let bias = network.weights(layer).get(1).map(|bias| to_vec(&bias.get(unit)?.reshape(1)?)).transpose()?;
            (to_vec(&filters.get(unit)?)?, bias.and_then(|bias| bias.first().copied()).unwrap_or(0.0))
        }
        None => (Vec::new(), 0.0),
    };
    let taps = steps.taps([row, column], [shape[1], shape[2]]);
    let area = shape[1] * shape[2];
    let first = seen.start;
    let windows: Vec<Option<f32>> = run.layers[input].with_values(|values| {
        let window = |unit: usize| taps.iter().map(move |tap| tap.map(|at| values[unit * area + at]));
        seen.clone().flat_map(window).collect()
    })?;
    let sum = |(index, window): (usize, &[Option<f32>])| -> f32 {
        let weights = weights.get(index * taps.len()..).unwrap_or_default();
        window.iter().zip(weights).map(|(value, weight)| value.unwrap_or(0.0) * weight).sum()
    };
    let sums: Vec<f32> = windows.chunks_exact(taps.len()).enumerate().map(sum).collect();
    let larger = |a: &usize, b: &usize| sums[*b].abs().total_cmp(&sums[*a].abs());
    let mut largest: Vec<usize> = (0..sums.len()).collect();
    if largest.len() > LARGEST {
        largest.select_nth_unstable_by(LARGEST, larger);
        largest.truncate(LARGEST);
    }
    largest.sort_by(larger);
    let [_, rows, columns] = node.extent();
    let value = run.layers[layer].with_values(|values| values[(unit * rows + row) * columns + column])?;
    let kernel = steps.kernel;
    Ok(Some(Magnified { input, kernel, way, sums, largest, first, windows, weights, bias, value }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        engine::{Model, Opening},
        picture::{Picture, Preparation},
        watch::Watch,
    };
    use candle_core::Device;

    /// The parts add up to what the network computed, for every kind of window of several networks.
    #[test]
    fn the_parts_add_up() {
        for network in ["photonet", "lenet5", "alexnet_2012", "squeezenet1_1"] {
            let watch = Watch::default();
            let size = (network == "squeezenet1_1").then_some([64; 2]);
            let preparation = Preparation { size, ..Preparation::default() };
            let opening = Opening { preparation, ..Opening::of(network) };
            let Ok(model) = Model::open(&opening, &Device::Cpu, &watch) else { panic!("no network {network}") };
            let picture = Picture::from_source("sample:chelsea").unwrap();
            let run = Arc::new(Run::picture(&Arc::new(model), picture, &watch).unwrap());
            let mut seen = 0;
            for (layer, view) in run.layers.iter().enumerate() {
                let [units, height, width] = view.shape;
                for (unit, at) in
                    [(0, [0, 0]), (units - 1, [height - 1, width - 1]), (units / 2, [height / 2, width / 3])]
                {
                    let Some(found) = magnify(&run, layer, unit, at).unwrap() else { continue };
                    let inside = || found.part(0).window.iter().flatten();
                    let value = match found.way {
                        Reduction::Sum => found.sums.iter().sum::<f32>() + found.bias,
                        Reduction::Max => inside().copied().fold(f32::NEG_INFINITY, f32::max),
                        // Where the window reaches beyond the edge, what counts is the operator's affair.
                        Reduction::Mean if found.part(0).window.iter().any(Option::is_none) => found.value,
                        Reduction::Mean => inside().sum::<f32>() / found.part(0).window.len() as f32,
                    };
                    let size = found.sums.iter().map(|sum| sum.abs()).sum::<f32>().max(1.0);
                    assert!(
                        (value - found.value).abs() <= 1e-4 * size,
                        "{network} {layer} {unit} {at:?}: {value} {}",
                        found.value
                    );
                    let rest = (0..found.sums.len()).filter(|index| !found.largest.contains(index));
                    let last = found.largest.last().map_or(0.0, |&index| found.sums[index].abs());
                    assert!(rest.into_iter().all(|index| found.sums[index].abs() <= last), "{network} {layer}");
                    seen += 1;
                }
            }
            assert!(seen >= 12, "{network}: {seen}");
        }
    }
}
