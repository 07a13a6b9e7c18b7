//! The known facts of the checkpoints, and the next job of their thread.

use crate::{
    engine::{Model, Run},
    figures::LayerState,
    net::NodeId,
    picture::{Alteration, Picture},
    train::{Checkpoint, Epoch, chosen},
};
use eframe::egui::TextureHandle;
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

/// Memory for checkpoints and runs that are kept ready, in bytes.
const BUDGET: u64 = 1 << 30;
/// Checkpoints to each side of the one on screen that are ready before anything else.
const NEAR: usize = 2;
/// Checkpoints that the pane compares.
const COMPARED: usize = 12;
/// Time that a picture stays the same before it runs through checkpoints ahead of need.
const STAY: Duration = Duration::from_millis(250);
/// Time between two looks into the folder.
const LIST_EVERY: Duration = Duration::from_secs(2);
/// Layers and units of which the pane's contents are kept.
const MOST: usize = 400;

/// The part of the epochs that the pane shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum EvolutionLook {
    /// Curves of loss, accuracy and change.
    #[default]
    Curves,
    /// The layer's filters.
    Filters,
    /// The unit's strongest activation.
    Unit,
}

/// The pictures that units are searched in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PictureOrigin {
    /// The sample pictures.
    Samples,
    /// Pictures of a folder.
    Folder(PathBuf),
}

/// A layer at one epoch.
pub struct EpochLayer {
    /// The cosine between its weights and those of the last epoch.
    pub cosine: Option<f64>,
    /// Its activations.
    pub state: LayerState,
}

/// A unit's strongest activation at one epoch.
#[derive(Clone)]
pub struct UnitTiles {
    /// The picture's name.
    pub picture: String,
    /// The activation.
    pub activation: f32,
    /// The part of the picture, and the projection.
    pub tiles: [TextureHandle; 2],
}

/// The contents of the pane that are wished for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct EvolutionWish {
    pub look: EvolutionLook,
    pub layer: NodeId,
    pub unit: usize,
    /// Whether the filters of the whole layer are shown, not those of the unit.
    pub whole: bool,
    pub origin: PictureOrigin,
}

/// Filters of a layer, or of one unit of it, at a checkpoint.
pub(super) type FilterSheet = (NodeId, Option<usize>, usize);

/// All that the thread and the window share.
#[derive(Default)]
pub(super) struct EvolutionQueue {
    pub files: Arc<Vec<Checkpoint>>,
    pub metrics: Arc<Vec<Epoch>>,
    pub models: Vec<Option<Arc<Model>>>,
    pub runs: Vec<Option<Arc<Run>>>,
    /// The checkpoint on screen, or on its way.
    pub at: usize,
    /// Whether it is on its way.
    pub coming: bool,
    pub picture: Option<(Picture, Alteration)>,
    /// Since when.
    pub since: Option<Instant>,
    pub listed: Option<Instant>,
    pub wish: Option<EvolutionWish>,
    pub pictures: Option<(PictureOrigin, Arc<Vec<Picture>>)>,
    pub layers: HashMap<(NodeId, usize), Arc<EpochLayer>>,
    pub units: HashMap<(NodeId, usize, usize), UnitTiles>,
    pub sheets: HashMap<FilterSheet, TextureHandle>,
    pub failed: Option<String>,
    /// Contents of the pane that cannot be made, and why.
    pub refused: Option<(EvolutionWish, String)>,
}

/// A job of the thread.
pub(super) enum EvolutionJob {
    List,
    Open(usize),
    Run(usize, Arc<Model>, Picture, Alteration),
    Pictures(PictureOrigin),
    Layer(usize, NodeId, Arc<Vec<Picture>>),
    Unit(usize, NodeId, usize, Arc<EpochLayer>, Arc<Vec<Picture>>),
    Filters(FilterSheet),
}

impl EvolutionQueue {
    pub fn job(&mut self) -> Option<EvolutionJob> {
        if self.failed.is_some() {
            return None;
        }
        if self.listed.is_none_or(|listed| listed.elapsed() >= LIST_EVERY) {
            return Some(EvolutionJob::List);
        }
        let kept = self.kept();
        for index in 0..self.models.len() {
            if !kept.contains(&index) {
                (self.models[index], self.runs[index]) = (None, None);
            }
        }
        let near = |index: &usize| index.abs_diff(self.at) <= NEAR;
        let first = kept.iter().copied().filter(near).find_map(|index| self.ready(index));
        let wished = || self.wished();
        first.or_else(wished).or_else(|| kept.iter().find_map(|&index| self.ready(index)))
    }

    /// The checkpoints that are kept ready, the nearest first: all that memory has room for.
    pub fn kept(&self) -> Vec<usize> {
        let mut kept: Vec<usize> = (0..self.files.len()).collect();
        kept.sort_by_key(|index| index.abs_diff(self.at));
        let room = self.models.iter().flatten().next().map_or(1, |model| {
            let graph = model.network.graph();
            // A run keeps its outputs, and the maps that views draw from.
            let bytes = graph.parameter_bytes().saturating_add(2 * graph.activation_bytes(1).min(u64::MAX / 2));
            (BUDGET / bytes.max(1)) as usize
        });
        kept.truncate(room.max(2 * NEAR + 1));
        kept
    }

    /// The job that makes a checkpoint ready.
    fn ready(&self, index: usize) -> Option<EvolutionJob> {
        let Some(model) = &self.models[index] else { return Some(EvolutionJob::Open(index)) };
        let (picture, alteration) = self.picture.as_ref()?;
        let stays = self.since.is_some_and(|since| since.elapsed() >= STAY) || self.coming && index == self.at;
        (self.runs[index].is_none() && stays)
            .then(|| EvolutionJob::Run(index, Arc::clone(model), picture.clone(), *alteration))
    }

    /// The checkpoints that the pane compares, by their place in the list.
    pub fn compared(&self) -> Vec<usize> {
        let some = chosen(&self.files, COMPARED);
        (0..self.files.len()).filter(|&index| some.contains(&self.files[index])).collect()
    }

    /// The next job of the pane.
    fn wished(&self) -> Option<EvolutionJob> {
        let wish = self.wish.as_ref()?;
        if self.refused.as_ref().is_some_and(|(refused, _)| refused == wish) {
            return None;
        }
        let compared = self.compared();
        if wish.look == EvolutionLook::Filters {
            let key = |&index: &usize| (wish.layer, (!wish.whole).then_some(wish.unit), index);
            return compared.iter().map(key).find(|key| !self.sheets.contains_key(key)).map(EvolutionJob::Filters);
        }
        let pictures = match &self.pictures {
            Some((origin, pictures)) if *origin == wish.origin => pictures,
            _ => return Some(EvolutionJob::Pictures(wish.origin.clone())),
        };
        if pictures.is_empty() {
            return None;
        }
        for &index in &compared {
            let Some(layer) = self.layers.get(&(wish.layer, index)) else {
                return Some(EvolutionJob::Layer(index, wish.layer, Arc::clone(pictures)));
            };
            if wish.look == EvolutionLook::Unit && !self.units.contains_key(&(wish.layer, wish.unit, index)) {
                let (layer, pictures) = (Arc::clone(layer), Arc::clone(pictures));
                return Some(EvolutionJob::Unit(index, wish.layer, wish.unit, layer, pictures));
            }
        }
        None
    }

    /// Whether there is something to look into again: the folder may have grown, and a picture has stayed.
    pub fn is_due(&self) -> bool {
        let listed = self.listed.is_none_or(|listed| listed.elapsed() >= LIST_EVERY);
        let waits = self.kept().iter().any(|&index| self.runs.get(index).is_some_and(Option::is_none));
        listed || waits && self.since.is_some_and(|since| since.elapsed() >= STAY)
    }

    /// Forgets what depends on the pictures and on the last epoch.
    pub fn forget(&mut self) {
        self.layers.clear();
        self.units.clear();
    }

    /// Forgets contents of the pane where there are too many.
    pub fn trim(&mut self) {
        if self.layers.len() > MOST {
            self.layers.clear();
        }
        if self.units.len() > MOST {
            self.units.clear();
        }
        if self.sheets.len() > MOST {
            self.sheets.clear();
        }
    }
}
