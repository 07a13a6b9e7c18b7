//! The handle on the checkpoints of a run.

use super::{
    jobs::JobContext,
    queue::{EpochLayer, EvolutionJob, EvolutionLook, EvolutionQueue, EvolutionWish, PictureOrigin, UnitTiles},
};
use crate::{
    Result,
    engine::{DeviceChoice, Model, Run, lower_priority},
    net::NodeId,
    picture::{Alteration, Picture},
    train::{Checkpoint, Epoch},
    ui::background::worker::{SharedState, WorkerThread},
};
use eframe::egui::{Context, TextureHandle};
use std::{
    path::PathBuf,
    sync::{Arc, Once},
    time::Instant,
};

/// The checkpoints of a run. Dropping it ends their thread after its present job.
pub struct EvolutionSession {
    /// The folder of the run.
    pub folder: PathBuf,
    worker: WorkerThread<EvolutionQueue>,
}

impl EvolutionSession {
    /// Opens a folder of checkpoints of a network, or of the one that they belong to ([`crate::engine::BY_FILE`]), at its
    /// last epoch.
    ///
    /// # Errors
    /// [`crate::Error::Failed`] when the system has no thread to give.
    pub fn start(folder: PathBuf, network: &str, device: DeviceChoice, ctx: Context) -> Result<Self> {
        let context = JobContext { folder: folder.clone(), network: network.to_owned(), device, ctx };
        let once = Once::new();
        let work = move |shared: &SharedState<EvolutionQueue>, job: EvolutionJob| {
            once.call_once(lower_priority);
            context.work(shared, job);
        };
        let worker = WorkerThread::start("evolution", EvolutionQueue::default(), EvolutionQueue::job, work)?;
        Ok(EvolutionSession { folder, worker })
    }

    /// The checkpoints.
    pub fn files(&self) -> Arc<Vec<Checkpoint>> {
        Arc::clone(&self.worker.lock().files)
    }

    /// The whole epochs of the run, where its folder says so.
    pub fn metrics(&self) -> Arc<Vec<Epoch>> {
        Arc::clone(&self.worker.lock().metrics)
    }

    /// The place of the checkpoint on screen, or on its way.
    pub fn at(&self) -> usize {
        self.worker.lock().at
    }

    /// Why the checkpoints cannot be shown.
    pub fn failed(&self) -> Option<String> {
        self.worker.lock().failed.clone()
    }

    /// Why the contents of the pane that were asked for cannot be made.
    pub fn refused(&self) -> Option<String> {
        let state = self.worker.lock();
        let refused = state.refused.as_ref().filter(|(wish, _)| state.wish.as_ref() == Some(wish));
        refused.map(|(_, why)| why.clone())
    }

    /// Whether a checkpoint is on its way to the screen.
    pub fn is_coming(&self) -> bool {
        let state = self.worker.lock();
        state.coming && state.failed.is_none()
    }

    /// Goes to a checkpoint.
    pub fn go(&self, index: usize) {
        let mut state = self.worker.lock();
        state.at = index.min(state.files.len().saturating_sub(1));
        state.coming = true;
        drop(state);
        self.worker.wake();
    }

    /// The checkpoint that was asked for, once the picture has run through it; it then counts as being on screen.
    pub fn arrived(&self) -> Option<(Arc<Model>, Arc<Run>)> {
        let mut state = self.worker.lock();
        let at = state.at;
        let found = state.models.get(at).cloned().flatten().zip(state.runs.get(at).cloned().flatten());
        let found = found.filter(|_| state.coming)?;
        state.coming = false;
        Some(found)
    }

    /// The runs through the checkpoints beside the one on screen, as far as they are ready.
    pub fn beside(&self) -> Vec<Arc<Run>> {
        let state = self.worker.lock();
        let places = [state.at.checked_add(1), state.at.checked_sub(1)];
        places.into_iter().flatten().filter_map(|index| state.runs.get(index).cloned().flatten()).collect()
    }

    /// Whether a model is one of the checkpoints that are ready.
    pub fn holds(&self, model: &Model) -> bool {
        self.worker.lock().models.iter().flatten().any(|own| own.is_same_network(model))
    }

    /// The picture on screen, which runs through the checkpoints.
    pub fn set_picture(&self, picture: Option<&Picture>, alteration: Alteration) {
        let Some(picture) = picture else { return };
        let mut state = self.worker.lock();
        let same = |(now, altered): &(Picture, _)| Arc::ptr_eq(&now.pixels, &picture.pixels) && *altered == alteration;
        let is_same = state.picture.as_ref().is_some_and(same);
        if !is_same {
            state.picture = Some((picture.clone(), alteration));
            state.since = Some(Instant::now());
            state.runs.iter_mut().for_each(|run| *run = None);
        }
        let due = !is_same || state.is_due();
        drop(state);
        if due {
            self.worker.wake();
        }
    }

    /// Says what the pane shows: a look at a layer and a unit, over these pictures. `whole` asks for the filters of the whole
    /// layer.
    pub fn show(&self, look: EvolutionLook, (layer, unit, whole): (NodeId, usize, bool), origin: PictureOrigin) {
        let wish = EvolutionWish { look, layer, unit, whole, origin };
        let mut state = self.worker.lock();
        let changed = state.wish.as_ref() != Some(&wish);
        state.wish = Some(wish);
        let due = changed || state.is_due();
        drop(state);
        if due {
            self.worker.wake();
        }
    }

    /// The places of the checkpoints that the pane compares.
    pub fn compared(&self) -> Vec<usize> {
        self.worker.lock().compared()
    }

    /// Number of pictures that units are searched in.
    pub fn searched(&self) -> usize {
        self.worker.lock().pictures.as_ref().map_or(0, |(_, pictures)| pictures.len())
    }

    /// A layer at a checkpoint, once it is known.
    pub fn layer(&self, layer: NodeId, index: usize) -> Option<Arc<EpochLayer>> {
        self.worker.lock().layers.get(&(layer, index)).cloned()
    }

    /// A unit's strongest activation at a checkpoint, once it is found.
    pub fn unit(&self, layer: NodeId, unit: usize, index: usize) -> Option<UnitTiles> {
        self.worker.lock().units.get(&(layer, unit, index)).cloned()
    }

    /// The filters of a layer, or of one unit of it, at a checkpoint, once they are painted.
    pub fn filters(&self, layer: NodeId, unit: Option<usize>, index: usize) -> Option<TextureHandle> {
        self.worker.lock().sheets.get(&(layer, unit, index)).cloned()
    }
}
