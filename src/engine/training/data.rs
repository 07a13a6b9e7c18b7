//! The pictures of a run.

use crate::{picture::Preprocess, train::data::DataSource};

/// Share of each class that is kept for the test, where nothing else is asked for.
pub const TEST_SHARE: f64 = 0.2;

/// Which pictures, and at which size.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingData {
    /// Their place.
    pub source: DataSource,
    /// Share of each class that is kept for the test, where the source does not say which are.
    pub share: f64,
    /// The input's size in pixels; the network's own where `None`.
    pub size: Option<u32>,
}

impl TrainingData {
    /// The pictures of a source, as a run takes them where nothing else is asked for.
    pub fn of(source: DataSource) -> Self {
        TrainingData { source, share: TEST_SHARE, size: None }
    }

    pub(super) fn preprocess(&self, own: &Preprocess) -> Preprocess {
        match self.size {
            Some(size) => own.with_size(size as usize),
            None => own.clone(),
        }
    }
}
