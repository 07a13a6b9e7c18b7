//! Layers, pictures and thumbnails on the GPU. A thread uploads them ahead of need: the requested layer first, then outwards
//! from the selected one, so that the layer slider never waits.

use super::{
    queue::{CacheJob, CacheQueue, Wish},
    worker::{SharedState, WorkerThread},
};
use crate::{
    engine::{LayerView, Run},
    error::{Error, Result},
    gpu::Atlas,
    net::NodeId,
    ui::background::textures::{self, Pictures},
};
use eframe::{egui, egui_wgpu::RenderState};
use std::{cell::RefCell, collections::HashMap, sync::Arc};

/// Number of layers that may wait for their upload: as many as panes show at once.
const MOST_WANTED: usize = 8;

/// The state of a requested layer.
#[derive(Clone)]
pub enum LayerMaps {
    /// On the GPU.
    Ready(Atlas),
    /// On its way.
    Coming,
    /// It does not fit, and why.
    Failed(String),
}

/// The cache: a thread that fills it, and its contents.
pub struct Cache {
    worker: WorkerThread<CacheQueue>,
    render_state: Option<RenderState>,
    strongest: RefCell<HashMap<(u64, NodeId, usize), [usize; 2]>>,
}

impl Cache {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`crate::Error::Failed`] when the system has no thread to give.
    pub fn start(render_state: Option<RenderState>, ctx: egui::Context) -> Result<Self> {
        let device = render_state.clone();
        let work = move |shared: &SharedState<CacheQueue>, job| work(shared, job, device.as_ref(), &ctx);
        let worker = WorkerThread::start("upload", CacheQueue::default(), CacheQueue::job, work)?;
        Ok(Cache { worker, render_state, strongest: RefCell::default() })
    }

    /// Another run is on screen: its layers are uploaded, those of runs that nobody holds any more forgotten.
    pub fn begin(&self, run: &Arc<Run>, focus: NodeId) {
        self.strongest.borrow_mut().clear();
        let mut state = self.worker.lock();
        state.run = Some(Arc::clone(run));
        (state.wanted, state.focus) = (vec![Wish { run: Arc::clone(run), minus: None, node: focus }], focus);
        state.unpainted = vec![Arc::clone(run)];
        state.alive.insert(run.id, Arc::downgrade(run));
        state.forget();
        drop(state);
        self.worker.wake();
    }

    /// The maps of a layer of a run; asks for them where they are not there.
    pub fn maps(&self, run: &Arc<Run>, node: NodeId) -> LayerMaps {
        self.find(Wish { run: Arc::clone(run), minus: None, node }).0
    }

    /// The same for the selected layer: layers near it are uploaded ahead of need.
    pub fn selected_maps(&self, run: &Arc<Run>, node: NodeId) -> LayerMaps {
        let mut state = self.worker.lock();
        if state.run.as_ref().is_some_and(|present| present.id == run.id) {
            state.focus = node;
        }
        drop(state);
        self.maps(run, node)
    }

    /// The same for what a run has more than another, with the values.
    pub fn difference(&self, run: &Arc<Run>, minus: &Arc<Run>, node: NodeId) -> (LayerMaps, Option<LayerView>) {
        self.find(Wish { run: Arc::clone(run), minus: Some(Arc::clone(minus)), node })
    }

    fn find(&self, wish: Wish) -> (LayerMaps, Option<LayerView>) {
        let mut state = self.worker.lock();
        state.clock += 1;
        let clock = state.clock;
        if let Some((used, found)) = state.atlases.get_mut(&wish.key()) {
            *used = clock;
            return match found {
                Ok((atlas, layer)) => (LayerMaps::Ready(atlas.clone()), Some(layer.clone())),
                Err(why) => (LayerMaps::Failed(why.clone()), None),
            };
        }
        for run in [Some(&wish.run), wish.minus.as_ref()].into_iter().flatten() {
            state.alive.insert(run.id, Arc::downgrade(run));
        }
        if !state.wanted.iter().any(|other| other.key() == wish.key()) {
            // Requests of layers that the slider passed are dropped.
            let wanted = state.wanted.len().saturating_sub(MOST_WANTED);
            state.wanted.drain(..wanted);
            state.wanted.push(wish);
        }
        drop(state);
        self.worker.wake();
        (LayerMaps::Coming, None)
    }

    /// A run's picture, the network's part of it and the thumbnails, once they are made.
    pub fn pictures(&self, run: &Arc<Run>) -> Option<Arc<Pictures>> {
        let mut state = self.worker.lock();
        let found = state.pictures.get(&run.id).cloned();
        if found.is_none() && !state.unpainted.iter().any(|other| other.id == run.id) {
            state.unpainted.push(Arc::clone(run));
            state.alive.insert(run.id, Arc::downgrade(run));
            drop(state);
            self.worker.wake();
        }
        found
    }

    /// Whether a layer's maps and the pictures of a run are there to be drawn; asks for them where they are not.
    pub fn is_ready(&self, run: &Arc<Run>, node: NodeId) -> bool {
        let maps = !matches!(self.maps(run, node), LayerMaps::Coming);
        self.pictures(run).is_some() && maps
    }

    /// For small maps that a pane makes itself.
    pub fn render_state(&self) -> Option<&RenderState> {
        self.render_state.as_ref()
    }

    /// Row and column of the largest value of a unit's map; the first of several.
    pub fn strongest_position(&self, run: &Run, layer: NodeId, unit: usize) -> [usize; 2] {
        let key = (run.id, layer, unit);
        *self.strongest.borrow_mut().entry(key).or_insert_with(|| strongest_position(&run.layers[layer], unit))
    }
}

/// The first largest value of a unit's map.
fn strongest_position(layer: &LayerView, unit: usize) -> [usize; 2] {
    let [_, height, width] = layer.shape;
    let find = |values: &[f32]| {
        let map = &values[unit * height * width..][..height * width];
        map.iter().enumerate().fold(0, |best, (at, &value)| if value > map[best] { at } else { best })
    };
    let at = layer.with_values(find).unwrap_or(0);
    [at / width, at % width]
}

fn work(shared: &SharedState<CacheQueue>, job: CacheJob, render_state: Option<&RenderState>, ctx: &egui::Context) {
    match job {
        CacheJob::Pictures(run) => paint(shared, &run, ctx),
        CacheJob::Upload(wish) => upload(shared, wish, render_state, ctx),
    }
}

fn paint(shared: &SharedState<CacheQueue>, run: &Arc<Run>, ctx: &egui::Context) {
    let own = run.original.as_ref().map(|original| &original.pixels);
    let is_known = |other: &&Arc<Pictures>| other.original.as_ref().zip(own).is_some_and(|(a, b)| Arc::ptr_eq(a, b));
    let known = shared.lock().pictures.values().find(is_known).cloned();
    let picture = known.and_then(|other| other.picture.clone());
    let pictures = Arc::new(Pictures::new(run, picture, ctx));
    let mut state = shared.lock();
    state.unpainted.retain(|other| other.id != run.id);
    state.pictures.insert(run.id, pictures);
    drop(state);
    ctx.request_repaint();
}

fn upload(shared: &SharedState<CacheQueue>, wish: Wish, render_state: Option<&RenderState>, ctx: &egui::Context) {
    let upload = |render_state| {
        let layer = wish.layer()?;
        Ok((textures::upload(render_state, &layer)?, layer))
    };
    let found = match render_state {
        Some(render_state) => upload(render_state).map_err(|error: Error| error.to_string()),
        None => Err("this window has no graphics device".into()),
    };
    let key = wish.key();
    let mut state = shared.lock();
    let waiting = state.wanted.len();
    state.wanted.retain(|other| other.key() != key);
    let wanted = state.wanted.len() < waiting;
    let used = if wanted { state.clock } else { 0 };
    state.atlases.insert(key, (used, found));
    // The run may have left the screen meanwhile; then this was the last reference to it.
    drop(wish);
    state.forget();
    state.evict();
    drop(state);
    if wanted {
        ctx.request_repaint();
    }
}
