//! The question which pixels, or places of a layer, matter for a class or a unit, by one method.

use super::{
    lane::{InquiryLane, Subject, Thread},
    question::{Inquiry, InquiryKey},
};
use crate::{
    Result,
    engine::run::Run,
    methods::{Attribution, Method, Settings, Target},
    net::NodeId,
    watch::Watch,
};
use std::sync::Arc;

/// Lane of the methods that take a pass or two.
pub(super) static QUICK: InquiryLane =
    InquiryLane { name: "attribution", thread: Thread::Shared, subject: Subject::Run };

/// Lane of the methods that take many passes.
pub(super) static SLOW: InquiryLane =
    InquiryLane { name: "slow attribution", thread: Thread::Own, subject: Subject::Run };

/// An attribution to compute.
#[derive(Clone)]
pub struct AttributionInquiry {
    /// The run: its picture and network.
    pub run: Arc<Run>,
    /// The method.
    pub method: &'static Method,
    /// The class or unit that is explained.
    pub target: Target,
    /// The layer that methods on layers read; the method's usual one where `None`.
    pub layer: Option<NodeId>,
    /// Values of the method's parameters that differ from the usual ones.
    pub settings: Settings,
}

/// Key of an attribution.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AttributionKey {
    /// Id of the run.
    pub run: u64,
    /// Name of the method.
    pub method: &'static str,
    /// The class or unit that is explained.
    pub target: Target,
    /// The layer that is read.
    pub layer: Option<NodeId>,
    /// The settings as text: `steps=20`.
    pub settings: String,
}

impl InquiryKey for AttributionKey {
    type Answer = Attribution;
    const KEPT: usize = 48;

    fn runs(&self) -> Vec<u64> {
        vec![self.run]
    }
}

impl AttributionInquiry {
    /// Lane of the methods that answer at once.
    pub const QUICK: &'static InquiryLane = &QUICK;
}

impl Inquiry for AttributionInquiry {
    type Key = AttributionKey;

    fn lane(&self) -> &'static InquiryLane {
        if self.method.slow { &SLOW } else { &QUICK }
    }

    fn key(&self) -> AttributionKey {
        let (run, method, settings) = (self.run.id, self.method.name, self.settings.to_string());
        AttributionKey { run, method, target: self.target, layer: self.layer, settings }
    }

    fn label(&self) -> String {
        self.method.title.into()
    }

    fn answer(&self, watch: &Watch) -> Result<Attribution> {
        let layers: Vec<NodeId> = self.layer.into_iter().collect();
        self.run.attribute_with(self.method, self.target, &layers, &self.settings, watch)
    }
}
