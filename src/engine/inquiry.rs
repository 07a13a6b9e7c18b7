//! A question to a method about a run, as data: what the window asks, and what it knows the answer by.

use super::run::Run;
use crate::{
    Result,
    methods::{Attribution, Method, Settings, Target},
    net::NodeId,
    watch::Watch,
};
use std::sync::Arc;

/// What matters, by one method, for one target.
#[derive(Clone)]
pub struct Inquiry {
    /// Whose picture and network.
    pub run: Arc<Run>,
    /// How.
    pub method: &'static Method,
    /// For what.
    pub target: Target,
    /// The layer to read, for methods that read one; the usual one where `None`.
    pub layer: Option<NodeId>,
    /// What is set of the method's parameters.
    pub settings: Settings,
}

/// Everything an answer depends on: the run's id, the method's name, target, layer and settings.
pub type InquiryKey = (u64, &'static str, Target, Option<NodeId>, String);

impl Inquiry {
    /// What its answer is known by.
    pub fn key(&self) -> InquiryKey {
        (self.run.id, self.method.name, self.target, self.layer, self.settings.to_string())
    }

    /// The answer.
    ///
    /// # Errors
    /// Those of the method.
    pub fn answer(&self, watch: &Watch) -> Result<Attribution> {
        let layers: Vec<NodeId> = self.layer.into_iter().collect();
        self.run.attribute_with(self.method, self.target, &layers, &self.settings, watch)
    }
}
