//! The worker threads, which do all computing of the window.
//!
//! One thread serves all quick requests in turn; a lane whose work takes long has its own thread ([`Lane::threads`]), so
//! that a click is answered meanwhile. A panic becomes an event.

use super::{
    device::DeviceChoice,
    event::Event,
    inquiry::AnyInquiry,
    lane::Lane,
    live::{Control, Live, save},
    opening::Opening,
    queue::{Queue, Shared, Status, Turn},
    request::Request,
    screen::{Screen, reopen},
    trim::trim,
};
use crate::{
    Error, Result,
    watch::Watch,
    weights::{self, Source},
};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    time::{Duration, Instant},
};

/// Time between two reports of progress that are shown.
const PROGRESS_EVERY: Duration = Duration::from_millis(80);

/// A thread's state.
pub(super) struct Worker {
    lanes: Vec<Lane>,
    shared: Arc<Shared>,
    events: mpsc::Sender<Event>,
    device: DeviceChoice,
    screen: Screen,
    live: Option<Live>,
    /// A network was replaced, and its freed memory was not yet returned to the system.
    trim_pending: bool,
}

/// Idle time after which a replaced network is assumed dropped; freed memory is then returned to the system.
const IDLE_BEFORE_TRIM: Duration = Duration::from_secs(1);

impl Worker {
    pub fn new(lanes: Vec<Lane>, shared: Arc<Shared>, events: mpsc::Sender<Event>, device: DeviceChoice) -> Self {
        Worker { lanes, shared, events, device, screen: Screen::new(device), live: None, trim_pending: false }
    }

    /// Serves the lanes until the queue is closed.
    pub fn work(mut self) {
        while let Some((turn, watch)) = self.next() {
            let lane = turn.lane();
            let outcome = catch_unwind(AssertUnwindSafe(|| match turn {
                Turn::Request(request) => self.handle(request, &watch),
                Turn::Control(control) => self.control(control, &watch),
                Turn::Step => self.step(&watch),
            }));
            if outcome.is_err() && lane == Lane::Synthesis {
                self.live = None;
            }
            {
                let mut queue = self.shared.queue();
                queue.running.remove(&lane);
                if self.lanes.contains(&Lane::Synthesis) {
                    queue.live = self.live.as_ref().is_some_and(Live::is_running);
                }
            }
            match outcome {
                Ok(Ok(())) | Ok(Err(Error::Cancelled)) => (self.shared.wake)(),
                Ok(Err(error)) => self.send(Event::Failed(lane, error.to_string())),
                Err(panic) => self.send(Event::Failed(lane, defect(&*panic))),
            }
        }
    }

    /// Waits for the next turn and marks it as running; `None` once the queue is closed.
    fn next(&mut self) -> Option<(Turn, Watch)> {
        let shared = Arc::clone(&self.shared);
        let mut queue = shared.queue();
        loop {
            if queue.closed {
                return None;
            }
            if let Some(turn) = queue.turn(&self.lanes) {
                let watch = self.begin(&turn, &mut queue);
                return Some((turn, watch));
            }
            if !self.trim_pending {
                queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let waited = shared.changed.wait_timeout(queue, IDLE_BEFORE_TRIM);
            let (idle, wait) = waited.unwrap_or_else(PoisonError::into_inner);
            queue = idle;
            if wait.timed_out() {
                drop(queue);
                trim();
                self.trim_pending = false;
                queue = shared.queue();
            }
        }
    }

    /// Enters a turn into the list of what runs. A step of a live synthesis shows the progress of the whole synthesis.
    fn begin(&self, turn: &Turn, queue: &mut MutexGuard<'_, Queue>) -> Watch {
        let lane = turn.lane();
        let live = self.live.as_ref().filter(|_| lane == Lane::Synthesis);
        let watch = match live {
            Some(_) => Watch::default(),
            None => {
                let shared = Arc::downgrade(&self.shared);
                // A window that is drawn at every step of a pass takes the cores from it.
                let woken = Mutex::new(Instant::now());
                Watch::reporting(move |fraction| {
                    let Some(shared) = shared.upgrade() else { return };
                    if let Some((_, status)) = shared.queue().running.get_mut(&lane) {
                        status.fraction = fraction;
                    }
                    let mut woken = woken.lock().unwrap_or_else(PoisonError::into_inner);
                    if woken.elapsed() >= PROGRESS_EVERY {
                        *woken = Instant::now();
                        drop(woken);
                        (shared.wake)();
                    }
                })
            }
        };
        let status = Status { lane, what: turn.label(), fraction: live.map_or(0.0, Live::fraction) };
        queue.running.insert(lane, (watch.clone(), status));
        watch
    }

    fn send(&self, event: Event) {
        // Sending fails only while the window closes.
        let _ = self.events.send(event);
        (self.shared.wake)();
    }

    fn handle(&mut self, request: Request, watch: &Watch) -> Result<()> {
        // Borrowed apart from the screen.
        let (events, shared) = (self.events.clone(), Arc::clone(&self.shared));
        let send = move |event| {
            let _ = events.send(event);
            (shared.wake)();
        };
        match request {
            Request::Open(opening) => {
                self.screen.open_network(&opening, watch, &send)?;
                (self.live, self.trim_pending) = (None, true);
                self.screen.run_other(watch, &send)
            }
            Request::Adopt(model, of) => {
                self.screen.adopt(model, of);
                self.live = None;
                self.screen.run_other(watch, &send)
            }
            Request::Prepare(preparation, labels) => {
                self.screen.prepare(&preparation, labels.as_deref(), watch, &send)?;
                (self.live, self.trim_pending) = (None, true);
                self.screen.run_other(watch, &send)
            }
            Request::Operate(surgery) => {
                self.screen.operate(&surgery, watch, &send)?;
                (self.live, self.trim_pending) = (None, true);
                self.screen.run_other(watch, &send)
            }
            Request::Picture(source) => self.screen.open_picture(source, watch, &send),
            Request::Alter(alteration) => self.screen.alter(alteration, watch, &send),
            Request::Compare(source) => self.screen.compare(source, watch, &send),
            Request::Fetch(opening) => self.fetch(opening, watch),
            Request::Reopen(wanted) => reopen(wanted, self.device, watch, &send),
            Request::Ask(_, inquiries) => {
                let count = inquiries.len();
                let mut each = inquiries.iter().enumerate();
                each.try_for_each(|(index, inquiry)| self.answer(inquiry, &watch.part(index, count)))
            }
            Request::Task(_, work) => {
                let sentence = work(watch)?;
                self.send(Event::Finished(sentence));
                Ok(())
            }
        }
    }

    /// Downloads weights, then asks for the network with them.
    fn fetch(&self, opening: Opening, watch: &Watch) -> Result<()> {
        let network = &opening.network;
        let Some((remote, folder)) = weights::remote(network).zip(weights::cache_folder()) else {
            return Err(Error::Failed(format!("there are no published weights for {network}")));
        };
        let path = weights::fetch(&remote, &folder, watch)?;
        watch.at(1, 1)?;
        self.shared.request(Request::Open(Opening { weights: Source::File(path), ..opening }));
        Ok(())
    }

    /// Answers a question. A panic fails this question alone, not the others of its batch.
    fn answer(&self, inquiry: &AnyInquiry, watch: &Watch) -> Result<()> {
        let answered = match catch_unwind(AssertUnwindSafe(|| inquiry.answer(watch))) {
            Ok(answered) => answered?,
            Err(panic) => inquiry.failed(defect(&*panic)),
        };
        self.send(Event::Answered(answered));
        Ok(())
    }

    /// Carries out a command to the live synthesis.
    fn control(&mut self, control: Control, watch: &Watch) -> Result<()> {
        match control {
            Control::Start(model, recipe) => {
                self.live = None;
                self.live = Some(Live::start(model, *recipe)?);
            }
            Control::Stop => self.live = None,
            Control::Save(folder, texts) => {
                let Some(frames) = self.live.as_ref().map(Live::frames) else { return Ok(()) };
                let label = format!("Saving {} frames", frames.count());
                let work = move |watch: &Watch| save(&frames, &folder, &texts, watch);
                self.shared.request(Request::Task(label, Box::new(work)));
                return Ok(());
            }
            other => self.live.as_mut().map_or(Ok(()), |live| live.apply(other))?,
        }
        if let Some(live) = &mut self.live {
            let frame = live.frame(watch)?;
            self.send(Event::Frame(Arc::new(frame)));
        }
        Ok(())
    }

    fn step(&mut self, watch: &Watch) -> Result<()> {
        let frame = self.live.as_mut().map_or(Ok(None), |live| live.step(watch))?;
        frame.into_iter().for_each(|frame| self.send(Event::Frame(Arc::new(frame))));
        Ok(())
    }
}

/// The message for a panic.
fn defect(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied());
    format!("a defect in striate: {}", text.filter(|text| !text.is_empty()).unwrap_or("a panic without a message"))
}
