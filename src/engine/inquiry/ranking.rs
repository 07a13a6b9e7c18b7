//! The question how much each unit of a layer contributes to the score of a class.

use super::{
    lane::{InquiryLane, Subject, Thread},
    question::{Inquiry, InquiryKey},
};
use crate::{Result, engine::run::Run, methods::Ranked, net::NodeId, watch::Watch};
use std::sync::Arc;

pub(super) static LANE: InquiryLane = InquiryLane { name: "ranking", thread: Thread::Shared, subject: Subject::Run };

/// Units to order by contribution, the largest first.
#[derive(Clone)]
pub struct RankingInquiry {
    /// The run.
    pub run: Arc<Run>,
    /// The layer whose units are ordered.
    pub layer: NodeId,
    /// The class.
    pub class: usize,
}

/// Key of an order of units.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RankingKey {
    /// Id of the run.
    pub run: u64,
    /// The layer whose units are ordered.
    pub layer: NodeId,
    /// The class.
    pub class: usize,
}

impl InquiryKey for RankingKey {
    type Answer = Ranked;
    const KEPT: usize = 64;

    fn runs(&self) -> Vec<u64> {
        vec![self.run]
    }
}

impl Inquiry for RankingInquiry {
    type Key = RankingKey;

    fn lane(&self) -> &'static InquiryLane {
        &LANE
    }

    fn key(&self) -> RankingKey {
        RankingKey { run: self.run.id, layer: self.layer, class: self.class }
    }

    fn label(&self) -> String {
        format!("Contributions of the units of {}", self.run.model.network.graph().node(self.layer).name)
    }

    fn answer(&self, watch: &Watch) -> Result<Ranked> {
        self.run.contributions(self.layer, self.class, watch)
    }
}
