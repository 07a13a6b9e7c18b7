//! The question how often a network is right over an indexed folder.

use super::{
    lane::{InquiryLane, Subject, Thread},
    question::{Inquiry, InquiryKey},
};
use crate::{
    Result,
    dataset::{Hits, Index, LabelledFolder, outcomes},
    engine::model::Model,
    watch::Watch,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub(super) static LANE: InquiryLane = InquiryLane { name: "accuracy", thread: Thread::Own, subject: Subject::Own };

/// The pictures of an index through a network, which may be a changed one.
#[derive(Clone)]
pub struct AccuracyInquiry {
    /// The network.
    pub model: Arc<Model>,
    /// The index; the pictures that ran are measured.
    pub index: Arc<Index>,
}

/// Everything that the accuracy depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccuracyKey {
    /// The network with its changes, weights and preparation.
    pub network: String,
    /// The folder.
    pub root: PathBuf,
    /// Pictures that are measured, damaged ones included.
    pub pictures: usize,
}

impl InquiryKey for AccuracyKey {
    type Answer = Hits;
    const KEPT: usize = 64;

    fn runs(&self) -> Vec<u64> {
        Vec::new()
    }
}

impl Inquiry for AccuracyInquiry {
    type Key = AccuracyKey;

    fn lane(&self) -> &'static InquiryLane {
        &LANE
    }

    fn key(&self) -> AccuracyKey {
        let network = format!("{:?}", self.model.fingerprint());
        AccuracyKey { network, root: self.index.listing.root.clone(), pictures: self.index.done }
    }

    fn label(&self) -> String {
        format!("Accuracy over {} pictures", self.index.done)
    }

    fn answer(&self, watch: &Watch) -> Result<Hits> {
        let listing = self.index.ran();
        let model = &self.model;
        let look_up = |name: &str| model.labels.look_up(name);
        let folder = LabelledFolder::new(listing, &model.card.name, &look_up)?;
        let at = |size| Ok(model.at(size)?.network.clone());
        let prepare = |path: &Path| model.prepare_file(path);
        let (found, _) = outcomes(&model.network, &at, &prepare, &folder, watch)?;
        Ok(Hits::of(&found))
    }
}
