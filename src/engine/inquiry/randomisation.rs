//! The question whether a heatmap depends on what the network learned: the weight-randomisation test (Adebayo et al. 2018).

use super::{
    attribution::{AttributionInquiry, AttributionKey},
    lane::{InquiryLane, Subject, Thread},
    question::{Inquiry, InquiryKey},
};
use crate::{
    Result,
    methods::{REDRAWN, Randomised},
    watch::Watch,
};

pub(super) static LANE: InquiryLane = InquiryLane { name: "randomisation", thread: Thread::Own, subject: Subject::Run };

/// A heatmap to test.
#[derive(Clone)]
pub struct RandomisationInquiry(pub AttributionInquiry);

/// Key of a test.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RandomisationKey(pub AttributionKey);

impl InquiryKey for RandomisationKey {
    type Answer = Vec<Randomised>;
    const KEPT: usize = 32;

    fn runs(&self) -> Vec<u64> {
        self.0.runs()
    }
}

impl Inquiry for RandomisationInquiry {
    type Key = RandomisationKey;

    fn lane(&self) -> &'static InquiryLane {
        &LANE
    }

    fn key(&self) -> RandomisationKey {
        RandomisationKey(self.0.key())
    }

    fn label(&self) -> String {
        format!("Test of {}", self.0.label())
    }

    fn answer(&self, watch: &Watch) -> Result<Vec<Randomised>> {
        let AttributionInquiry { run, method, target, layer, settings } = &self.0;
        let layers: Vec<_> = layer.iter().copied().collect();
        run.randomised(method, *target, &layers, settings, REDRAWN, watch)
    }
}
