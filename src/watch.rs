//! Progress and cancelling of long computations.

use crate::{Error, Result};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

type Report = Arc<dyn Fn(f32) + Send + Sync>;

/// A handle that every long computation takes and calls [`Watch::at`] on between its steps.
///
/// Clones share the cancel flag. A default `Watch` is never cancelled and does not report.
#[derive(Clone)]
pub struct Watch {
    cancelled: Arc<AtomicBool>,
    report: Option<Report>,
    /// Start and end of this computation, as fractions of the whole job.
    from: f32,
    to: f32,
}

impl Default for Watch {
    fn default() -> Self {
        Watch { cancelled: Arc::default(), report: None, from: 0.0, to: 1.0 }
    }
}

impl Watch {
    /// A watch whose progress, a fraction in 0..=1, goes to `report`.
    pub fn reporting(report: impl Fn(f32) + Send + Sync + 'static) -> Self {
        Watch { report: Some(Arc::new(report)), ..Watch::default() }
    }

    /// A watch that shares this one's cancel flag and does not report.
    pub fn quiet(&self) -> Self {
        Watch { report: None, ..self.clone() }
    }

    /// A watch that calls `other` at every report, before this one's own. It shares the cancel flag.
    pub fn also(&self, other: impl Fn() + Send + Sync + 'static) -> Self {
        let own = self.report.clone();
        let report = move |fraction: f32| {
            other();
            own.iter().for_each(|own| own(fraction));
        };
        Watch { report: Some(Arc::new(report)), ..self.clone() }
    }

    /// A watch whose progress goes to `report` alone. It shares the cancel flag.
    pub fn telling(&self, report: impl Fn(f32) + Send + Sync + 'static) -> Self {
        Watch { report: Some(Arc::new(report)), cancelled: Arc::clone(&self.cancelled), ..Watch::default() }
    }

    /// The watch for step `index` of `count` equal steps of this one.
    pub fn part(&self, index: usize, count: usize) -> Self {
        let width = (self.to - self.from) / count.max(1) as f32;
        let from = self.from + width * index as f32;
        Watch { from, to: from + width, ..self.clone() }
    }

    /// Two watches: for a first step that takes `share` of the time, and for the rest.
    pub fn split(&self, share: f32) -> [Self; 2] {
        let middle = self.from + (self.to - self.from) * share;
        [Watch { to: middle, ..self.clone() }, Watch { from: middle, ..self.clone() }]
    }

    /// Reports that `done` of `total` steps are done.
    ///
    /// # Errors
    /// [`Error::Cancelled`] once [`Watch::cancel`] was called on any clone.
    pub fn at(&self, done: usize, total: usize) -> Result<()> {
        if self.is_cancelled() {
            return Err(Error::Cancelled);
        }
        if let Some(report) = &self.report {
            report(self.from + (self.to - self.from) * done as f32 / total.max(1) as f32);
        }
        Ok(())
    }

    /// Ends a cancelled computation without reporting progress.
    ///
    /// # Errors
    /// [`Error::Cancelled`] once [`Watch::cancel`] was called on any clone.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Asks the computation to stop at its next step.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// The flag that [`Watch::cancel`] sets. A signal handler may set it, but do nothing more.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.cancelled)
    }

    /// Whether [`Watch::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn parts_report_fractions_of_the_whole_and_share_the_cancel_flag() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let watch = Watch::reporting(move |fraction| sink.lock().unwrap().push(fraction));
        watch.part(1, 2).at(1, 2).unwrap();
        watch.part(1, 2).part(0, 2).at(1, 1).unwrap();
        let [first, rest] = watch.part(1, 2).split(0.75);
        first.at(1, 2).unwrap();
        rest.at(1, 2).unwrap();
        assert_eq!(*seen.lock().unwrap(), [0.75, 0.75, 0.6875, 0.9375]);
        watch.part(0, 3).cancel();
        assert!(matches!(watch.at(0, 1), Err(Error::Cancelled)));
    }
}
