//! The window's handle on the worker threads.

use super::{
    device::DeviceChoice,
    event::Event,
    lane::Lane,
    live::Control,
    queue::{Shared, Status},
    request::Request,
    worker::Worker,
};
use crate::{Error, Result};
use std::{
    sync::{Arc, mpsc},
    thread,
};
use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};

/// The worker threads. Dropping it cancels their work and ends them.
pub struct Engine {
    shared: Arc<Shared>,
    events: mpsc::Receiver<Event>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Engine {
    /// Starts the threads. They call `wake` whenever there is a new event or progress.
    ///
    /// # Errors
    /// [`Error::Failed`] when the system grants no more threads.
    pub fn start(device: DeviceChoice, wake: impl Fn() + Send + Sync + 'static) -> Result<Self> {
        let (sender, events) = mpsc::channel();
        let mut engine = Engine { shared: Arc::new(Shared::new(wake)), events, threads: Vec::new() };
        for lanes in Lane::threads() {
            let (shared, events) = (Arc::clone(&engine.shared), sender.clone());
            let worker = Worker::new(lanes, shared, events, device);
            let thread = thread::Builder::new().name("engine".into()).spawn(move || {
                lower_priority();
                worker.work();
            });
            engine.threads.push(thread.map_err(|error| Error::no_thread(&error))?);
        }
        rayon::spawn_broadcast(|_| lower_priority());
        Ok(engine)
    }

    /// Puts a request in its lane; never waits.
    pub fn request(&self, request: Request) {
        self.shared.request(request);
    }

    /// Sends a command to the live synthesis; never waits.
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

    /// The next event, if there is one; never waits.
    pub fn poll(&self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// The work that runs or waits, ordered by lane; empty when idle.
    pub fn work(&self) -> Vec<Status> {
        self.shared.queue().work()
    }

    /// Whether a request in this lane runs or waits.
    pub fn is_busy(&self, lane: impl Into<Lane>) -> bool {
        let (lane, queue) = (lane.into(), self.shared.queue());
        // A cancelled request ends at its next step and sends no answer.
        let runs = queue.running.get(&lane).is_some_and(|(watch, _)| !watch.is_cancelled());
        let live = lane == Lane::Synthesis && (queue.live || !queue.controls.is_empty());
        runs || live || queue.waiting.contains_key(&lane)
    }

    /// Whether nothing runs or waits.
    pub fn is_idle(&self) -> bool {
        let queue = self.shared.queue();
        queue.running.is_empty() && queue.waiting.is_empty() && queue.controls.is_empty() && !queue.live
    }

    /// Cancels all that runs and drops all that waits. A live synthesis pauses.
    pub fn cancel(&self) {
        self.shared.queue().cancel();
        self.shared.changed.notify_all();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.cancel();
        self.shared.queue().closed = true;
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            // A worker catches its panics, so joining does not fail; if it did, nothing could be done about it here.
            let _ = thread.join();
        }
    }
}

/// Lowers the calling thread's priority, so that the window's thread wins where both want the same core.
pub fn lower_priority() {
    // Ordinary threads have 50 of 0 to 99. On Linux 30 is a niceness of 7: a fifth of an ordinary thread's share.
    set_priority(30);
}

/// Lowers the calling thread's priority below [`lower_priority`]'s: for work of hours beside which a person looks at networks.
pub fn lowest_priority() {
    // On Linux a niceness of 15: a sixth of the share of the threads that answer the window.
    set_priority(10);
}

fn set_priority(value: u8) {
    let Ok(below) = ThreadPriorityValue::try_from(value) else { return };
    // Where the system refuses, all keep equal shares.
    let _ = set_current_thread_priority(ThreadPriority::Crossplatform(below));
}
