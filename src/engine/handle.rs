//! The window's handle on the worker threads, and the lanes in which requests wait for them.
//!
//! In each lane the latest wins: it replaces the one that waits and cancels the one that runs. A new model or picture
//! also clears the lanes that depend on it.

use super::{
    device::DeviceChoice,
    live::Control,
    request::{Event, Lane, Request},
    worker::Worker,
};
use crate::{Error, Result, watch::Watch};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
};
use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};

/// Something that a worker is doing.
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
pub(super) struct Queue {
    pub(super) waiting: BTreeMap<Lane, Request>,
    /// For the live synthesis.
    pub(super) controls: VecDeque<Control>,
    /// Whether there is one that runs.
    pub(super) live: bool,
    pub(super) running: BTreeMap<Lane, (Watch, Status)>,
    pub(super) closed: bool,
}

pub(super) struct Shared {
    pub(super) queue: Mutex<Queue>,
    pub(super) changed: Condvar,
    pub(super) wake: Box<dyn Fn() + Send + Sync>,
}

impl Shared {
    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        // A panic is caught before it can leave the queue half changed.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn request(&self, request: Request) {
        let lane = request.lane();
        let mut queue = self.queue();
        queue.waiting.retain(|&other, _| !lane.clears(other));
        for (watch, _) in queue.running.iter().filter(|(other, _)| lane.clears(**other)).map(|(_, running)| running) {
            watch.cancel();
        }
        queue.waiting.insert(lane, request);
        drop(queue);
        self.changed.notify_all();
    }
}

/// A handle on the worker threads; dropping it cancels what runs and ends them.
pub struct Engine {
    shared: Arc<Shared>,
    events: mpsc::Receiver<Event>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Engine {
    /// Starts the threads. `wake` is called from them whenever there is something new to see.
    ///
    /// # Errors
    /// [`Error::Failed`] when the system has no thread to give.
    pub fn start(device: DeviceChoice, wake: impl Fn() + Send + Sync + 'static) -> Result<Self> {
        let shared = Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new(), wake: Box::new(wake) });
        let (sender, events) = mpsc::channel();
        let mut engine = Engine { shared, events, threads: Vec::new() };
        for lanes in Lane::DESKS {
            let (shared, events) = (Arc::clone(&engine.shared), sender.clone());
            let worker = Worker::new(lanes, shared, events, device);
            let thread = thread::Builder::new().name("engine".into()).spawn(move || {
                give_way();
                worker.work();
            });
            let why = |error| Error::Failed(format!("cannot start the engine's threads: {error}"));
            engine.threads.push(thread.map_err(why)?);
        }
        rayon::spawn_broadcast(|_| give_way());
        Ok(engine)
    }

    /// Asks for something; never waits.
    pub fn request(&self, request: Request) {
        self.shared.request(request);
    }

    /// Says something to the live synthesis; never waits.
    pub fn control(&self, control: Control) {
        let mut queue = self.shared.queue();
        if control.interrupts()
            && let Some((watch, _)) = queue.running.get(&Lane::Synthesis)
        {
            watch.cancel();
        }
        queue.controls.push_back(control);
        drop(queue);
        self.shared.changed.notify_all();
    }

    /// The next thing that happened, if any; never waits.
    pub fn poll(&self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// What is running, by lane; nothing when idle.
    pub fn work(&self) -> Vec<Status> {
        self.shared.queue().running.values().map(|(_, status)| status.clone()).collect()
    }

    /// Whether something in this lane runs or waits.
    pub fn is_busy(&self, lane: Lane) -> bool {
        let queue = self.shared.queue();
        // What was cancelled ends at its next step and answers nothing.
        let runs = queue.running.get(&lane).is_some_and(|(watch, _)| !watch.is_cancelled());
        let live = lane == Lane::Synthesis && (queue.live || !queue.controls.is_empty());
        runs || live || queue.waiting.contains_key(&lane)
    }

    /// Whether nothing runs or waits.
    pub fn is_idle(&self) -> bool {
        let queue = self.shared.queue();
        queue.running.is_empty() && queue.waiting.is_empty() && queue.controls.is_empty() && !queue.live
    }

    /// Cancels what runs and drops what waits; a live synthesis pauses.
    pub fn cancel(&self) {
        let mut queue = self.shared.queue();
        queue.waiting.clear();
        queue.controls.clear();
        if queue.live {
            queue.controls.push_back(Control::Pause);
        }
        queue.running.values().for_each(|(watch, _)| watch.cancel());
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.cancel();
        self.shared.queue().closed = true;
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            // It was told to stop; if it panicked there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

/// The thread that calls this leaves the processor to the window's where both want it.
fn give_way() {
    // Ordinary threads have 50 of 0 to 99. On Linux this is a niceness of 7: a fifth of their share.
    let Ok(below) = ThreadPriorityValue::try_from(30) else { return };
    // Where the system does not allow it, it is as fair to both as without.
    let _ = set_current_thread_priority(ThreadPriority::Crossplatform(below));
}

/// What the worker does next.
pub(super) enum Turn {
    Request(Request),
    Control(Control),
    /// A step of the live synthesis.
    Step,
}

impl Turn {
    pub(super) fn lane(&self) -> Lane {
        match self {
            Turn::Request(request) => request.lane(),
            Turn::Control(_) | Turn::Step => Lane::Synthesis,
        }
    }

    pub(super) fn what(&self) -> String {
        match self {
            Turn::Request(request) => request.what(),
            Turn::Control(_) | Turn::Step => "Synthesis".into(),
        }
    }
}

impl Queue {
    /// What is next in these lanes: what is said to a live synthesis, then what was asked for, then a step of it.
    pub(super) fn turn(&mut self, lanes: &[Lane]) -> Option<Turn> {
        let live = lanes.contains(&Lane::Synthesis);
        if live && let Some(control) = self.controls.pop_front() {
            return Some(Turn::Control(control));
        }
        let request = lanes.iter().find_map(|lane| self.waiting.remove(lane));
        request.map(Turn::Request).or_else(|| (live && self.live).then_some(Turn::Step))
    }
}
