//! A thread that works through jobs taken from state which it shares with the window.

use crate::error::{Error, Result};
use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

/// Starts a thread.
///
/// # Errors
/// [`Error::Failed`] when the system has no thread to give.
pub fn spawn(name: &'static str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let started = thread::Builder::new().name(name.into()).spawn(work);
    started.map_err(|error| Error::Failed(format!("the thread '{name}' cannot start: {error}")))
}

/// State that a worker's thread and the window share.
pub struct SharedState<S> {
    state: Mutex<S>,
    changed: Condvar,
    closed: AtomicBool,
}

impl<S> SharedState<S> {
    /// Locks the state. No holder of the lock panics half way, so a poisoned lock is still good.
    pub fn lock(&self) -> MutexGuard<'_, S> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next job; `None` once the worker is dropped.
    fn next<J>(&self, job: impl Fn(&mut S) -> Option<J>) -> Option<J> {
        let mut state = self.lock();
        loop {
            if self.closed.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(job) = job(&mut state) {
                return Some(job);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Handle on a worker's thread. Dropping it ends the thread after the present job.
pub struct WorkerThread<S> {
    shared: Arc<SharedState<S>>,
    thread: Option<JoinHandle<()>>,
}

impl<S: Send + 'static> WorkerThread<S> {
    /// Starts a thread that takes jobs from the state by `next` and does each by `work`.
    ///
    /// # Errors
    /// [`Error::Failed`] when the system has no thread to give.
    pub fn start<J>(
        name: &'static str,
        state: S,
        next: impl Fn(&mut S) -> Option<J> + Send + 'static,
        work: impl Fn(&SharedState<S>, J) + Send + 'static,
    ) -> Result<Self> {
        let shared =
            Arc::new(SharedState { state: Mutex::new(state), changed: Condvar::new(), closed: AtomicBool::new(false) });
        let own = Arc::clone(&shared);
        let thread = spawn(name, move || {
            while let Some(job) = own.next(&next) {
                work(&own, job);
            }
        })?;
        Ok(WorkerThread { shared, thread: Some(thread) })
    }
}

impl<S> WorkerThread<S> {
    /// Locks the state.
    pub fn lock(&self) -> MutexGuard<'_, S> {
        self.shared.lock()
    }

    /// Tells the thread that the state may hold a new job. Call it after the lock is released.
    pub fn wake(&self) {
        self.shared.changed.notify_one();
    }
}

impl<S> Drop for WorkerThread<S> {
    fn drop(&mut self) {
        // Under the lock: between its check and its wait the thread would miss the notification.
        let state = self.lock();
        self.shared.closed.store(true, Ordering::Relaxed);
        drop(state);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was already reported; there is nothing to add here.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn jobs_are_done_in_order_and_dropping_ends_the_thread() {
        let take = |state: &mut (Vec<u32>, Vec<u32>)| state.0.pop();
        let work = |shared: &SharedState<(Vec<u32>, Vec<u32>)>, job: u32| shared.lock().1.push(job);
        let worker = WorkerThread::start("test", (Vec::new(), Vec::new()), take, work).unwrap();
        worker.lock().0 = vec![3, 2, 1];
        worker.wake();
        let start = Instant::now();
        while worker.lock().1.len() < 3 {
            assert!(start.elapsed() < Duration::from_secs(30));
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(worker.lock().1, [1, 2, 3]);
        let shared = Arc::clone(&worker.shared);
        drop(worker);
        // The thread's own reference is gone.
        assert_eq!(Arc::strong_count(&shared), 1);
    }
}
