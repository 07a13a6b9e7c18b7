//! The index of a folder in the making: a thread of its own runs the network over the folder, and panes read what it has
//! found so far.

use super::worker::spawn;
use crate::{
    dataset::{Index, IndexProgress, index_folder},
    engine::Model,
    error::{Error, Result},
    watch::Watch,
};
use eframe::egui::Context;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Time between two copies of the growing index.
const COPY_EVERY: Duration = Duration::from_millis(1500);

/// The state of an index.
#[derive(Clone, Debug, Default)]
pub struct IndexState {
    /// Pictures that ran.
    pub done: usize,
    /// Pictures in all; 0 until the folder is listed.
    pub total: usize,
    /// The index so far.
    pub index: Option<Arc<Index>>,
    /// Whether the thread is at work.
    pub running: bool,
    /// Why it ended early.
    pub failed: Option<String>,
}

/// The index of a folder by a network. Dropping it stops the thread; the file keeps what was found.
pub struct FolderIndex {
    /// The folder.
    pub folder: PathBuf,
    /// The network that looks at it.
    pub model: Arc<Model>,
    state: Arc<Mutex<IndexState>>,
    watch: Watch,
}

impl FolderIndex {
    /// Starts to index a folder, or goes on where an earlier pass stopped.
    ///
    /// # Errors
    /// [`Error::Failed`] when the system has no thread to give.
    pub fn start(folder: PathBuf, model: Arc<Model>, ctx: &Context) -> Result<Self> {
        let state = Arc::new(Mutex::new(IndexState { running: true, ..IndexState::default() }));
        let watch = Watch::default();
        let (shared, own, context) = (Arc::clone(&state), watch.clone(), ctx.clone());
        let (root, network) = (folder.clone(), Arc::clone(&model));
        spawn("index", move || {
            crate::engine::lower_priority();
            let ended = run(&root, &network, &own, &shared, &context);
            let mut state = lock(&shared);
            state.running = false;
            match ended {
                Ok(index) => (state.done, state.index) = (index.done, Some(Arc::new(index))),
                Err(Error::Cancelled) => {}
                Err(error) => state.failed = Some(error.to_string()),
            }
            drop(state);
            context.request_repaint();
        })?;
        Ok(FolderIndex { folder, model, state, watch })
    }

    /// The state at present.
    pub fn state(&self) -> IndexState {
        lock(&self.state).clone()
    }

    /// Stops the pass after the present batch. What was found stays, and is written.
    pub fn stop(&self) {
        self.watch.cancel();
    }
}

impl Drop for FolderIndex {
    fn drop(&mut self) {
        self.stop();
    }
}

fn lock(state: &Mutex<IndexState>) -> MutexGuard<'_, IndexState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(root: &Path, model: &Model, watch: &Watch, shared: &Mutex<IndexState>, ctx: &Context) -> Result<Index> {
    let path = model.index_file(root)?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Error::io("make the folder", folder, &error))?;
    }
    let mut copied: Option<Instant> = None;
    let mut report = |progress: IndexProgress, index: &Index| {
        let due = copied.is_none_or(|copied| copied.elapsed() >= COPY_EVERY);
        let copy = due.then(|| Arc::new(index.clone()));
        if due {
            copied = Some(Instant::now());
        }
        let mut state = lock(shared);
        (state.done, state.total) = (progress.done, progress.total);
        state.index = copy.or(state.index.take());
        drop(state);
        ctx.request_repaint();
    };
    let prepare = |path: &Path| model.prepare_file(path);
    index_folder(&model.network, &prepare, model.fingerprint(), root, &path, watch, &mut report)
}
