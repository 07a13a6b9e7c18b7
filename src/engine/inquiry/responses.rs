//! The question how strongly the units of a layer respond to every picture of an indexed folder.

use super::{
    lane::{InquiryLane, Subject, Thread},
    question::{Inquiry, InquiryKey},
};
use crate::{
    Result,
    dataset::{Index, ResponseMeasure, Responses},
    engine::model::Model,
    net::NodeId,
    watch::Watch,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub(super) static LANE: InquiryLane = InquiryLane { name: "responses", thread: Thread::Own, subject: Subject::Own };

/// The responses of all units of a layer to the pictures of an index.
#[derive(Clone)]
pub struct ResponsesInquiry {
    /// The network.
    pub model: Arc<Model>,
    /// The index; the pictures that ran are measured.
    pub index: Arc<Index>,
    /// The layer.
    pub layer: NodeId,
    /// The class whose relevance is measured; activations where `None`.
    pub class: Option<usize>,
}

/// Everything that the responses depend on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ResponsesKey {
    /// The network with its weights and preparation.
    pub network: String,
    /// The folder.
    pub root: PathBuf,
    /// Pictures that are measured.
    pub pictures: usize,
    /// The layer.
    pub layer: NodeId,
    /// The class.
    pub class: Option<usize>,
}

impl InquiryKey for ResponsesKey {
    type Answer = Responses;
    const KEPT: usize = 6;

    fn runs(&self) -> Vec<u64> {
        Vec::new()
    }
}

impl Inquiry for ResponsesInquiry {
    type Key = ResponsesKey;

    fn lane(&self) -> &'static InquiryLane {
        &LANE
    }

    fn key(&self) -> ResponsesKey {
        let network = format!("{:?}", self.model.fingerprint());
        let (root, pictures) = (self.index.listing.root.clone(), self.index.done);
        ResponsesKey { network, root, pictures, layer: self.layer, class: self.class }
    }

    fn label(&self) -> String {
        let name = &self.model.network.graph().node(self.layer).name;
        format!("Responses of {name} to {} pictures", self.index.done)
    }

    fn answer(&self, watch: &Watch) -> Result<Responses> {
        let listing = self.index.ran();
        let model = &self.model;
        let at = |size| Ok(model.at(size)?.network.clone());
        let prepare = |path: &Path| model.prepare_file(path);
        let measure = self.class.map_or(ResponseMeasure::Activation, ResponseMeasure::Relevance);
        let asked = (self.layer, measure);
        Ok(Responses::measure(&model.network, &at, &prepare, &listing, asked, watch)?.0)
    }
}
