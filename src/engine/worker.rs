//! The worker thread: the only place where the window's computing happens.
//!
//! Requests stand in lanes. In each lane the latest wins: it replaces the one that waits and cancels the one that
//! runs. A new model or picture also clears the lanes that depend on it. A panic becomes a message.

use super::{
    device::DeviceChoice,
    inquiry::{Inquiry, InquiryKey},
    lab::{Change, Invariance, InvarianceKey, invariance},
    live::{Control, Frame, Live},
    model::{Model, Opening},
    run::Run,
};
use crate::{
    Error, Result,
    methods::{Attribution, Keep, Reconstruction},
    net::NodeId,
    picture::{Alteration, Picture, SAMPLES, beside, first_in},
    watch::Watch,
    weights::{self, Source},
};
use std::{
    collections::{BTreeMap, VecDeque},
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
    /// A file dropped or chosen; of a folder, its first picture.
    File(PathBuf),
    /// What comes after the present picture in its folder, or before it; of a sample, among the samples.
    Beside {
        /// After it.
        forward: bool,
    },
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
    /// Download a network's published weights, then open it with them.
    Fetch(Opening),
    /// Open a picture and run it.
    Picture(PictureSource),
    /// Run the present picture, altered.
    Alter(Alteration),
    /// Run another picture too, for comparison, through whatever network is open; none any more where `None`.
    Compare(Option<PictureSource>),
    /// What matters for a target, by quick methods; one answer each.
    Attribute(Vec<Inquiry>),
    /// The same by a method that takes long: what is quick goes before it.
    AttributeSlowly(Inquiry),
    /// How a class and the layers of a run take a change of its picture.
    Measure(Arc<Run>, Change, usize),
    /// Project units back to the picture; one answer each.
    Deconvnet(Vec<Projection>),
    /// Anything that takes long and ends in a sentence: an export. The first string says what is being done.
    Task(String, Work),
}

/// A unit of a layer of a run, to be projected back to the picture, and what of it is kept.
pub type Projection = (Arc<Run>, NodeId, usize, Keep);

/// What the window learns.
#[derive(Clone)]
pub enum Event {
    /// A network is open.
    Model(Arc<Model>),
    /// A picture ran.
    Run(Arc<Run>),
    /// The picture for comparison ran, or there is none any more.
    Compared(Option<Arc<Run>>),
    /// A method's answer, or why there is none.
    Attribution(InquiryKey, Result<Arc<Attribution>, String>),
    /// How a class and the layers take a change of the picture, or why that is not known.
    Invariance(InvarianceKey, Result<Arc<Invariance>, String>),
    /// A unit's reconstruction for a run, or why there is none.
    Reconstruction {
        /// The run's id.
        run: u64,
        /// The layer.
        layer: NodeId,
        /// The unit.
        unit: usize,
        /// Which of its activations were kept.
        keep: Keep,
        /// The answer.
        result: Result<Arc<Reconstruction>, String>,
    },
    /// A live synthesis moved on.
    Frame(Arc<Frame>),
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
    /// Running a picture for comparison.
    Compare,
    /// Attributions.
    Attribution,
    /// Reconstructions.
    Deconvnet,
    /// Attributions and measurements that take long.
    Slow,
    /// Exports.
    Task,
    /// A live synthesis, when nothing else is to be done.
    Synthesis,
}

impl Request {
    fn lane(&self) -> Lane {
        match self {
            Request::Open(_) | Request::Fetch(_) => Lane::Model,
            Request::Picture(_) | Request::Alter(_) => Lane::Picture,
            Request::Attribute(_) => Lane::Attribution,
            Request::Compare(_) => Lane::Compare,
            Request::AttributeSlowly(_) | Request::Measure(..) => Lane::Slow,
            Request::Deconvnet(_) => Lane::Deconvnet,
            Request::Task(..) => Lane::Task,
        }
    }

    fn what(&self) -> String {
        match self {
            Request::Open(opening) => format!("Opening {}", opening.network),
            Request::Fetch(opening) => format!("Downloading weights for {}", opening.network),
            Request::Picture(_) | Request::Alter(_) => "Running the picture".into(),
            Request::Compare(_) => "Running the picture for comparison".into(),
            Request::Attribute(inquiries) => {
                inquiries.first().map_or_else(String::new, |first| first.method.title.into())
            }
            Request::AttributeSlowly(inquiry) => inquiry.method.title.into(),
            Request::Measure(_, change, _) => format!("Invariance: {}", change.label()),
            Request::Deconvnet(units) => format!("Deconvnet of {} units", units.len()),
            Request::Task(what, _) => what.clone(),
        }
    }
}

impl Lane {
    /// Whether a new request in this lane makes those in `other` pointless. A task has its own data and goes on.
    fn clears(self, other: Lane) -> bool {
        let is_about_run = matches!(other, Lane::Attribution | Lane::Deconvnet | Lane::Slow);
        self == other || (self <= Lane::Picture && is_about_run)
    }
}

/// What the worker is doing.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// For which lane.
    pub lane: Lane,
    /// In words.
    pub what: String,
    /// Share done, 0..=1.
    pub fraction: f32,
}

#[derive(Default)]
struct Queue {
    waiting: BTreeMap<Lane, Request>,
    /// For the live synthesis.
    controls: VecDeque<Control>,
    /// Whether there is one that runs.
    live: bool,
    running: Option<(Watch, Status)>,
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
        let worker = Worker {
            shared: Arc::clone(&shared),
            events: sender,
            device,
            model: None,
            picture: None,
            alteration: Alteration::default(),
            other: None,
            of: None,
            live: None,
        };
        let thread = thread::Builder::new().name("engine".into()).spawn(move || worker.work());
        let thread = thread.map_err(|error| Error::Failed(format!("cannot start the engine's thread: {error}")))?;
        Ok(Engine { shared, events, thread: Some(thread) })
    }

    /// Asks for something; never waits.
    pub fn request(&self, request: Request) {
        let lane = request.lane();
        let mut queue = self.shared.queue();
        queue.waiting.retain(|&other, _| !lane.clears(other));
        if let Some((watch, running)) = &queue.running
            && lane.clears(running.lane)
        {
            watch.cancel();
        }
        queue.waiting.insert(lane, request);
        drop(queue);
        self.shared.changed.notify_one();
    }

    /// Says something to the live synthesis; never waits.
    pub fn control(&self, control: Control) {
        let mut queue = self.shared.queue();
        if control.interrupts()
            && let Some((watch, Status { lane: Lane::Synthesis, .. })) = &queue.running
        {
            watch.cancel();
        }
        queue.controls.push_back(control);
        drop(queue);
        self.shared.changed.notify_one();
    }

    /// The next thing that happened, if any; never waits.
    pub fn poll(&self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// What is running; `None` when idle.
    pub fn status(&self) -> Option<Status> {
        self.shared.queue().running.as_ref().map(|(_, status)| status.clone())
    }

    /// Whether something in this lane runs or waits.
    pub fn is_busy(&self, lane: Lane) -> bool {
        let queue = self.shared.queue();
        // What was cancelled ends at its next step and answers nothing.
        let runs = queue.running.as_ref().is_some_and(|(watch, status)| status.lane == lane && !watch.is_cancelled());
        let live = lane == Lane::Synthesis && (queue.live || !queue.controls.is_empty());
        runs || live || queue.waiting.contains_key(&lane)
    }

    /// Whether nothing runs or waits.
    pub fn is_idle(&self) -> bool {
        let queue = self.shared.queue();
        queue.running.is_none() && queue.waiting.is_empty() && queue.controls.is_empty() && !queue.live
    }

    /// Cancels what runs and drops what waits; a live synthesis pauses.
    pub fn cancel(&self) {
        let mut queue = self.shared.queue();
        queue.waiting.clear();
        queue.controls.clear();
        if queue.live {
            queue.controls.push_back(Control::Pause);
        }
        if let Some((watch, _)) = &queue.running {
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
    /// What is done to the picture, whichever network looks at it.
    alteration: Alteration,
    /// The picture for comparison.
    other: Option<Picture>,
    /// What the present network made of the present picture first.
    of: Option<u64>,
    live: Option<Live>,
}

/// What the worker does next.
enum Turn {
    Request(Request),
    Control(Control),
    /// A step of the live synthesis.
    Step,
}

impl Turn {
    fn lane(&self) -> Lane {
        match self {
            Turn::Request(request) => request.lane(),
            Turn::Control(_) | Turn::Step => Lane::Synthesis,
        }
    }

    fn what(&self) -> String {
        match self {
            Turn::Request(request) => request.what(),
            Turn::Control(_) | Turn::Step => "Synthesis".into(),
        }
    }
}

impl Worker {
    fn work(mut self) {
        while let Some((turn, watch)) = self.next() {
            let lane = turn.lane();
            let outcome = catch_unwind(AssertUnwindSafe(|| match turn {
                Turn::Request(request) => self.serve(request, &watch),
                Turn::Control(control) => self.obey(control, &watch),
                Turn::Step => self.step(&watch),
            }));
            if outcome.is_err() && lane == Lane::Synthesis {
                self.live = None;
            }
            {
                let mut queue = self.shared.queue();
                queue.running = None;
                queue.live = self.live.as_ref().is_some_and(Live::is_running);
            }
            match outcome {
                Ok(Ok(())) | Ok(Err(Error::Cancelled)) => (self.shared.wake)(),
                Ok(Err(error)) => self.tell(Event::Failed(lane, error.to_string())),
                Err(panic) => self.tell(Event::Failed(lane, format!("a defect in striate: {}", panic_text(&*panic)))),
            }
        }
    }

    /// Waits for something to do and marks it as running.
    fn next(&self) -> Option<(Turn, Watch)> {
        let mut queue = self.shared.queue();
        loop {
            if queue.closed {
                return None;
            }
            let control = queue.controls.pop_front().map(Turn::Control);
            let turn = control
                .or_else(|| queue.waiting.pop_first().map(|(_, request)| Turn::Request(request)))
                .or_else(|| queue.live.then_some(Turn::Step));
            if let Some(turn) = turn {
                // How far a live synthesis is says its frame: of a single step nobody wants to know.
                let live = self.live.as_ref().filter(|_| turn.lane() == Lane::Synthesis).map(Live::fraction);
                if let Some(fraction) = live {
                    let watch = Watch::default();
                    queue.running = Some((watch.clone(), Status { lane: turn.lane(), what: turn.what(), fraction }));
                    return Some((turn, watch));
                }
                let shared = Arc::downgrade(&self.shared);
                let watch = Watch::reporting(move |fraction| {
                    let Some(shared) = shared.upgrade() else { return };
                    if let Some((_, status)) = &mut shared.queue().running {
                        status.fraction = fraction;
                    }
                    (shared.wake)();
                });
                let status = Status { lane: turn.lane(), what: turn.what(), fraction: 0.0 };
                queue.running = Some((watch.clone(), status));
                return Some((turn, watch));
            }
            queue = self.shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn tell(&self, event: Event) {
        // Nobody listens any more when the window is closing.
        let _ = self.events.send(event);
        (self.shared.wake)();
    }

    fn obey(&mut self, control: Control, watch: &Watch) -> Result<()> {
        match control {
            Control::Start(model, recipe) => {
                self.live = None;
                self.live = Some(Live::start(model, *recipe)?);
            }
            Control::Stop => self.live = None,
            other => self.live.as_mut().map_or(Ok(()), |live| live.obey(other))?,
        }
        if let Some(live) = &mut self.live {
            let frame = live.frame(watch)?;
            self.tell(Event::Frame(Arc::new(frame)));
        }
        Ok(())
    }

    fn step(&mut self, watch: &Watch) -> Result<()> {
        let frame = self.live.as_mut().map_or(Ok(None), |live| live.step(watch))?;
        frame.into_iter().for_each(|frame| self.tell(Event::Frame(Arc::new(frame))));
        Ok(())
    }

    fn open(&self, source: PictureSource) -> Result<Picture> {
        match source {
            PictureSource::Named(source) => Picture::from_source(&source),
            PictureSource::File(path) if path.is_dir() => first_in(&path),
            PictureSource::File(path) => Picture::open(&path),
            PictureSource::Beside { forward } => self.beside(forward),
            PictureSource::Bytes(name, bytes) => Picture::decode(&bytes, &name),
            PictureSource::Ready(picture) => Ok(picture),
        }
    }

    /// Runs the picture for comparison.
    fn compare(&self, watch: &Watch) -> Result<()> {
        let (Some(model), Some(other)) = (&self.model, &self.other) else {
            self.tell(Event::Compared(None));
            return Ok(());
        };
        let run = Run::picture(model, other.clone(), watch)?;
        self.tell(Event::Compared(Some(Arc::new(run))));
        Ok(())
    }

    fn beside(&self, forward: bool) -> Result<Picture> {
        let Some(picture) = &self.picture else { return Picture::from_source(&format!("sample:{}", SAMPLES[0].name)) };
        if let Some(path) = &picture.path {
            return beside(path, forward);
        }
        let at = SAMPLES.iter().position(|sample| sample.name == picture.name).unwrap_or(0);
        let step = if forward { 1 } else { SAMPLES.len() - 1 };
        Picture::from_source(&format!("sample:{}", SAMPLES[(at + step) % SAMPLES.len()].name))
    }

    fn attribute(&self, inquiry: &Inquiry, watch: &Watch) -> Result<()> {
        // A defect in one method must not take the answers of the others with it.
        let caught = catch_unwind(AssertUnwindSafe(|| inquiry.answer(watch)));
        let result = match caught {
            Ok(result) => answer(result)?,
            Err(panic) => Err(format!("a defect in striate: {}", panic_text(&*panic))),
        };
        self.tell(Event::Attribution(inquiry.key(), result));
        Ok(())
    }

    fn serve(&mut self, request: Request, watch: &Watch) -> Result<()> {
        match request {
            Request::Open(opening) => {
                let model = Arc::new(Model::open(&opening, &self.device.open()?, watch)?);
                // The old model stays until the picture has run through the new one: a cancelled run changes nothing.
                let run = |picture| Run::altered(&model, picture, self.alteration, None, watch);
                let run = self.picture.clone().map(run).transpose()?;
                self.model = Some(Arc::clone(&model));
                (self.live, self.of) = (None, run.as_ref().map(|run| run.of));
                self.tell(Event::Model(model));
                if let Some(run) = run {
                    self.tell(Event::Run(Arc::new(run)));
                }
                self.compare(watch)
            }
            Request::Fetch(opening) => {
                let network = &opening.network;
                let place = weights::remote(network).zip(weights::cache_folder());
                let Some((remote, folder)) = place else {
                    return Err(Error::Failed(format!("there are no published weights for {network}")));
                };
                let path = weights::fetch(&remote, &folder, watch)?;
                self.serve(Request::Open(Opening { weights: Source::File(path), ..opening }), watch)
            }
            Request::Picture(source) => {
                let picture = self.open(source)?;
                // Without a model yet, the picture waits for it.
                if let Some(model) = &self.model {
                    let run = Arc::new(Run::picture(model, picture.clone(), watch)?);
                    self.of = Some(run.of);
                    self.tell(Event::Run(run));
                }
                (self.picture, self.alteration) = (Some(picture), Alteration::default());
                Ok(())
            }
            Request::Alter(alteration) => {
                if let (Some(model), Some(picture)) = (&self.model, &self.picture) {
                    let run = Run::altered(model, picture.clone(), alteration, self.of, watch)?;
                    self.tell(Event::Run(Arc::new(run)));
                }
                self.alteration = alteration;
                Ok(())
            }
            Request::Compare(source) => {
                self.other = source.map(|source| self.open(source)).transpose()?;
                self.compare(watch)
            }
            Request::Attribute(inquiries) => {
                let count = inquiries.len();
                for (index, inquiry) in inquiries.into_iter().enumerate() {
                    self.attribute(&inquiry, &watch.part(index, count))?;
                }
                Ok(())
            }
            Request::AttributeSlowly(inquiry) => self.attribute(&inquiry, watch),
            Request::Measure(run, change, class) => {
                let result = answer(invariance(&run, change, class, watch))?;
                self.tell(Event::Invariance((run.of, change, class), result));
                Ok(())
            }
            Request::Deconvnet(units) => {
                let count = units.len();
                for (index, (run, layer, unit, keep)) in units.into_iter().enumerate() {
                    let result = answer(run.deconvnet(layer, unit, keep, &watch.part(index, count)))?;
                    self.tell(Event::Reconstruction { run: run.id, layer, unit, keep, result });
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
}

/// An answer that says why it is none; only cancelling ends the request.
fn answer<T>(result: Result<T>) -> Result<Result<Arc<T>, String>> {
    match result {
        Err(Error::Cancelled) => Err(Error::Cancelled),
        other => Ok(other.map(Arc::new).map_err(|error| error.to_string())),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied()).unwrap_or("unknown")
}
