//! Progress of a tour, step by step.

use crate::watch::Watch;

/// The equal steps of a long job.
pub(super) struct Steps<'a> {
    watch: &'a Watch,
    done: usize,
    count: usize,
}

impl<'a> Steps<'a> {
    pub fn new(watch: &'a Watch, count: usize) -> Self {
        Steps { watch, done: 0, count }
    }

    /// The watch of the next step.
    pub fn next(&mut self) -> Watch {
        self.done += 1;
        self.watch.part(self.done - 1, self.count)
    }
}
