//! Optimisers: from weights and their gradients to the next weights, with PyTorch's arithmetic.

use super::parameters::WeightTensor;
use crate::{Error, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// The rule of an optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UpdateRule {
    /// Stochastic gradient descent with momentum.
    Sgd,
    /// The same with Nesterov's momentum (Sutskever, Martens, Dahl and Hinton 2013).
    Nesterov,
    /// Adam (Kingma and Ba 2015); weight decay is added to the gradient.
    Adam,
    /// AdamW (Loshchilov and Hutter 2019): weight decay shrinks the weights.
    AdamW,
    /// RMSprop (Tieleman and Hinton 2012) with momentum.
    RmsProp,
}

impl UpdateRule {
    /// Every rule.
    pub const ALL: [UpdateRule; 5] =
        [UpdateRule::Sgd, UpdateRule::Nesterov, UpdateRule::Adam, UpdateRule::AdamW, UpdateRule::RmsProp];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            UpdateRule::Sgd => "sgd",
            UpdateRule::Nesterov => "nesterov",
            UpdateRule::Adam => "adam",
            UpdateRule::AdamW => "adamw",
            UpdateRule::RmsProp => "rmsprop",
        }
    }

    /// Whether it keeps mean squares of gradients.
    fn keeps_squares(self) -> bool {
        matches!(self, UpdateRule::Adam | UpdateRule::AdamW | UpdateRule::RmsProp)
    }
}

impl FromStr for UpdateRule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let names = || UpdateRule::ALL.map(UpdateRule::name).join(", ");
        let found = UpdateRule::ALL.into_iter().find(|rule| rule.name() == text);
        found.ok_or_else(|| Error::Usage(format!("unknown optimiser '{text}': {}", names())))
    }
}

/// A rule with its constants.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Optimiser {
    /// The rule.
    pub rule: UpdateRule,
    /// The learning rate before the schedule.
    pub rate: f64,
    /// Momentum; of Adam the first moment's, 0.9 as published.
    pub momentum: f64,
    /// The share of the squares that stays: Adam's beta 2, RMSprop's alpha.
    pub squares: f64,
    /// Added to the root of the squares.
    pub eps: f64,
    /// Weight decay, of weights that are neither biases nor of normalisations.
    pub decay: f64,
}

impl Optimiser {
    /// A rule with its usual constants.
    pub fn new(rule: UpdateRule, rate: f64, decay: f64) -> Self {
        let squares = if rule == UpdateRule::RmsProp { 0.99 } else { 0.999 };
        Optimiser { rule, rate, momentum: 0.9, squares, eps: 1e-8, decay }
    }

    /// Changes weights by their `gradient` in step number `step`, the first being 1. `rate` is the learning rate now.
    pub fn update(&self, parameter: &mut WeightTensor, gradient: &[f32], step: usize, rate: f64) {
        let count = parameter.values.len();
        parameter.momentum.resize(count, 0.0);
        if self.rule.keeps_squares() {
            parameter.squares.resize(count, 0.0);
        }
        let decay = if parameter.decays { self.decay } else { 0.0 };
        let job = Job { how: self, decay, step, rate: rate * parameter.rate };
        const PART: usize = 1 << 14;
        let parts = parameter.values.par_chunks_mut(PART).zip(gradient.par_chunks(PART));
        let parts = parts.zip(parameter.momentum.par_chunks_mut(PART));
        if self.rule.keeps_squares() {
            let parts = parts.zip(parameter.squares.par_chunks_mut(PART));
            parts.for_each(|(((values, gradient), momentum), squares)| job.adapt(values, gradient, momentum, squares));
        } else {
            parts.for_each(|((values, gradient), momentum)| job.descend(values, gradient, momentum));
        }
    }
}

/// One update.
struct Job<'a> {
    how: &'a Optimiser,
    decay: f64,
    step: usize,
    rate: f64,
}

impl Job<'_> {
    fn descend(&self, values: &mut [f32], gradient: &[f32], momentum: &mut [f32]) {
        let (decay, keep, rate) = (self.decay as f32, self.how.momentum as f32, self.rate as f32);
        for ((value, &gradient), held) in values.iter_mut().zip(gradient).zip(momentum) {
            let gradient = gradient + decay * *value;
            *held = if self.step == 1 { gradient } else { keep * *held + gradient };
            let change = if self.how.rule == UpdateRule::Nesterov { gradient + keep * *held } else { *held };
            *value -= rate * change;
        }
    }

    fn adapt(&self, values: &mut [f32], gradient: &[f32], momentum: &mut [f32], squares: &mut [f32]) {
        let Optimiser { rule, momentum: keep, squares: keep_squares, eps, .. } = *self.how;
        let unbiased = |keep: f64| 1.0 - keep.powi(self.step as i32);
        let (first, second) = (unbiased(keep), unbiased(keep_squares).sqrt());
        let shrink = if rule == UpdateRule::AdamW { (1.0 - self.rate * self.decay) as f32 } else { 1.0 };
        let decay = if rule == UpdateRule::AdamW { 0.0 } else { self.decay as f32 };
        let all = values.iter_mut().zip(gradient).zip(momentum).zip(squares);
        for (((value, &gradient), held), square) in all {
            *value *= shrink;
            let gradient = gradient + decay * *value;
            *square = keep_squares as f32 * *square + (1.0 - keep_squares) as f32 * gradient * gradient;
            if rule == UpdateRule::RmsProp {
                *held = keep as f32 * *held + gradient / (square.sqrt() + eps as f32);
                *value -= self.rate as f32 * *held;
            } else {
                *held += (gradient - *held) * (1.0 - keep) as f32;
                *value -= (self.rate / first) as f32 * *held / (square.sqrt() / second as f32 + eps as f32);
            }
        }
    }
}
