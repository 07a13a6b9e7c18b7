//! A network from the zoo or a file with its weights, ready to run.

use super::{
    labels::labels_of,
    left_out::{LEFT_OUT, left_out},
    load::{Loaded, load},
    opening::Opening,
};
use crate::{
    Error, Result,
    net::{Backend, Network, surgery::Surgery},
    picture::Preprocess,
    watch::Watch,
    weights::Source,
    zoo::{Description, Labels},
};
use candle_core::Device;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// A [`Network`] with its description and preparation.
pub struct Model {
    /// The network's description.
    pub card: Arc<Description>,
    /// Graph and weights.
    pub network: Arc<Network>,
    /// How pictures become its input.
    pub preprocess: Preprocess,
    /// The same without the user's choices.
    pub own_preprocess: Preprocess,
    /// Where the weights came from. Never [`Source::Shipped`] for a network that ships none.
    pub weights: Source,
    /// The meaning of its outputs.
    pub labels: Labels,
    /// Facts that the weights file states about itself.
    pub metadata: HashMap<String, String>,
    /// Remarks on the weights file: tensors that were left out, choices that were made. Whole sentences.
    pub notes: Vec<String>,
    /// Tensors of the classifier that the weights file lacks. The network then ends at its features.
    pub missing_head: Vec<String>,
    /// The model before the changes to its network; `None` where there are none.
    pub base: Option<Arc<Model>>,
    /// The changes.
    pub surgery: Surgery,
    /// The model at the last other input size that was asked for.
    pub(super) resized: Mutex<Option<Arc<Model>>>,
}

impl Model {
    /// Opens a network and checks its weights.
    ///
    /// # Errors
    /// [`Error::Usage`] for an unknown network or a size it cannot run at, [`Error::Failed`] for weights that cannot
    /// be read or do not fit.
    pub fn open(opening: &Opening, device: &Device, watch: &Watch) -> Result<Self> {
        let loaded = load(opening, watch)?;
        let Loaded { card, weights, graph, tensors, metadata, notes, missing_head, is_caffe, variant } = loaded;
        let mut own_preprocess = card.preprocess.clone();
        if is_caffe && own_preprocess.channels() == 3 {
            own_preprocess = own_preprocess.caffe();
        }
        own_preprocess = own_preprocess.for_channels(graph.input_shape()[0]);
        let outputs = graph.node(graph.scores()).extent()[0];
        let labels = labels_of(opening.labels.as_deref(), &metadata, &card.labels, outputs, &card.name)?;
        let network = Network::new(graph, tensors, &format!("{weights} for {}", card.name), device)?;
        let network = network.with_backend(opening.backend);
        if opening.half && network.backend() != Backend::Fast {
            return Err(Error::Usage("--half is for the fast engine, which runs on the CPU".into()));
        }
        let network = Arc::new(network.with_half_linear(opening.half)?);
        let preprocess = own_preprocess.clone();
        let resized = Mutex::default();
        let model = Model {
            card: Arc::new(card),
            network,
            preprocess,
            own_preprocess,
            weights,
            labels,
            metadata,
            notes,
            missing_head,
            base: None,
            surgery: Surgery::default(),
            resized,
        };
        let model = model.prepared(&opening.preparation)?;
        match variant {
            None => Ok(model),
            Some((path, surgery)) => Ok(Model { weights: Source::File(path), ..Arc::new(model).changed(&surgery)? }),
        }
    }

    /// Whether the weights are made up, so that no picture means anything.
    pub fn is_untrained(&self) -> bool {
        let base = self.base.as_deref().unwrap_or(self);
        matches!(base.weights, Source::Synthetic(_))
    }

    /// The parts that the network learned without; they are none of its layers.
    pub fn left_out(&self) -> Vec<String> {
        left_out(self.metadata.get(LEFT_OUT))
    }

    /// The changes to the network in words: the parts that it learned without, then those made since. Empty where there are none.
    pub fn changes(&self) -> String {
        let learned = Some(self.left_out()).filter(|parts| !parts.is_empty());
        let learned = learned.map(|parts| format!("learned without {}", parts.join(", ")));
        let since = Some(self.surgery.words()).filter(|words| !words.is_empty());
        learned.into_iter().chain(since).collect::<Vec<_>>().join("; ")
    }

    /// Refuses what needs classes where the weights file has no classifier.
    ///
    /// # Errors
    /// [`Error::Failed`] with the tensors that are missing.
    pub fn require_classes(&self) -> Result<()> {
        if self.missing_head.is_empty() {
            return Ok(());
        }
        let (weights, missing) = (&self.weights, self.missing_head.join(", "));
        Err(Error::Failed(format!("{weights} has no classifier ({missing} missing), so there are no classes")))
    }

    /// The short name of a class, as pictures and tables show it. The outputs of an untrained network stand for nothing:
    /// they are called "class 7".
    pub fn class_name(&self, class: usize) -> String {
        match (self.is_untrained(), self.missing_head.is_empty()) {
            (true, _) => format!("class {class}"),
            (false, true) => self.labels.short(class).to_owned(),
            (false, false) => format!("feature {class}"),
        }
    }
}
