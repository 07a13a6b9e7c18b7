//! A strong response of a unit in a picture of a folder: the part of the picture that the activation sees, and its deconvnet
//! reconstruction. A thread runs the network on one picture after the other, the newest wish first.

use super::{
    textures::{SHARP, rgba_texture},
    worker::{SharedState, WorkerThread},
};
use crate::{
    engine::{Model, Run},
    error::Result,
    figures::Patches,
    methods::{Keep, deconvnet},
    net::NodeId,
    picture::Picture,
    watch::Watch,
};
use eframe::egui::{Context, TextureHandle};
use std::{collections::HashMap, path::PathBuf, sync::Arc};

/// Number of tiles in memory: ten units.
const MOST: usize = 90;
/// Number of tiles that may wait. Older wishes, of units that were passed by, are dropped.
const MOST_WANTED: usize = 9;

/// An activation in a picture of a folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TileKey {
    /// The picture.
    pub file: PathBuf,
    /// The network, by the address of its model.
    pub model: usize,
    /// The layer.
    pub layer: NodeId,
    /// The unit.
    pub unit: usize,
    /// Row and column on the unit's map.
    pub position: [usize; 2],
}

/// The state of a tile.
#[derive(Clone)]
pub enum TopTile {
    /// The part of the picture, and the reconstruction.
    Ready([TextureHandle; 2]),
    /// On its way.
    Coming,
    /// The picture cannot be read, and why.
    Failed(String),
}

/// TileStore, and the thread that makes them.
pub struct TopTiles {
    worker: WorkerThread<TileStore>,
}

#[derive(Default)]
struct TileStore {
    made: HashMap<TileKey, (u64, TopTile)>,
    wanted: Vec<(TileKey, Arc<Model>)>,
    clock: u64,
}

impl TopTiles {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`crate::Error::Failed`] when the system has no thread to give.
    pub fn start(ctx: Context) -> Result<Self> {
        let work = move |shared: &SharedState<TileStore>, (key, model): (TileKey, Arc<Model>)| {
            let tile = match make(&key, &model, &ctx) {
                Ok(pair) => TopTile::Ready(pair),
                Err(error) => TopTile::Failed(error.to_string()),
            };
            shared.lock().keep(key, tile);
            ctx.request_repaint();
        };
        // The strongest of a unit was asked for first, and is made first.
        let next = |tiles: &mut TileStore| tiles.wanted.first().cloned();
        Ok(TopTiles { worker: WorkerThread::start("top pictures", TileStore::default(), next, work)? })
    }

    /// The tile of an activation; asks for it where it is not there.
    pub fn tile(&self, key: &TileKey, model: &Arc<Model>) -> TopTile {
        let mut state = self.worker.lock();
        state.clock += 1;
        let clock = state.clock;
        if let Some((used, tile)) = state.made.get_mut(key) {
            *used = clock;
            return tile.clone();
        }
        if !state.wanted.iter().any(|(other, _)| other == key) {
            let passed = (state.wanted.len() + 1).saturating_sub(MOST_WANTED);
            state.wanted.drain(..passed);
            state.wanted.push((key.clone(), Arc::clone(model)));
            drop(state);
            self.worker.wake();
        }
        TopTile::Coming
    }
}

impl TileStore {
    fn keep(&mut self, key: TileKey, tile: TopTile) {
        self.wanted.retain(|(other, _)| *other != key);
        self.made.insert(key, (self.clock, tile));
        while self.made.len() > MOST {
            let oldest = self.made.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            oldest.map(|key| self.made.remove(&key));
        }
    }
}

fn make(key: &TileKey, model: &Arc<Model>, ctx: &Context) -> Result<[TextureHandle; 2]> {
    let watch = Watch::default();
    let run = Run::picture(model, Picture::open(&key.file)?, &watch)?;
    let [row, column] = key.position;
    let found = deconvnet(&run.trace, key.layer, key.unit, Keep::At(row, column), false, &watch)?;
    let patches = Patches::of(&run, key.layer)?;
    let images = [patches.input(key.position), patches.reconstruction(&found, key.position)];
    Ok(images.map(|image| rgba_texture(ctx, "top picture", &image, SHARP)))
}
