//! A run of training on a thread of its own, and the handle on it.

use super::{look::LookWish, state::TrainingState, work::work};
use crate::{
    error::Result,
    picture::Picture,
    train::{TrainingRecipe, data::DataSource},
    ui::background::worker::spawn,
    watch::Watch,
};
use eframe::egui::Context;
use std::{
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
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

/// A run. Dropping it ends the run after the present layer of the present batch; its checkpoints stay.
pub struct TrainingSession {
    /// The folder that the run writes to.
    pub folder: PathBuf,
    shared: Arc<SharedTraining>,
    watch: Watch,
    thread: Option<JoinHandle<()>>,
}

/// State that the run's thread and the window share.
#[derive(Default)]
pub(super) struct SharedTraining {
    state: Mutex<TrainingState>,
    controls: Mutex<TrainingControls>,
    changed: Condvar,
}

#[derive(Default)]
struct TrainingControls {
    paused: bool,
    wish: LookWish,
    /// When a pane last showed the run.
    seen: Option<Instant>,
}

/// A run that no pane showed for so long is not looked at.
const UNSEEN: Duration = Duration::from_secs(2);

impl SharedTraining {
    pub fn state(&self) -> MutexGuard<'_, TrainingState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn controls(&self) -> MutexGuard<'_, TrainingControls> {
        self.controls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What panes show of the run; `None` while none does.
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
}

impl TrainingSession {
    /// Starts a run, or goes on with it.
    ///
    /// # Errors
    /// [`crate::Error::Failed`] when the system has no thread to give.
    pub fn start(order: TrainingOrder, ctx: &Context) -> Result<Self> {
        let (shared, watch) = (Arc::<SharedTraining>::default(), Watch::default());
        let folder = order.folder.clone();
        shared.state().title[0].clone_from(&order.network);
        let (own, own_watch, ctx) = (Arc::clone(&shared), watch.clone(), ctx.clone());
        let thread = spawn("training", move || work(&order, &own, &own_watch, &ctx))?;
        Ok(TrainingSession { folder, shared, watch, thread: Some(thread) })
    }

    /// The state at present.
    pub fn state(&self) -> TrainingState {
        self.shared.state().clone()
    }

    /// Says that a pane shows the run, with this picture and the maps of this layer.
    pub fn show(&self, picture: Option<&Picture>, layer: Option<&str>) {
        let mut controls = self.shared.controls();
        controls.seen = Some(Instant::now());
        let same = |a: &Picture, b: &Picture| Arc::ptr_eq(&a.pixels, &b.pixels);
        let is_same = match (&controls.wish.picture, picture) {
            (Some(a), Some(b)) => same(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        if !is_same {
            controls.wish.picture = picture.cloned();
        }
        if controls.wish.layer.as_deref() != layer {
            controls.wish.layer = layer.map(str::to_owned);
        }
    }

    /// Pauses the run after the present batch, or lets it go on.
    pub fn pause(&self, paused: bool) {
        self.shared.controls().paused = paused;
        self.shared.changed.notify_all();
    }

    /// Ends the run. It can go on after its last whole epoch.
    pub fn stop(&self) {
        self.watch.cancel();
        // Under the lock: between its check and its wait the thread would miss the notification.
        drop(self.shared.controls());
        self.shared.changed.notify_all();
    }
}

impl Drop for TrainingSession {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            // The thread catches its panics; if it did not, nothing could be done about it here.
            let _ = thread.join();
        }
    }
}
