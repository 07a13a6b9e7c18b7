//! The worker thread: the only place where the window's computing happens.
//!
//! Requests stand in lanes. In each lane the latest wins: it replaces the one that waits and cancels the one that
//! runs. A new model or picture also clears the lanes that depend on it. A panic becomes a message.

use super::{
    device::DeviceChoice,
    model::{Model, Opening},
    run::Run,
};
use crate::{
    Error, Result,
    methods::{Attribution, Keep, Method, Reconstruction},
    net::NodeId,
    picture::Picture,
    watch::Watch,
};
use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
};

/// Where a picture comes from.
#[derive(Clone)]
pub enum PictureSource {
    /// `sample:NAME` or a path.
    Named(String),
    /// A file dropped or chosen.
    File(PathBuf),
    /// Bytes of a file dropped where there are no paths, with its name.
    Bytes(String, Arc<[u8]>),
    /// Pixels that are there already.
    Ready(Picture),
}

type Work = Box<dyn FnOnce(&Watch) -> Result<String> + Send>;

/// What the window asks for.
pub enum Request {
    /// Open a network; the present picture runs through it.
    Open(Opening),
    /// Open a picture and run it.
    Picture(PictureSource),
    /// Which pixels matter for a class, the predicted one where `None`.
    Attribute(&'static Method, Option<usize>),
    /// Project units of a layer back to the picture, one result each.
    Deconvnet(NodeId, Vec<usize>, Keep),
    /// Anything that takes long and ends in a sentence: an export. The first string says what is being done.
    Task(String, Work),
}

/// What the window learns.
#[derive(Clone)]
pub enum Event {
    /// A network is open.
    Model(Arc<Model>),
    /// A picture ran.
    Run(Arc<Run>),
    /// A method's answer for a run and a class.
    Attribution {
        /// [`Run::id`].
        run: u64,
        /// [`Method::name`].
        method: &'static str,
        /// The class that was explained.
        class: usize,
        /// The answer.
        result: Arc<Attribution>,
    },
    /// A unit's reconstruction for a run.
    Reconstruction {
        /// [`Run::id`].
        run: u64,
        /// What was kept of the unit's map.
        keep: Keep,
        /// The answer.
        result: Arc<Reconstruction>,
    },
    /// A task ended well.
    Finished(String),
    /// A request failed, and why; what was on screen stays.
    Failed(Lane, String),
}

/// Requests of one kind. In the order in which they are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Opening networks.
    Model,
    /// Opening and running pictures.
    Picture,
    /// Attributions.
    Attribution,
    /// Reconstructions.
    Deconvnet,
    /// Exports.
    Task,
}

impl Request {
    fn lane(&self) -> Lane {
        match self {
            Request::Open(_) => Lane::Model,
            Request::Picture(_) => Lane::Picture,
            Request::Attribute(..) => Lane::Attribution,
            Request::Deconvnet(..) => Lane::Deconvnet,
            Request::Task(..) => Lane::Task,
        }
    }

    fn what(&self) -> String {
        match self {
            Request::Open(opening) => format!("Opening {}", opening.network),
            Request::Picture(_) => "Running the picture".into(),
            Request::Attribute(method, _) => method.title.into(),
            Request::Deconvnet(_, units, _) => format!("Deconvnet of {} units", units.len()),
            Request::Task(what, _) => what.clone(),
        }
    }
}

impl Lane {
    /// Whether a new request in this lane makes those in `other` pointless. A task has its own data and goes on.
    fn clears(self, other: Lane) -> bool {
        self == other || (self <= Lane::Picture && other > self && other != Lane::Task && other != Lane::Picture)
    }
}

/// What the worker is doing.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// In words.
    pub what: String,
    /// Share done, 0..=1.
    pub fraction: f32,
}

#[derive(Default)]
struct Queue {
    waiting: BTreeMap<Lane, Request>,
    running: Option<(Lane, Watch, Status)>,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // A panic is caught before it can leave the queue half changed.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A handle on the worker thread; dropping it cancels what runs and ends the thread.
pub struct Engine {
    shared: Arc<Shared>,
    events: mpsc::Receiver<Event>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Engine {
    /// Starts the thread. `wake` is called from it whenever there is something new to see.
    ///
    /// # Errors
    /// [`Error::Failed`] when the system has no thread to give.
    pub fn start(device: DeviceChoice, wake: impl Fn() + Send + Sync + 'static) -> Result<Self> {
        let shared = Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new(), wake: Box::new(wake) });
        let (sender, events) = mpsc::channel();
        let worker =
            Worker { shared: Arc::clone(&shared), events: sender, device, model: None, picture: None, run: None };
        let thread = thread::Builder::new().name("engine".into()).spawn(move || worker.work());
        let thread = thread.map_err(|error| Error::Failed(format!("cannot start the engine's thread: {error}")))?;
        Ok(Engine { shared, events, thread: Some(thread) })
    }

    /// Asks for something; never waits.
    pub fn request(&self, request: Request) {
        let lane = request.lane();
        let mut queue = self.shared.queue();
        queue.waiting.retain(|&other, _| !lane.clears(other));
        if let Some((running, watch, _)) = &queue.running
            && lane.clears(*running)
        {
            watch.cancel();
        }
        queue.waiting.insert(lane, request);
        drop(queue);
        self.shared.changed.notify_one();
    }

    /// The next thing that happened, if any; never waits.
    pub fn poll(&self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// What is running; `None` when idle.
    pub fn status(&self) -> Option<Status> {
        self.shared.queue().running.as_ref().map(|(_, _, status)| status.clone())
    }

    /// Whether nothing runs or waits.
    pub fn is_idle(&self) -> bool {
        let queue = self.shared.queue();
        queue.running.is_none() && queue.waiting.is_empty()
    }

    /// Cancels what runs and drops what waits.
    pub fn cancel(&self) {
        let mut queue = self.shared.queue();
        queue.waiting.clear();
        if let Some((_, watch, _)) = &queue.running {
            watch.cancel();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.cancel();
        self.shared.queue().closed = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It was told to stop; if it panicked there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

struct Worker {
    shared: Arc<Shared>,
    events: mpsc::Sender<Event>,
    device: DeviceChoice,
    model: Option<Arc<Model>>,
    picture: Option<Picture>,
    run: Option<Arc<Run>>,
}

impl Worker {
    fn work(mut self) {
        while let Some((request, watch)) = self.next() {
            let lane = request.lane();
            let outcome = catch_unwind(AssertUnwindSafe(|| self.serve(request, &watch)));
            self.shared.queue().running = None;
            match outcome {
                Ok(Ok(())) | Ok(Err(Error::Cancelled)) => (self.shared.wake)(),
                Ok(Err(error)) => self.tell(Event::Failed(lane, error.to_string())),
                Err(panic) => self.tell(Event::Failed(lane, format!("a defect in striate: {}", panic_text(&*panic)))),
            }
        }
    }

    /// Waits for the next request and marks it as running.
    fn next(&self) -> Option<(Request, Watch)> {
        let mut queue = self.shared.queue();
        loop {
            if queue.closed {
                return None;
            }
            if let Some((lane, request)) = queue.waiting.pop_first() {
                let shared = Arc::downgrade(&self.shared);
                let watch = Watch::reporting(move |fraction| {
                    let Some(shared) = shared.upgrade() else { return };
                    if let Some((_, _, status)) = &mut shared.queue().running {
                        status.fraction = fraction;
                    }
                    (shared.wake)();
                });
                queue.running = Some((lane, watch.clone(), Status { what: request.what(), fraction: 0.0 }));
                return Some((request, watch));
            }
            queue = self.shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn tell(&self, event: Event) {
        // Nobody listens any more when the window is closing.
        let _ = self.events.send(event);
        (self.shared.wake)();
    }

    fn serve(&mut self, request: Request, watch: &Watch) -> Result<()> {
        match request {
            Request::Open(opening) => {
                let model = Arc::new(Model::open(&opening, &self.device.open()?, watch)?);
                self.model = Some(Arc::clone(&model));
                self.run = None;
                self.tell(Event::Model(model));
                match self.picture.clone() {
                    Some(picture) => self.run(picture, watch),
                    None => Ok(()),
                }
            }
            Request::Picture(source) => {
                let picture = match source {
                    PictureSource::Named(source) => Picture::from_source(&source)?,
                    PictureSource::File(path) => Picture::open(&path)?,
                    PictureSource::Bytes(name, bytes) => Picture::decode(&bytes, &name)?,
                    PictureSource::Ready(picture) => picture,
                };
                self.run(picture, watch)
            }
            Request::Attribute(method, class) => {
                let run = self.present()?;
                let class = class.unwrap_or_else(|| run.predicted());
                let result = Arc::new(run.attribute(method, class, watch)?);
                self.tell(Event::Attribution { run: run.id, method: method.name, class, result });
                Ok(())
            }
            Request::Deconvnet(layer, units, keep) => {
                let run = self.present()?;
                let count = units.len();
                for (index, unit) in units.into_iter().enumerate() {
                    match run.deconvnet(layer, unit, keep, &watch.part(index, count)) {
                        Ok(result) => self.tell(Event::Reconstruction { run: run.id, keep, result: Arc::new(result) }),
                        // One silent unit among many is no reason to leave out the others.
                        Err(Error::Failed(_)) if count > 1 => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(())
            }
            Request::Task(_, work) => {
                let done = work(watch)?;
                self.tell(Event::Finished(done));
                Ok(())
            }
        }
    }

    fn run(&mut self, picture: Picture, watch: &Watch) -> Result<()> {
        // Without a model yet, the picture waits for it.
        if let Some(model) = &self.model {
            let run = Arc::new(Run::picture(model, picture.clone(), watch)?);
            self.run = Some(Arc::clone(&run));
            self.tell(Event::Run(run));
        }
        self.picture = Some(picture);
        Ok(())
    }

    fn present(&self) -> Result<Arc<Run>> {
        self.run.clone().ok_or_else(|| Error::Failed("no picture has run yet".into()))
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied()).unwrap_or("unknown")
}
