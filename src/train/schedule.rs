//! The learning rate over a run, as a factor of the recipe's rate.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::{f64::consts::PI, str::FromStr};

/// How the learning rate changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// It stays.
    Constant,
    /// A tenth after each of these shares of the run.
    Step(Vec<f64>),
    /// A tenth whenever the loss on the test pictures has not fallen for so many epochs.
    Plateau(usize),
    /// Half a cosine down to 0 (Loshchilov and Hutter 2017).
    #[default]
    Cosine,
    /// Up from a 25th in the first 30 percent of the run, then down to nearly 0, each half a cosine (Smith 2018).
    OneCycle,
}

impl FromStr for Schedule {
    type Err = Error;

    /// `constant`, `cosine`, `one-cycle`, `plateau` or `plateau:EPOCHS`, `step:SHARE,SHARE,...`.
    fn from_str(text: &str) -> Result<Self> {
        let (name, rest) = text.split_once(':').map_or((text, None), |(name, rest)| (name, Some(rest)));
        let unknown = || {
            let known = "constant, cosine, one-cycle, plateau:EPOCHS, step:SHARE,SHARE";
            Error::Usage(format!("unknown schedule '{text}': {known}"))
        };
        match (name, rest) {
            ("constant", None) => Ok(Schedule::Constant),
            ("cosine", None) => Ok(Schedule::Cosine),
            ("one-cycle", None) => Ok(Schedule::OneCycle),
            ("plateau", rest) => rest.map_or(Ok(10), |n| n.parse().map_err(|_| unknown())).map(Schedule::Plateau),
            ("step", rest) => {
                let shares = rest.unwrap_or("0.5,0.75").split(',').map(|share| share.trim().parse::<f64>());
                let shares = shares.collect::<Result<Vec<_>, _>>().map_err(|_| unknown())?;
                match shares.iter().all(|share| (0.0..1.0).contains(share)) {
                    true => Ok(Schedule::Step(shares)),
                    false => Err(Error::Usage(format!("the steps of '{text}' are shares of the run, each below 1"))),
                }
            }
            _ => Err(unknown()),
        }
    }
}

/// The state of a plateau schedule, which checkpoints keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    /// The lowest loss so far; 0 before the first epoch.
    pub best: f64,
    /// Epochs since then.
    pub waited: usize,
    /// Times the rate fell.
    pub falls: i32,
}

impl Plateau {
    /// Takes up the loss of an epoch.
    pub fn see(&mut self, loss: f64, patience: usize) {
        if self.best == 0.0 || loss < self.best * (1.0 - 1e-4) {
            (self.best, self.waited) = (loss, 0);
            return;
        }
        self.waited += 1;
        if self.waited > patience {
            (self.waited, self.falls) = (0, self.falls + 1);
        }
    }
}

impl Schedule {
    /// The factor at a step of `total`, of which the first `warm_up` rise evenly from 0.
    pub fn factor(&self, step: usize, total: usize, warm_up: usize, plateau: &Plateau) -> f64 {
        if step < warm_up {
            return (step + 1) as f64 / warm_up as f64;
        }
        let share = (step - warm_up) as f64 / total.saturating_sub(warm_up).max(1) as f64;
        let half_cosine = |from: f64, to: f64, share: f64| to + (from - to) * (1.0 + (PI * share.min(1.0)).cos()) / 2.0;
        match self {
            Schedule::Constant => 1.0,
            Schedule::Step(shares) => 0.1f64.powi(shares.iter().filter(|&&at| share >= at).count() as i32),
            Schedule::Plateau(_) => 0.1f64.powi(plateau.falls),
            Schedule::Cosine => half_cosine(1.0, 0.0, share),
            Schedule::OneCycle if share < 0.3 => half_cosine(0.04, 1.0, share / 0.3),
            Schedule::OneCycle => half_cosine(1.0, 4e-6, (share - 0.3) / 0.7),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn factors_at_known_places() {
        let at = |text: &str, step: usize| text.parse::<Schedule>().unwrap().factor(step, 100, 0, &Plateau::default());
        assert_eq!(
            [0, 49, 50, 75].map(|step| (at("step:0.5,0.75", step) * 1e3).round()),
            [1000.0, 1000.0, 100.0, 10.0]
        );
        assert!((at("cosine", 50) - 0.5).abs() < 1e-12 && at("cosine", 0) == 1.0);
        assert!((at("one-cycle", 0) - 0.04).abs() < 1e-12 && (at("one-cycle", 30) - 1.0).abs() < 1e-12);
        assert_eq!(Schedule::Cosine.factor(4, 100, 10, &Plateau::default()), 0.5);
        for wrong in ["", "cosine:3", "step:2", "plateau:x"] {
            assert!(wrong.parse::<Schedule>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_plateau_lowers_the_rate_after_its_patience() {
        let mut plateau = Plateau::default();
        [1.0, 0.9, 0.91, 0.92, 0.93].iter().for_each(|&loss| plateau.see(loss, 2));
        assert_eq!(plateau, Plateau { best: 0.9, waited: 0, falls: 1 });
        assert!((Schedule::Plateau(2).factor(3, 9, 0, &plateau) - 0.1).abs() < 1e-12);
    }
}
