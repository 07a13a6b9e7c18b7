//! What is on the GPU: the layers' maps, the picture and the thumbnails. A thread of its own puts them there ahead of
//! need, the wanted layer first and then outwards from the selected one, so that the layer slider never waits.

mod queue;

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
use queue::{Job, State, Wish};
use std::{
    cell::RefCell,
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
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

/// Handle on the thread and what it made; dropping it ends the thread.
pub struct Cache {
    shared: Arc<Shared>,
    thread: Option<thread::JoinHandle<()>>,
    strongest: RefCell<HashMap<(u64, NodeId, usize), [usize; 2]>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    render_state: Option<RenderState>,
    ctx: egui::Context,
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
        (state.wanted, state.focus) = (vec![Wish { run: Arc::clone(run), minus: None, node: focus }], focus);
        state.unpainted = vec![Arc::clone(run)];
        state.alive.insert(run.id, Arc::downgrade(run));
        state.forget();
        drop(state);
        self.shared.changed.notify_one();
    }

    /// The maps of a layer of a run; asks for them where they are not there.
    pub fn maps(&self, run: &Arc<Run>, node: NodeId) -> Maps {
        self.find(Wish { run: Arc::clone(run), minus: None, node }).0
    }

    /// The same for what a run has more than another, with the values.
    pub fn difference(&self, run: &Arc<Run>, minus: &Arc<Run>, node: NodeId) -> (Maps, Option<LayerView>) {
        self.find(Wish { run: Arc::clone(run), minus: Some(Arc::clone(minus)), node })
    }

    fn find(&self, wish: Wish) -> (Maps, Option<LayerView>) {
        let mut state = self.shared.state();
        state.clock += 1;
        let clock = state.clock;
        if state.run.as_ref().is_some_and(|present| present.id == wish.run.id) {
            state.focus = wish.node;
        }
        if let Some((used, found)) = state.atlases.get_mut(&wish.key()) {
            *used = clock;
            return match found {
                Ok((atlas, layer)) => (Maps::Ready(atlas.clone()), Some(layer.clone())),
                Err(why) => (Maps::Failed(why.clone()), None),
            };
        }
        for run in [Some(&wish.run), wish.minus.as_ref()].into_iter().flatten() {
            state.alive.insert(run.id, Arc::downgrade(run));
        }
        if !state.wanted.iter().any(|other| other.key() == wish.key()) {
            // What was wanted while the slider passed is wanted no more.
            let wanted = state.wanted.len().saturating_sub(MOST_WANTED);
            state.wanted.drain(..wanted);
            state.wanted.push(wish);
        }
        drop(state);
        self.shared.changed.notify_one();
        (Maps::Coming, None)
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
        let key = (view.run().id, view.selection.layer, view.selection.unit);
        *self.strongest.borrow_mut().entry(key).or_insert_with(|| strongest_position(view.layer(), key.2))
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
            Job::Upload(wish) => {
                let upload = |render_state| {
                    let layer = wish.layer()?;
                    Ok((prepare::upload(render_state, &layer)?, layer))
                };
                let found = match &shared.render_state {
                    Some(render_state) => upload(render_state).map_err(|error: Error| error.to_string()),
                    None => Err("this window has no graphics device".into()),
                };
                let key = wish.key();
                let mut state = shared.state();
                let waiting = state.wanted.len();
                state.wanted.retain(|other| other.key() != key);
                let wanted = state.wanted.len() < waiting;
                let used = if wanted { state.clock } else { 0 };
                state.atlases.insert(key, (used, found));
                // The run may have left the screen meanwhile; this was the last to hold it.
                drop(wish);
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
