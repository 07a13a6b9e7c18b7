//! A run of training on a thread of its own, and the handle on it.

use super::{
    shared::{SharedTraining, TrainingOrder},
    state::TrainingState,
    work::work,
};
use crate::{error::Result, picture::Picture, ui::background::worker::spawn, watch::Watch};
use eframe::egui::Context;
use std::{path::PathBuf, sync::Arc, thread::JoinHandle, time::Instant};

/// A run. Dropping it ends the run after the present layer of the present batch; its checkpoints stay.
pub struct TrainingSession {
    /// The folder that the run writes to.
    pub folder: PathBuf,
    shared: Arc<SharedTraining>,
    watch: Watch,
    thread: Option<JoinHandle<()>>,
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
        self.shared.pause(paused);
    }

    /// Ends the run. It can go on after its last whole epoch.
    pub fn stop(&self) {
        self.watch.cancel();
        self.shared.wake();
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
