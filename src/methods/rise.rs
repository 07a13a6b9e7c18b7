//! RISE (Petsiuk, Das and Saenko 2018): random parts of the picture are shown. A pixel's value is the mean score over the
//! parts that contain it.

use super::{
    attribution::Attribution,
    method::Method,
    noise::Noise,
    question::Question,
    resize::{Align, bilinear},
    settings::Parameter,
    target::{Aim, Target},
};
use crate::{Result, kernels::to_vec};
use candle_core::Tensor;

const MASKS: Parameter = Parameter::count(
    "masks",
    "Random masks; the paper takes 4000, or 8000 for deep networks",
    [10, 8000],
    1000,
    "masks",
);
const CELLS: Parameter = Parameter::count("cells", "Cells of a mask along each side", [2, 32], 7, "cells");
const SHOWN: Parameter = Parameter::number("shown", "Share of the cells that are shown", [0.05, 0.95], 0.5, "");
const SEED: Parameter =
    Parameter::count("seed", "Seed of the masks: the same seed gives the same picture", [0, 9999], 0, "");

pub(super) const RISE: Method = Method {
    name: "rise",
    title: "RISE",
    formula: "A = Σ over n of S(x · mask n) · mask n / Σ over n of mask n",
    caution: "It is a mean over random masks: another seed gives a slightly different map.",
    paper: "Petsiuk, Das and Saenko 2018",
    about: "Random halves of the picture are shown to the network. How much more probable than on average the class is \
            when a pixel is among what is shown; it asks for nothing but the network's output.",
    parameters: &[MASKS, CELLS, SHOWN, SEED],
    slow: true,
    run,
    ..Method::BLANK
};

fn run(question: &Question) -> Result<Attribution> {
    let trace = question.trace;
    let settings = question.settings;
    let [channels, height, width] = trace.network().graph().input_shape();
    let picture = trace.values(0)?;
    let (count, shown) = (settings.count(&MASKS).max(1), settings.number(&SHOWN));
    let mask = |index: usize| {
        let seed = settings.count(&SEED) as u64;
        mask(&mut Noise::new(seed, index as u64), settings.count(&CELLS).max(2), shown, [height, width])
    };
    let make = &mut |start: usize, end: usize| {
        let mut batch = Vec::with_capacity((end - start) * picture.len());
        for index in start..end {
            let mask = mask(index);
            batch.extend(picture.iter().enumerate().map(|(at, &value)| value * mask[at % mask.len()]));
        }
        let batch = Tensor::from_vec(batch, (end - start, channels, height, width), trace.network().device())?;
        Ok(batch.to_dtype(trace.output(0).dtype())?)
    };
    let aim = question.aim()?;
    let outputs = question.outputs_of(&aim, 0, count, question.watch, make)?;
    let mut values = Vec::with_capacity(count);
    for output in &outputs {
        values.extend(outcome(question, &aim, output)?);
    }
    // Taken from each, the mean outcome changes nothing but a constant, and leaves less to chance.
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count as f64;
    let mut sum = vec![0f64; height * width];
    for (index, &value) in values.iter().enumerate() {
        sum.iter_mut().zip(mask(index)).for_each(|(sum, shown)| *sum += (f64::from(value) - mean) * f64::from(shown));
    }
    let scale = 1.0 / (count as f64 * shown);
    let values = sum.into_iter().map(|sum| (sum * scale) as f32).collect();
    Ok(Attribution { values, shape: [1, height, width], signed: true, ..Attribution::default() })
}

/// The outcome of an experiment for each picture of a batch: a class's probability, or another target's value.
pub(super) fn outcome(question: &Question, aim: &Aim, output: &Tensor) -> Result<Vec<f32>> {
    match question.target {
        Target::Class(class) => Ok(to_vec(&candle_nn::ops::softmax(output, 1)?.narrow(1, class, 1)?)?),
        _ => aim.values(output),
    }
}

/// A grid of cells, each shown or not, stretched to more than the picture and cut out at a random place.
fn mask(noise: &mut Noise, cells: usize, shown: f64, [height, width]: [usize; 2]) -> Vec<f32> {
    let grid: Vec<f32> = (0..cells * cells).map(|_| f32::from(noise.uniform() < shown)).collect();
    let cell = [height.div_ceil(cells), width.div_ceil(cells)];
    let large = [(cells + 1) * cell[0], (cells + 1) * cell[1]];
    let stretched = bilinear(&grid, [cells, cells], large, Align::Centres);
    let [top, left] = cell.map(|side| (noise.uniform() * side as f64) as usize);
    (0..height).flat_map(|row| stretched[(row + top) * large[1] + left..][..width].to_vec()).collect()
}
