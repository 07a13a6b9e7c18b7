//! What is on the GPU: the layers' maps, the picture and the thumbnails. A thread of its own puts them there ahead of
//! need, the wanted layer first and then outwards from the selected one, so that the layer slider never waits.

use super::{
    prepare::{self, Pictures},
    state::View,
};
use crate::{
    engine::{LayerView, Run},
    error::{Error, Result},
    gpu::Atlas,
    net::NodeId,
};
use eframe::{egui, egui_wgpu::RenderState};
use std::{
    cell::RefCell,
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak},
    thread,
};

/// GPU memory that feature maps may take, in bytes.
const BUDGET: u64 = 512 << 20;

/// How many layers may wait to be uploaded: as many as panes show at once.
const MOST_WANTED: usize = 8;

/// What a wanted layer looks like.
#[derive(Clone)]
pub enum Maps {
    /// On the GPU.
    Ready(Atlas),
    /// On its way.
    Coming,
    /// It does not fit, and why.
    Failed(String),
}

/// A run's id and a layer.
type Key = (u64, NodeId);

/// Handle on the thread and what it made; dropping it ends the thread.
pub struct Cache {
    shared: Arc<Shared>,
    thread: Option<thread::JoinHandle<()>>,
    strongest: RefCell<HashMap<(Key, usize), [usize; 2]>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    render_state: Option<RenderState>,
    ctx: egui::Context,
}

#[derive(Default)]
struct State {
    /// The run whose layers are uploaded ahead of need.
    run: Option<Arc<Run>>,
    /// Of the runs that somebody still holds: the one on screen, and those that panes are pinned to.
    alive: HashMap<u64, Weak<Run>>,
    pictures: HashMap<u64, Arc<Pictures>>,
    atlases: HashMap<Key, (u64, Result<Atlas, String>)>,
    wanted: Vec<(Arc<Run>, NodeId)>,
    unpainted: Vec<Arc<Run>>,
    focus: NodeId,
    clock: u64,
    closed: bool,
}

enum Job {
    Pictures(Arc<Run>),
    Upload(Arc<Run>, NodeId),
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock panics half way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cache {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`Error::Failed`] when the system has no thread to give.
    pub fn start(render_state: Option<RenderState>, ctx: egui::Context) -> Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), render_state, ctx });
        let worker = Arc::clone(&shared);
        let thread = thread::Builder::new().name("upload".into()).spawn(move || work(&worker));
        let thread = thread.map_err(|error| Error::Failed(format!("cannot start the uploading thread: {error}")))?;
        Ok(Cache { shared, thread: Some(thread), strongest: RefCell::default() })
    }

    /// Another run is on screen: its layers are uploaded, those of runs that nobody holds any more forgotten.
    pub fn begin(&self, run: &Arc<Run>, focus: NodeId) {
        self.strongest.borrow_mut().clear();
        let mut state = self.shared.state();
        state.run = Some(Arc::clone(run));
        (state.wanted, state.focus) = (vec![(Arc::clone(run), focus)], focus);
        state.unpainted = vec![Arc::clone(run)];
        state.alive.insert(run.id, Arc::downgrade(run));
        state.forget();
        drop(state);
        self.shared.changed.notify_one();
    }

    /// The maps of a layer of a run; asks for them where they are not there.
    pub fn maps(&self, run: &Arc<Run>, node: NodeId) -> Maps {
        let mut state = self.shared.state();
        state.clock += 1;
        let clock = state.clock;
        if state.run.as_ref().is_some_and(|present| present.id == run.id) {
            state.focus = node;
        }
        if let Some((used, atlas)) = state.atlases.get_mut(&(run.id, node)) {
            *used = clock;
            return match atlas {
                Ok(atlas) => Maps::Ready(atlas.clone()),
                Err(why) => Maps::Failed(why.clone()),
            };
        }
        if !state.wanted.iter().any(|(other, layer)| (other.id, *layer) == (run.id, node)) {
            // What was wanted while the slider passed is wanted no more.
            let wanted = state.wanted.len().saturating_sub(MOST_WANTED);
            state.wanted.drain(..wanted);
            state.wanted.push((Arc::clone(run), node));
        }
        state.alive.insert(run.id, Arc::downgrade(run));
        drop(state);
        self.shared.changed.notify_one();
        Maps::Coming
    }

    /// A run's picture, the network's part of it and the thumbnails, once they are made.
    pub fn pictures(&self, run: &Arc<Run>) -> Option<Arc<Pictures>> {
        let mut state = self.shared.state();
        let found = state.pictures.get(&run.id).cloned();
        if found.is_none() && !state.unpainted.iter().any(|other| other.id == run.id) {
            state.unpainted.push(Arc::clone(run));
            state.alive.insert(run.id, Arc::downgrade(run));
            drop(state);
            self.shared.changed.notify_one();
        }
        found
    }

    /// Whether a layer's maps and the pictures of a run are there to be drawn; asks for them where they are not.
    pub fn is_ready(&self, run: &Arc<Run>, node: NodeId) -> bool {
        let maps = !matches!(self.maps(run, node), Maps::Coming);
        self.pictures(run).is_some() && maps
    }

    /// For small maps that a pane makes itself.
    pub fn render_state(&self) -> Option<&RenderState> {
        self.shared.render_state.as_ref()
    }

    /// Row and column where the selected unit is strongest.
    pub fn strongest_position(&self, view: View) -> [usize; 2] {
        let key = ((view.run().id, view.selection.layer), view.selection.unit);
        *self.strongest.borrow_mut().entry(key).or_insert_with(|| strongest_position(view.layer(), key.1))
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.shared.state().closed = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // If it panicked, there is nobody left to tell.
            let _ = thread.join();
        }
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

fn work(shared: &Shared) {
    while let Some(job) = next(shared) {
        match job {
            Job::Pictures(run) => {
                let of = run.of;
                let known = shared.state().pictures.values().find(|other| other.of == of).cloned();
                let picture = known.and_then(|other| other.picture.clone());
                let pictures = Arc::new(Pictures::new(&run, picture, &shared.ctx));
                let mut state = shared.state();
                state.unpainted.retain(|other| other.id != run.id);
                state.pictures.insert(run.id, pictures);
                drop(state);
                shared.ctx.request_repaint();
            }
            Job::Upload(run, node) => {
                let atlas = match &shared.render_state {
                    Some(render_state) => prepare::upload(render_state, &run.layers[node]).map_err(|e| e.to_string()),
                    None => Err("this window has no graphics device".into()),
                };
                let mut state = shared.state();
                let waiting = state.wanted.len();
                state.wanted.retain(|(other, layer)| (other.id, *layer) != (run.id, node));
                let wanted = state.wanted.len() < waiting;
                let used = if wanted { state.clock } else { 0 };
                state.atlases.insert((run.id, node), (used, atlas));
                // The run may have left the screen meanwhile; this was the last to hold it.
                drop(run);
                state.forget();
                state.evict();
                drop(state);
                if wanted {
                    shared.ctx.request_repaint();
                }
            }
        }
    }
}

/// Waits for the next thing to do; `None` at the end.
fn next(shared: &Shared) -> Option<Job> {
    let mut state = shared.state();
    loop {
        if state.closed {
            return None;
        }
        if let Some(job) = state.job() {
            return Some(job);
        }
        state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

impl State {
    fn job(&mut self) -> Option<Job> {
        let atlases = &self.atlases;
        self.wanted.retain(|(run, node)| *node < run.layers.len() && !atlases.contains_key(&(run.id, *node)));
        // The newest wish first.
        if let Some((run, node)) = self.wanted.last() {
            return Some(Job::Upload(Arc::clone(run), *node));
        }
        if let Some(run) = self.unpainted.first() {
            return Some(Job::Pictures(Arc::clone(run)));
        }
        // Ahead of need, only what takes nobody's place.
        let run = self.run.as_ref()?;
        let missing = |&node: &NodeId| !self.atlases.contains_key(&(run.id, node));
        let fits = |&node: &NodeId| self.bytes() + bytes(&run.layers[node]) <= BUDGET;
        let near = |&node: &NodeId| node.abs_diff(self.focus);
        let ahead = (0..run.layers.len()).filter(missing).filter(fits).min_by_key(near)?;
        Some(Job::Upload(Arc::clone(run), ahead))
    }

    /// Drops what is about runs that nobody holds.
    fn forget(&mut self) {
        self.alive.retain(|_, run| run.strong_count() > 0);
        let alive = &self.alive;
        self.atlases.retain(|(run, _), _| alive.contains_key(run));
        self.pictures.retain(|run, _| alive.contains_key(run));
    }

    fn bytes(&self) -> u64 {
        self.atlases.values().map(|(_, atlas)| atlas.as_ref().map_or(0, Atlas::bytes)).sum()
    }

    fn evict(&mut self) {
        while self.bytes() > BUDGET && self.atlases.len() > 1 {
            let oldest = self.atlases.iter().min_by_key(|(_, (used, _))| *used).map(|(&key, _)| key);
            oldest.map(|key| self.atlases.remove(&key));
        }
    }
}

fn bytes(layer: &LayerView) -> u64 {
    4 * layer.shape.iter().product::<usize>() as u64
}
