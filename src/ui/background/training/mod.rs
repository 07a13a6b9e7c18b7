//! Training in the window: a run on threads of its own, which panes start, pause, look at and stop.
//!
//! Its kernels run on a pool of their own at the lowest priority: what a person looks at meanwhile goes first.

mod look;
mod session;
mod shared;
mod state;
mod work;

pub use look::TrainingLook;
pub use session::TrainingSession;
pub use shared::TrainingOrder;
pub use state::{TrainingPhase, TrainingState};

use std::path::PathBuf;

/// A folder that a dialog brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrainingPick {
    /// The folder of the pictures.
    Data(PathBuf),
    /// The folder of the run.
    Run(PathBuf),
}

/// The run of this window, if one was started, as panes see it.
#[derive(Default)]
pub struct TrainingDesk {
    /// The run.
    pub session: Option<TrainingSession>,
    /// Its state in this frame.
    pub state: TrainingState,
    /// The folder that a dialog brought last, with a number that grows with each.
    pub picked: Option<(u64, TrainingPick)>,
}

impl TrainingDesk {
    /// Takes in what happened since the last frame; returns the sentence about a run that has just ended.
    pub fn refresh(&mut self) -> Option<Result<String, String>> {
        let session = self.session.as_ref()?;
        let before = std::mem::replace(&mut self.state, session.state());
        (before.phase.is_on() && !self.state.phase.is_on()).then(|| self.state.ended())
    }

    /// Keeps a folder that a dialog brought.
    pub fn pick(&mut self, pick: TrainingPick) {
        let number = self.picked.as_ref().map_or(0, |(number, _)| *number);
        self.picked = Some((number + 1, pick));
    }
}
