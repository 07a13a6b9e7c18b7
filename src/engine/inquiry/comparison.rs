//! The question how far two runs of one network are apart, layer by layer.

use super::{
    lane::{InquiryLane, Subject, Thread},
    question::{Inquiry, InquiryKey},
};
use crate::{Result, engine::run::Run, watch::Watch};
use std::sync::Arc;

/// It goes on while the picture is dragged: the newest pair of runs replaces the one before.
pub(super) static LANE: InquiryLane = InquiryLane { name: "comparison", thread: Thread::Own, subject: Subject::Own };

/// Two runs of one network to compare.
#[derive(Clone)]
pub struct ComparisonInquiry {
    /// The run A.
    pub run: Arc<Run>,
    /// The run B, in whose lengths distances are measured.
    pub other: Arc<Run>,
}

/// Key of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ComparisonKey {
    /// Id of the run A.
    pub run: u64,
    /// Id of the run B.
    pub other: u64,
}

impl InquiryKey for ComparisonKey {
    /// One distance for each layer: |A - B| / |B|, 0 for equal maps.
    type Answer = Vec<f32>;
    const KEPT: usize = 8;

    fn runs(&self) -> Vec<u64> {
        vec![self.run, self.other]
    }
}

impl Inquiry for ComparisonInquiry {
    type Key = ComparisonKey;

    fn lane(&self) -> &'static InquiryLane {
        &LANE
    }

    fn key(&self) -> ComparisonKey {
        ComparisonKey { run: self.run.id, other: self.other.id }
    }

    fn label(&self) -> String {
        "Comparing the layers".into()
    }

    fn answer(&self, watch: &Watch) -> Result<Vec<f32>> {
        let pairs = self.run.layers.iter().zip(&self.other.layers).enumerate();
        let count = self.run.layers.len();
        pairs.map(|(index, (own, other))| watch.at(index, count).and_then(|()| own.distance(other))).collect()
    }
}
