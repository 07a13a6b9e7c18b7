//! The question what in the picture a unit responds to: its activation projected back by a deconvnet.

use super::{
    lane::{InquiryLane, Subject, Thread},
    question::{Inquiry, InquiryKey},
};
use crate::{
    Result,
    engine::run::Run,
    methods::{Keep, Reconstruction},
    net::NodeId,
    paint::signed_picture,
    watch::Watch,
};
use image::RgbImage;
use std::sync::Arc;

pub(super) static LANE: InquiryLane = InquiryLane { name: "projection", thread: Thread::Shared, subject: Subject::Run };

/// A unit to project back to the picture.
#[derive(Clone)]
pub struct ProjectionInquiry {
    /// The run.
    pub run: Arc<Run>,
    /// The layer.
    pub layer: NodeId,
    /// The unit.
    pub unit: usize,
    /// The activations of the unit that are kept.
    pub keep: Keep,
}

/// Key of a projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProjectionKey {
    /// Id of the run.
    pub run: u64,
    /// The layer.
    pub layer: NodeId,
    /// The unit.
    pub unit: usize,
    /// The activations of the unit that are kept.
    pub keep: Keep,
}

/// A projection and its picture, painted here because painting takes longer than a frame.
pub struct Projected {
    /// The values.
    pub found: Reconstruction,
    /// One pixel for each position of the network's input; zero is mid grey.
    pub image: RgbImage,
}

impl InquiryKey for ProjectionKey {
    type Answer = Projected;
    const KEPT: usize = 96;

    fn runs(&self) -> Vec<u64> {
        vec![self.run]
    }
}

impl Inquiry for ProjectionInquiry {
    type Key = ProjectionKey;

    fn lane(&self) -> &'static InquiryLane {
        &LANE
    }

    fn key(&self) -> ProjectionKey {
        ProjectionKey { run: self.run.id, layer: self.layer, unit: self.unit, keep: self.keep }
    }

    fn label(&self) -> String {
        format!("Deconvnet of unit {} of {}", self.unit, self.run.model.network.graph().node(self.layer).name)
    }

    fn answer(&self, watch: &Watch) -> Result<Projected> {
        let found = self.run.deconvnet(self.layer, self.unit, self.keep, watch)?;
        let image = signed_picture(&found.values, found.shape);
        Ok(Projected { found, image })
    }
}
