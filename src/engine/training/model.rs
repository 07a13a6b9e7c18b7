//! A network under training as a model, so that pictures run through it like through any other.

use crate::{
    Result,
    engine::{
        labels::labels_of,
        left_out::{LEFT_OUT, left_out, titled},
        model::Model,
    },
    net::{Network, surgery::Surgery},
    picture::Preprocess,
    train::CheckpointFacts,
    weights::Source,
    zoo::{Card, Description},
};
use std::{
    path::Path,
    sync::{Arc, Mutex},
};

impl Model {
    /// A network under training, whose weights go to `file`.
    ///
    /// # Errors
    /// When the facts name other classes than the network has.
    pub fn in_training(
        card: &Card,
        network: Arc<Network>,
        preprocess: &Preprocess,
        facts: &CheckpointFacts,
        file: &Path,
    ) -> Result<Self> {
        let title = titled(card.title, &left_out(facts.get(LEFT_OUT)));
        let metadata = facts.clone().into_iter().collect();
        let graph = network.graph();
        let outputs = graph.node(graph.scores()).extent()[0];
        let labels = labels_of(None, &metadata, &card.labels, outputs, card.name)?;
        Ok(Model {
            card: Arc::new(Description { title, ..Description::from(card) }),
            network,
            preprocess: preprocess.clone(),
            own_preprocess: preprocess.clone(),
            weights: Source::File(file.to_owned()),
            labels,
            metadata,
            notes: Vec::new(),
            missing_head: Vec::new(),
            base: None,
            surgery: Surgery::default(),
            resized: Mutex::default(),
        })
    }
}
