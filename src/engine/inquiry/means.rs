//! The question what the units of a layer are on average over an indexed folder.

use super::{
    lane::{InquiryLane, Subject, Thread},
    question::{Inquiry, InquiryKey},
};
use crate::{
    Error, Result,
    dataset::{Index, pooled_features},
    engine::model::Model,
    net::NodeId,
    watch::Watch,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub(super) static LANE: InquiryLane = InquiryLane { name: "means", thread: Thread::Own, subject: Subject::Own };

/// The mean of every unit of a layer over the pictures of an index.
#[derive(Clone)]
pub struct MeansInquiry {
    /// The network, unchanged.
    pub model: Arc<Model>,
    /// The index; the pictures that ran are measured.
    pub index: Arc<Index>,
    /// The layer.
    pub layer: NodeId,
}

/// Everything that the means depend on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MeansKey {
    /// The network with its weights and preparation.
    pub network: String,
    /// The folder.
    pub root: PathBuf,
    /// Pictures that are measured.
    pub pictures: usize,
    /// The layer.
    pub layer: NodeId,
}

impl InquiryKey for MeansKey {
    type Answer = Vec<f32>;
    const KEPT: usize = 64;

    fn runs(&self) -> Vec<u64> {
        Vec::new()
    }
}

impl Inquiry for MeansInquiry {
    type Key = MeansKey;

    fn lane(&self) -> &'static InquiryLane {
        &LANE
    }

    fn key(&self) -> MeansKey {
        let network = format!("{:?}", self.model.fingerprint());
        let (root, pictures) = (self.index.listing.root.clone(), self.index.done);
        MeansKey { network, root, pictures, layer: self.layer }
    }

    fn label(&self) -> String {
        format!("Means of {} over the folder", self.model.network.graph().node(self.layer).name)
    }

    fn answer(&self, watch: &Watch) -> Result<Vec<f32>> {
        let listing = self.index.ran();
        let model = &self.model;
        let at = |size| Ok(model.at(size)?.network.clone());
        let prepare = |path: &Path| model.prepare_file(path);
        let (found, _) = pooled_features(&model.network, &at, &prepare, &listing, &[self.layer], watch)?;
        match found.first().filter(|features| !features.is_empty()) {
            Some(features) => Ok(features.means()),
            None => Err(Error::Failed("no picture of the folder could be read".into())),
        }
    }
}
