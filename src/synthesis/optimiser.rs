//! Optimisers, which turn a gradient into a step.

use super::{images::Images, parameters as p};
use crate::methods::Settings;

/// Adam's decay rates and the number that keeps it from dividing by zero (Kingma and Ba 2015).
const BETAS: [f32; 2] = [0.9, 0.999];
const EPSILON: f32 = 1e-8;

/// An optimiser's memory; empty at the start, and after a change of optimiser.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct OptimiserMemory {
    /// The optimiser it belongs to.
    kind: &'static str,
    steps: i32,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl OptimiserMemory {
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        (self.first.len() + self.second.len()) * size_of::<f32>()
    }

    /// Adds a step up the gradient to `params`.
    pub fn step(&mut self, settings: &Settings, params: &mut Images, gradient: &Images) {
        let rate = settings.number(&p::RATE) as f32;
        let kind = settings.choice(&p::OPTIMISER);
        if self.kind != kind {
            *self = OptimiserMemory { kind, ..OptimiserMemory::default() };
        }
        let gradient =
            if settings.choice(&p::GRADIENT) == "normalised" { normalised(gradient) } else { gradient.clone() };
        self.steps += 1;
        match kind {
            "momentum" => {
                let keep = settings.number(&p::MOMENTUM) as f32;
                self.first.resize(gradient.values.len(), 0.0);
                for ((value, speed), g) in params.values.iter_mut().zip(&mut self.first).zip(&gradient.values) {
                    *speed = keep * *speed + g;
                    *value += rate * *speed;
                }
            }
            "adam" => {
                self.first.resize(gradient.values.len(), 0.0);
                self.second.resize(gradient.values.len(), 0.0);
                let [scale, spread] = BETAS.map(|beta| 1.0 - beta.powi(self.steps));
                let moments = self.first.iter_mut().zip(&mut self.second);
                for ((value, (first, second)), g) in params.values.iter_mut().zip(moments).zip(&gradient.values) {
                    *first += (1.0 - BETAS[0]) * (g - *first);
                    *second += (1.0 - BETAS[1]) * (g * g - *second);
                    *value += rate / scale * *first / ((*second / spread).sqrt() + EPSILON);
                }
            }
            _ => params.add(&gradient, rate),
        }
    }
}

/// Every picture's gradient divided by the mean of its sizes.
fn normalised(gradient: &Images) -> Images {
    let mut out = gradient.clone();
    for one in out.values.chunks_exact_mut(gradient.dims[1..].iter().product()) {
        let mean = one.iter().map(|g| f64::from(g.abs())).sum::<f64>() / one.len() as f64;
        if mean > 0.0 {
            one.iter_mut().for_each(|g| *g = (f64::from(*g) / mean) as f32);
        }
    }
    out
}
