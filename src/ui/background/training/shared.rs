//! The state that the thread of a run and the window share.

use super::{look::LookWish, state::TrainingState};
use crate::{
    train::{TrainingRecipe, data::DataSource},
    watch::Watch,
};
use std::{
    path::PathBuf,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// A run to start, or to go on with: where its folder holds one, that run's own settings count.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingOrder {
    /// The network's name.
    pub network: String,
    /// Whether it starts from its trained weights.
    pub trained: bool,
    /// The pictures; those of the run in the folder where `None`.
    pub data: Option<DataSource>,
    /// The folder that the run writes to.
    pub folder: PathBuf,
    /// The settings.
    pub recipe: TrainingRecipe,
}

/// State that the run's thread and the window share.
#[derive(Default)]
pub(super) struct SharedTraining {
    state: Mutex<TrainingState>,
    controls: Mutex<TrainingControls>,
    changed: Condvar,
}

/// The wishes of the window.
#[derive(Default)]
pub(super) struct TrainingControls {
    paused: bool,
    pub wish: LookWish,
    /// The time at which a pane last showed the run.
    pub seen: Option<Instant>,
}

/// A run that no pane showed for so long is not looked at.
const UNSEEN: Duration = Duration::from_secs(2);

impl SharedTraining {
    pub fn state(&self) -> MutexGuard<'_, TrainingState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn controls(&self) -> MutexGuard<'_, TrainingControls> {
        self.controls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The picture and layer that panes show of the run; `None` while no pane does.
    pub fn wish(&self) -> Option<LookWish> {
        let controls = self.controls();
        let seen = controls.seen.is_some_and(|seen| seen.elapsed() < UNSEEN);
        seen.then(|| controls.wish.clone())
    }

    /// Whether the run has to wait.
    pub fn is_paused(&self) -> bool {
        self.controls().paused
    }

    /// Waits while the run is paused, but not after it was cancelled.
    pub fn wait(&self, watch: &Watch) {
        let mut controls = self.controls();
        while controls.paused && !watch.is_cancelled() {
            controls = self.changed.wait(controls).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Pauses the run after the present batch, or lets it go on.
    pub fn pause(&self, paused: bool) {
        self.controls().paused = paused;
        self.changed.notify_all();
    }

    /// Wakes the thread, so that it sees that it was cancelled.
    pub fn wake(&self) {
        // Under the lock: between its check and its wait the thread would miss the notification.
        drop(self.controls());
        self.changed.notify_all();
    }
}
