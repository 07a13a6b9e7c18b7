//! The contents of the cache, and the next job of its thread.

use crate::{
    engine::{LayerView, Run},
    error::Result,
    gpu::Atlas,
    net::NodeId,
    ui::background::textures::Pictures,
};
use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

/// GPU memory that feature maps may take, in bytes.
const BUDGET: u64 = 512 << 20;

/// Maps of a layer: a run's id, that of a run whose maps are taken from its, and the layer.
pub(super) type AtlasKey = (u64, Option<u64>, NodeId);

/// A request: a layer of a run, or the difference of two runs in a layer.
#[derive(Clone)]
pub(super) struct Wish {
    pub run: Arc<Run>,
    pub minus: Option<Arc<Run>>,
    pub node: NodeId,
}

impl Wish {
    pub fn key(&self) -> AtlasKey {
        (self.run.id, self.minus.as_ref().map(|run| run.id), self.node)
    }

    /// The maps; of a difference, computed here.
    pub fn layer(&self) -> Result<LayerView> {
        let layer = &self.run.layers[self.node];
        self.minus.as_ref().map_or_else(|| Ok(layer.clone()), |minus| layer.minus(&minus.layers[self.node]))
    }
}

/// Maps on the GPU with their values, or why there are none.
pub(super) type Uploaded = Result<(Atlas, LayerView), String>;

/// All that the thread and the window share.
#[derive(Default)]
pub(super) struct CacheQueue {
    /// The run whose layers are uploaded ahead of need.
    pub run: Option<Arc<Run>>,
    /// Of the runs that somebody still holds: the one on screen, and those that panes are pinned to.
    pub alive: HashMap<u64, Weak<Run>>,
    pub pictures: HashMap<u64, Arc<Pictures>>,
    pub atlases: HashMap<AtlasKey, (u64, Uploaded)>,
    pub wanted: Vec<Wish>,
    pub unpainted: Vec<Arc<Run>>,
    pub focus: NodeId,
    pub clock: u64,
}

/// A job of the thread.
pub(super) enum CacheJob {
    Pictures(Arc<Run>),
    Upload(Wish),
}

impl CacheQueue {
    pub fn job(&mut self) -> Option<CacheJob> {
        let atlases = &self.atlases;
        self.wanted.retain(|wish| wish.node < wish.run.layers.len() && !atlases.contains_key(&wish.key()));
        // The selected layer first, then the picture and the thumbnails, then the newest wish.
        let focus =
            |wish: &&Wish| self.run.as_ref().is_some_and(|run| run.id == wish.run.id) && wish.node == self.focus;
        if let Some(wish) = self.wanted.iter().rfind(focus) {
            return Some(CacheJob::Upload(wish.clone()));
        }
        if let Some(run) = self.unpainted.first() {
            return Some(CacheJob::Pictures(Arc::clone(run)));
        }
        if let Some(wish) = self.wanted.last() {
            return Some(CacheJob::Upload(wish.clone()));
        }
        // Uploads ahead of need never evict another layer.
        let run = self.run.as_ref()?;
        let missing = |&node: &NodeId| !self.atlases.contains_key(&(run.id, None, node));
        let fits = |&node: &NodeId| self.bytes() + bytes(&run.layers[node]) <= BUDGET;
        let near = |&node: &NodeId| node.abs_diff(self.focus);
        let ahead = (0..run.layers.len()).filter(missing).filter(fits).min_by_key(near)?;
        Some(CacheJob::Upload(Wish { run: Arc::clone(run), minus: None, node: ahead }))
    }

    /// Drops everything about runs that are no longer in use.
    pub fn forget(&mut self) {
        self.alive.retain(|_, run| run.strong_count() > 0);
        let alive = &self.alive;
        let is_alive =
            |(run, minus, _): &AtlasKey| alive.contains_key(run) && minus.is_none_or(|run| alive.contains_key(&run));
        self.atlases.retain(|key, _| is_alive(key));
        self.pictures.retain(|run, _| alive.contains_key(run));
    }

    fn bytes(&self) -> u64 {
        self.atlases.values().map(|(_, found)| found.as_ref().map_or(0, |(atlas, _)| atlas.bytes())).sum()
    }

    pub fn evict(&mut self) {
        while self.bytes() > BUDGET && self.atlases.len() > 1 {
            let oldest = self.atlases.iter().min_by_key(|(_, (used, _))| *used).map(|(&key, _)| key);
            oldest.map(|key| self.atlases.remove(&key));
        }
    }
}

fn bytes(layer: &LayerView) -> u64 {
    4 * layer.shape.iter().product::<usize>() as u64
}
