//! The pictures of an indexed folder on planes: a thread runs them once for their features at several layers, then projects
//! what is asked for, the newest wish first, and shows the places while they settle.

use super::worker::{SharedState, WorkerThread};
use crate::{
    Error, Result,
    dataset::{Features, Index, indexed_layers, nearest_neighbours, pooled_features, principal_components, tsne, umap},
    engine::Model,
    net::{Graph, NodeId},
    watch::Watch,
};
use eframe::egui::Context;
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

/// Layers whose features are kept at most, and the bytes that they may take.
const LAYERS: usize = 12;
const BYTES: usize = 384 << 20;
/// Neighbours that t-SNE keeps near, in effect, and those that UMAP does.
const PERPLEXITY: f32 = 30.0;
const NEIGHBOURS: usize = 15;
/// Pictures in a list of the nearest.
const NEAREST: usize = 12;
/// From one picture of places that settle to the next.
const SHOW_EVERY: Duration = Duration::from_millis(60);

/// The way from features to a plane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ProjectionWay {
    /// The two principal components.
    #[default]
    Pca,
    /// t-SNE.
    Tsne,
    /// UMAP.
    Umap,
}

/// A map that is asked for: the layer's place in [`Embedding::layers`], and the way.
pub type MapKey = (usize, ProjectionWay);

/// The places of all pictures.
#[derive(Clone)]
pub struct PlaneMap {
    /// About the origin, one unit far on average; one a row of the features.
    pub places: Arc<Vec<[f32; 2]>>,
    /// Grows with every picture of places that settle.
    pub version: usize,
    /// Whether they have settled.
    pub settled: bool,
}

/// The state of the pass over the folder.
#[derive(Clone, Default)]
pub struct PassState {
    /// Whether it goes on.
    pub running: bool,
    /// Why it ended early.
    pub failed: Option<String>,
}

/// The nearest pictures of one: its number, the layer, and rows with their cosines.
type Nearest = (u64, usize, Vec<(usize, f32)>);

/// Features, the maps made of them, and the thread that makes both.
pub struct Embedding {
    /// The network.
    pub model: Arc<Model>,
    /// The index whose pictures ran.
    pub index: Arc<Index>,
    /// The layers whose features are kept, in order.
    pub layers: Vec<NodeId>,
    worker: WorkerThread<EmbeddingStore>,
}

struct EmbeddingStore {
    pass: PassState,
    has_run: bool,
    features: Arc<Vec<Features>>,
    maps: HashMap<MapKey, std::result::Result<PlaneMap, String>>,
    wanted: Option<MapKey>,
    wanted_near: Option<(u64, usize, Vec<f32>)>,
    near: Option<Nearest>,
    making: Option<MapKey>,
    /// Cancels the present job.
    watch: Watch,
    /// Whether the user stopped it: the places so far stay.
    stopped: bool,
    /// The share of it that is done, in millionths.
    progress: Arc<AtomicU32>,
    ctx: Context,
}

enum EmbeddingJob {
    Pass(Watch),
    Map(MapKey, Arc<Vec<Features>>, Watch),
    Near(u64, usize, Vec<f32>, Arc<Vec<Features>>),
}

impl EmbeddingStore {
    fn new(ctx: Context) -> Self {
        EmbeddingStore {
            pass: PassState { running: true, ..PassState::default() },
            has_run: false,
            features: Arc::default(),
            maps: HashMap::new(),
            wanted: None,
            wanted_near: None,
            near: None,
            making: None,
            watch: Watch::default(),
            stopped: false,
            progress: Arc::default(),
            ctx,
        }
    }

    /// A watch for the next job.
    fn watched(&mut self) -> Watch {
        let (progress, ctx) = (Arc::clone(&self.progress), self.ctx.clone());
        progress.store(0, Ordering::Relaxed);
        self.stopped = false;
        self.watch = Watch::reporting(move |fraction| {
            progress.store((1e6 * fraction) as u32, Ordering::Relaxed);
            ctx.request_repaint_after(SHOW_EVERY);
        });
        self.watch.clone()
    }

    fn job(&mut self) -> Option<EmbeddingJob> {
        if !self.has_run {
            self.has_run = true;
            return Some(EmbeddingJob::Pass(self.watched()));
        }
        if self.features.is_empty() {
            return None;
        }
        if let Some((number, slot, query)) = self.wanted_near.take() {
            return Some(EmbeddingJob::Near(number, slot, query, Arc::clone(&self.features)));
        }
        let key = self.wanted.take()?;
        self.making = Some(key);
        Some(EmbeddingJob::Map(key, Arc::clone(&self.features), self.watched()))
    }
}

impl Embedding {
    /// Starts the pass over the pictures of an index.
    ///
    /// # Errors
    /// [`Error::Failed`] when the system has no thread to give.
    pub fn start(index: Arc<Index>, model: Arc<Model>, ctx: &Context) -> Result<Self> {
        let layers = chosen(model.network.graph(), index.done);
        let store = EmbeddingStore::new(ctx.clone());
        let (own, ctx) = ((Arc::clone(&index), Arc::clone(&model), layers.clone()), ctx.clone());
        let work = move |shared: &SharedState<EmbeddingStore>, job: EmbeddingJob| {
            match job {
                EmbeddingJob::Pass(watch) => pass_over(shared, &own, &watch),
                EmbeddingJob::Map(key, features, watch) => make(shared, key, &features[key.0], &watch, &ctx),
                EmbeddingJob::Near(number, slot, query, features) => {
                    let found = nearest_neighbours(&features[slot], &query, NEAREST + 1);
                    shared.lock().near = Some((number, slot, found));
                }
            }
            ctx.request_repaint();
        };
        let worker = WorkerThread::start("embedding", store, EmbeddingStore::job, work)?;
        Ok(Embedding { model, index, layers, worker })
    }

    /// The state of the pass.
    pub fn pass(&self) -> PassState {
        self.worker.lock().pass.clone()
    }

    /// The features at all layers; none before the pass has ended.
    pub fn features(&self) -> Arc<Vec<Features>> {
        Arc::clone(&self.worker.lock().features)
    }

    /// A map; asks for it where it is not there, in place of one that is in the making.
    pub fn map(&self, key: MapKey) -> Option<std::result::Result<PlaneMap, String>> {
        let mut store = self.worker.lock();
        if let Some(found) =
            store.maps.get(&key).filter(|found| found.as_ref().is_err() || found.as_ref().is_ok_and(|map| map.settled))
        {
            return Some(found.clone());
        }
        if store.features.is_empty() {
            return None;
        }
        if store.making != Some(key) && store.wanted != Some(key) {
            store.wanted = Some(key);
            if store.making.is_some() {
                store.watch.cancel();
            }
            drop(store);
            self.worker.wake();
            return None;
        }
        store.maps.get(&key).cloned()
    }

    /// The map in the making, and its share that is done.
    pub fn making(&self) -> Option<(MapKey, f32)> {
        let making = self.worker.lock().making?;
        Some((making, self.progress()))
    }

    /// The share of the pass or of the map in the making that is done, 0 to 1.
    pub fn progress(&self) -> f32 {
        self.worker.lock().progress.load(Ordering::Relaxed) as f32 * 1e-6
    }

    /// The pictures nearest to one at a layer: rows with the cosine of their features. `number` names the one.
    pub fn near(
        &self,
        number: u64,
        slot: usize,
        query: impl FnOnce() -> Option<Vec<f32>>,
    ) -> Option<Vec<(usize, f32)>> {
        let mut store = self.worker.lock();
        if let Some((_, _, found)) = store.near.as_ref().filter(|(of, layer, _)| (*of, *layer) == (number, slot)) {
            return Some(found.clone());
        }
        let waits = store.wanted_near.as_ref().is_some_and(|(of, layer, _)| (*of, *layer) == (number, slot));
        if !waits && let Some(query) = query() {
            store.wanted_near = Some((number, slot, query));
            drop(store);
            self.worker.wake();
        }
        None
    }

    /// Stops the pass or the map in the making. Places that have not settled stay where they are.
    pub fn stop(&self) {
        let mut store = self.worker.lock();
        store.stopped = true;
        store.watch.cancel();
    }
}

impl Drop for Embedding {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The layers whose features are kept: spread over the depth of the network, the last feature maps among them.
fn chosen(graph: &Graph, pictures: usize) -> Vec<NodeId> {
    let units = |layer: &NodeId| graph.node(*layer).extent()[0];
    let auxiliary = graph.auxiliary();
    let all: Vec<NodeId> = indexed_layers(graph)
        .into_iter()
        .filter(|layer| units(layer) > 1 && *layer <= graph.scores() && !auxiliary[*layer])
        .collect();
    let spread = |count: usize| -> Vec<NodeId> {
        let last = all.len().saturating_sub(1);
        let mut found: Vec<NodeId> =
            (0..count).map(|at| all[(at * last).div_ceil(count.max(2) - 1).min(last)]).collect();
        found.dedup();
        found
    };
    let fits = |layers: &Vec<NodeId>| layers.iter().map(units).sum::<usize>().saturating_mul(4 * pictures) <= BYTES;
    let most = LAYERS.min(all.len());
    (1..=most)
        .rev()
        .map(spread)
        .find(fits)
        .unwrap_or_else(|| all.iter().copied().min_by_key(units).into_iter().collect())
}

fn pass_over(
    shared: &SharedState<EmbeddingStore>,
    (index, model, layers): &(Arc<Index>, Arc<Model>, Vec<NodeId>),
    watch: &Watch,
) {
    crate::engine::lower_priority();
    let listing = index.ran();
    let at = |size| Ok(model.at(size)?.network.clone());
    let prepare = |path: &Path| model.prepare_file(path);
    let found = pooled_features(&model.network, &at, &prepare, &listing, layers, watch);
    let mut store = shared.lock();
    store.pass.running = false;
    match found {
        Ok((features, _)) if features.first().is_some_and(|features| !features.is_empty()) => {
            store.features = Arc::new(features);
        }
        Ok(_) => store.pass.failed = Some("no picture of the folder could be read".into()),
        Err(Error::Cancelled) => store.pass.failed = Some("stopped".into()),
        Err(error) => store.pass.failed = Some(error.to_string()),
    }
}

fn make(shared: &SharedState<EmbeddingStore>, key: MapKey, features: &Features, watch: &Watch, ctx: &Context) {
    let count = features.len();
    let mut version = 0;
    let mut shown = Instant::now();
    let mut show = |places: &[f32]| {
        if shown.elapsed() < SHOW_EVERY || watch.is_cancelled() {
            return;
        }
        shown = Instant::now();
        version += 1;
        let map = PlaneMap { places: Arc::new(about_origin(places)), version, settled: false };
        shared.lock().maps.insert(key, Ok(map));
        ctx.request_repaint();
    };
    let found = match key.1 {
        ProjectionWay::Pca => principal_components(features, 2, watch).map(|found| found.points),
        ProjectionWay::Tsne => {
            let most = count.saturating_sub(1) as f32 / 3.0;
            tsne(features, PERPLEXITY.min(most), &mut show, watch)
        }
        ProjectionWay::Umap => umap(features, NEIGHBOURS.min(count.saturating_sub(1)), &mut show, watch),
    };
    let mut store = shared.lock();
    store.making = None;
    match found {
        Ok(places) => {
            let map = PlaneMap { places: Arc::new(about_origin(&places)), version: usize::MAX, settled: true };
            store.maps.insert(key, Ok(map));
        }
        Err(Error::Cancelled) if store.stopped => match store.maps.get_mut(&key) {
            Some(Ok(map)) => map.settled = true,
            _ => drop(store.maps.insert(key, Err("This map was stopped before there was anything to see".into()))),
        },
        Err(Error::Cancelled) => drop(store.maps.remove(&key)),
        Err(error) => drop(store.maps.insert(key, Err(error.to_string()))),
    }
}

/// Places moved and scaled so that they lie about the origin, one unit far on average.
fn about_origin(places: &[f32]) -> Vec<[f32; 2]> {
    let (points, _) = places.as_chunks::<2>();
    let count = points.len().max(1) as f64;
    let middle = [0, 1].map(|axis: usize| points.iter().map(|point| f64::from(point[axis])).sum::<f64>() / count);
    let apart = |point: &[f32; 2]| [0, 1].map(|axis: usize| f64::from(point[axis]) - middle[axis]);
    let square = points.iter().map(apart).map(|[x, y]| x * x + y * y).sum::<f64>() / count;
    let scale = 1.0 / square.sqrt().max(f64::MIN_POSITIVE);
    points.iter().map(apart).map(|point| point.map(|value| (value * scale) as f32)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::zoo;

    #[test]
    fn places_lie_about_the_origin() {
        let found = about_origin(&[10.0, 0.0, 14.0, 0.0, 10.0, 4.0, 14.0, 4.0]);
        for ([x, y], [u, v]) in found.iter().zip([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]]) {
            let side = 0.5f32.sqrt();
            assert!((x - u * side).abs() < 1e-6 && (y - v * side).abs() < 1e-6, "{found:?}");
        }
        assert!(about_origin(&[3.0; 8]).iter().all(|place| *place == [0.0, 0.0]));
    }

    #[test]
    fn layers_are_spread_and_fit_into_memory() {
        let graph = |name: &str| (zoo::find(name).unwrap().build)(zoo::find(name).unwrap().size()).unwrap();
        let deep = graph("resnet152");
        let found = chosen(&deep, 1000);
        assert_eq!(found.len(), LAYERS);
        assert_eq!(found.last(), Some(&deep.scores()));
        assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
        let many = chosen(&deep, 100_000);
        let units: usize = many.iter().map(|layer| deep.node(*layer).extent()[0]).sum();
        assert!(!many.is_empty() && units * 400_000 <= BYTES, "{units}");
        assert!(chosen(&graph("photonet"), 100).len() > 5);
    }
}
