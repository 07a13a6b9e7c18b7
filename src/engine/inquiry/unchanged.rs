//! The question what the network says about the picture without its changes.

use super::{
    lane::{InquiryLane, Subject, Thread},
    question::{Inquiry, InquiryKey},
};
use crate::{Result, engine::run::Run, watch::Watch};
use std::sync::Arc;

pub(super) static LANE: InquiryLane = InquiryLane { name: "unchanged", thread: Thread::Shared, subject: Subject::Run };

/// The same input through the network as it was before surgery.
#[derive(Clone)]
pub struct UnchangedInquiry {
    /// The run of the changed network.
    pub run: Arc<Run>,
}

/// Key of the answer: the id of the run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UnchangedKey {
    /// Id of the run of the changed network.
    pub run: u64,
}

/// Scores and probabilities of all classes without the changes.
pub struct Unchanged {
    /// Scores.
    pub scores: Vec<f32>,
    /// Probabilities, 0 to 1.
    pub probabilities: Vec<f32>,
}

impl InquiryKey for UnchangedKey {
    type Answer = Unchanged;
    const KEPT: usize = 16;

    fn runs(&self) -> Vec<u64> {
        vec![self.run]
    }
}

impl Inquiry for UnchangedInquiry {
    type Key = UnchangedKey;

    fn lane(&self) -> &'static InquiryLane {
        &LANE
    }

    fn key(&self) -> UnchangedKey {
        UnchangedKey { run: self.run.id }
    }

    fn label(&self) -> String {
        "The picture through the unchanged network".into()
    }

    fn answer(&self, watch: &Watch) -> Result<Unchanged> {
        let input = self.run.trace.output(0);
        let (_, _, height, width) = input.dims4()?;
        let base = self.run.model.unchanged().at([height, width])?;
        let trace = base.network.forward(input, watch)?;
        Ok(Unchanged { scores: trace.scores()?, probabilities: trace.probabilities()? })
    }
}
