//! The queue between the window and the worker threads.
//!
//! Each lane holds one request: the latest replaces the one that waits and cancels the one that runs. A new network or
//! picture also cancels the lanes that depend on it ([`Lane::cancels`]).

use super::{lane::Lane, live::Control, request::Request};
use crate::watch::Watch;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

/// Work that runs or waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// The lane it belongs to.
    pub lane: Lane,
    /// The words beside its progress bar.
    pub what: String,
    /// Share done, 0..=1.
    pub fraction: f32,
}

/// Waiting and running requests.
#[derive(Default)]
pub(super) struct Queue {
    pub waiting: BTreeMap<Lane, Request>,
    /// Commands for the live synthesis, all of which are carried out in order.
    pub controls: VecDeque<Control>,
    /// Whether a synthesis takes steps.
    pub live: bool,
    pub running: BTreeMap<Lane, (Watch, Status)>,
    /// Whether the threads have to end.
    pub closed: bool,
}

/// The queue as the threads share it.
pub(super) struct Shared {
    queue: Mutex<Queue>,
    /// Signalled whenever the queue changes.
    pub changed: Condvar,
    /// Wakes the window.
    pub wake: Box<dyn Fn() + Send + Sync>,
}

impl Shared {
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Shared { queue: Mutex::default(), changed: Condvar::new(), wake: Box::new(wake) }
    }

    pub fn queue(&self) -> MutexGuard<'_, Queue> {
        // No panic leaves the queue half changed: workers catch panics before they touch it.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a request in its lane.
    pub fn request(&self, request: Request) {
        let lane = request.lane();
        let mut queue = self.queue();
        queue.waiting.retain(|&other, _| !lane.cancels(other));
        let cancelled = queue.running.iter().filter(|(other, _)| lane.cancels(**other));
        cancelled.for_each(|(_, (watch, _))| watch.cancel());
        queue.waiting.insert(lane, request);
        drop(queue);
        self.changed.notify_all();
    }
}

impl Queue {
    /// The next turn in these lanes: a command to the live synthesis, then a request, then a step of the synthesis.
    pub fn turn(&mut self, lanes: &[Lane]) -> Option<Turn> {
        let live = lanes.contains(&Lane::Synthesis);
        if live && let Some(control) = self.controls.pop_front() {
            return Some(Turn::Control(control));
        }
        let request = lanes.iter().find_map(|lane| self.waiting.remove(lane));
        request.map(Turn::Request).or_else(|| (live && self.live).then_some(Turn::Step))
    }

    /// The work that runs or waits, ordered by lane. A request waits for a moment before a thread takes it: without it,
    /// what was just asked for would look as if nobody worked on it.
    pub fn work(&self) -> Vec<Status> {
        let waits = |(&lane, request): (&Lane, &Request)| (lane, Status { lane, what: request.label(), fraction: 0.0 });
        let mut work: BTreeMap<Lane, Status> = self.waiting.iter().map(waits).collect();
        work.extend(self.running.iter().map(|(&lane, (_, status))| (lane, status.clone())));
        work.into_values().collect()
    }

    /// Cancels all that runs and drops all that waits. A live synthesis pauses, also one that is being started: it takes
    /// its first step only after the pause is carried out.
    pub fn cancel(&mut self) {
        self.waiting.clear();
        self.controls.clear();
        if self.live || self.running.contains_key(&Lane::Synthesis) {
            self.controls.push_back(Control::Pause);
        }
        self.running.values().for_each(|(watch, _)| watch.cancel());
    }
}

/// The unit of a worker's work.
pub(super) enum Turn {
    Request(Request),
    Control(Control),
    /// A step of the live synthesis.
    Step,
}

impl Turn {
    pub fn lane(&self) -> Lane {
        match self {
            Turn::Request(request) => request.lane(),
            Turn::Control(_) | Turn::Step => Lane::Synthesis,
        }
    }

    /// The words beside the progress bar.
    pub fn label(&self) -> String {
        match self {
            Turn::Request(request) => request.label(),
            Turn::Control(_) | Turn::Step => "Synthesis".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Alteration;

    #[test]
    fn what_waits_is_work_too_and_stands_once_beside_what_runs() {
        let shared = Shared::new(|| ());
        shared.request(Request::Alter(Alteration::default()));
        let mut queue = shared.queue();
        assert_eq!(queue.work().iter().map(|status| status.lane).collect::<Vec<_>>(), [Lane::Alter]);
        let status = Status { lane: Lane::Alter, what: "running".into(), fraction: 0.5 };
        queue.running.insert(Lane::Alter, (Watch::default(), status.clone()));
        assert_eq!(queue.work(), [status]);
        queue.cancel();
        queue.running.clear();
        assert!(queue.work().is_empty());
    }
}
