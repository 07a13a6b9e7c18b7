//! The state of a run in the window.

use super::look::TrainingLook;
use crate::train::{Epoch, TrainingProgress};
use std::sync::Arc;

/// Points of the curve within epochs, of which every second is dropped when there are more.
const POINTS: usize = 2000;

/// The phase of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum TrainingPhase {
    /// It reads its pictures.
    #[default]
    Reading,
    /// It learns.
    Learning,
    /// It waits to be resumed.
    Paused,
    /// Its last epoch is done.
    Finished,
    /// It was stopped, and can go on after its last whole epoch.
    Stopped,
    /// It ended early, for this reason.
    Failed(String),
}

impl TrainingPhase {
    /// Whether the run's thread is at work, or waits to be.
    pub fn is_on(&self) -> bool {
        matches!(self, TrainingPhase::Reading | TrainingPhase::Learning | TrainingPhase::Paused)
    }
}

/// A run as panes see it.
#[derive(Clone, Default)]
pub struct TrainingState {
    /// Its phase.
    pub phase: TrainingPhase,
    /// The network's title, and the data's name.
    pub title: [String; 2],
    /// Pictures to learn from and to test with.
    pub pictures: [usize; 2],
    /// Share of the pictures that are read.
    pub read: f32,
    /// The run between the last two batches.
    pub progress: Option<TrainingProgress>,
    /// Its whole epochs.
    pub epochs: Arc<Vec<Epoch>>,
    /// Within the epochs: epochs done, the mean loss of the epoch so far, and the share of right pictures.
    pub within: Arc<Vec<[f64; 3]>>,
    /// The names of the network's layers.
    pub layers: Arc<Vec<String>>,
    /// The network as it was a moment ago.
    pub look: Option<Arc<TrainingLook>>,
    /// The share of the run's time that looking at it takes.
    pub looking: f64,
}

impl TrainingState {
    /// Adds a point to the curve within epochs.
    pub(super) fn note(&mut self, point: [f64; 3]) {
        let within = Arc::make_mut(&mut self.within);
        within.push(point);
        if within.len() > POINTS {
            let mut index = 0;
            within.retain(|_| {
                index += 1;
                index % 2 == 0
            });
        }
    }

    /// The sentence about a run that has ended.
    pub(super) fn ended(&self) -> Result<String, String> {
        let name = &self.title[0];
        let right = self.epochs.last().map_or_else(String::new, |last| {
            format!(" after epoch {}, {:.2}% right in the test", last.epoch, 100.0 * last.test_top1)
        });
        match &self.phase {
            TrainingPhase::Failed(why) => Err(format!("the training of {name} ended: {why}")),
            TrainingPhase::Stopped => Ok(format!("Training of {name} stopped{right}")),
            _ => Ok(format!("Trained {name}{right}")),
        }
    }
}
