//! A network from the zoo with weights, ready to run.

use super::labels::labels_of;
use crate::{
    Error, Result, memory,
    net::{Backend, Network},
    picture::Preprocess,
    watch::Watch,
    weights::{self, Format, Source},
    zoo::{self, Card, Labels},
};
use candle_core::Device;
use std::{collections::HashMap, path::PathBuf, sync::Arc};

/// Which model to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// A name of the zoo.
    pub network: String,
    /// Its weights.
    pub weights: Source,
    /// Side of the input in pixels; the network's usual one where `None`.
    pub size: Option<usize>,
    /// A file with the names of its classes; the network's usual ones where `None`.
    pub labels: Option<PathBuf>,
    /// The kernels that compute on the CPU.
    pub backend: Backend,
    /// Whether large fully connected layers are rounded to float16 ([`Network::with_half_linear`]).
    pub half: bool,
}

impl Opening {
    /// A network with what ships for it, at its usual size.
    pub fn of(network: &str) -> Self {
        let (network, backend) = (network.to_owned(), Backend::default());
        Opening { network, weights: Source::Shipped, size: None, labels: None, backend, half: false }
    }
}

/// A [`Network`] with its card and preprocessing.
pub struct Model {
    /// What the zoo knows of it.
    pub card: &'static Card,
    /// Graph and weights.
    pub network: Arc<Network>,
    /// How pictures become its input.
    pub preprocess: Preprocess,
    /// Where the weights came from. Never [`Source::Shipped`] for a network that ships none.
    pub weights: Source,
    /// What its outputs mean.
    pub labels: Labels,
    /// What the weights file says of itself.
    pub metadata: HashMap<String, String>,
}

/// Largest side of an input in pixels. Below it, the memory that is free decides.
const MAX_SIZE: usize = 4096;

impl Model {
    /// Opens a network and checks its weights.
    ///
    /// # Errors
    /// [`Error::Usage`] for an unknown network or a size it cannot run at, [`Error::Failed`] for weights that cannot
    /// be read or do not fit.
    pub fn open(opening: &Opening, device: &Device, watch: &Watch) -> Result<Self> {
        let card = zoo::find(&opening.network)?;
        let size = opening.size.unwrap_or(card.size());
        if size == 0 || size > MAX_SIZE {
            return Err(Error::Usage(format!("--size {size} is outside 1 to {MAX_SIZE} pixels")));
        }
        let graph = (card.build)(size).map_err(|error| match error {
            Error::Usage(why) => Error::Usage(format!("{} cannot run at {size}x{size} pixels: {why}", card.name)),
            other => other,
        })?;
        // The weights are held twice while they are read. A run keeps every output, and the maps that views draw from.
        let needed = 2 * graph.parameter_bytes().saturating_add(graph.activation_bytes(1)).min(u64::MAX / 2);
        memory::check(&format!("{} at {size}x{size} pixels", card.name), needed)?;
        let weights = match (&opening.weights, card.shipped) {
            (Source::Shipped, None) => weights::find_local(card.name).map_or(Source::Synthetic(0), Source::File),
            (source, _) => source.clone(),
        };
        let mut preprocess = (card.preprocess)().with_size(size);
        let (graph, tensors, metadata) = match &weights {
            Source::Synthetic(seed) => {
                let tensors = weights::synthetic(&graph, *seed)?;
                (graph, tensors, HashMap::new())
            }
            Source::File(path) => {
                let (graph, file) = weights::fit(weights::read_file(path, watch)?, graph)?;
                if file.format == Format::Caffe && preprocess.channels() == 3 {
                    preprocess = preprocess.caffe();
                }
                (graph, file.tensors, file.metadata)
            }
            Source::Shipped => {
                let file = weights::read_bytes(card.shipped.unwrap_or_default(), card.name)?;
                (graph, file.tensors, file.metadata)
            }
        };
        let outputs = graph.node(graph.scores()).extent()[0];
        let labels = labels_of(opening.labels.as_deref(), &metadata, card.labels, outputs, card.name)?;
        let network = Network::new(graph, tensors, &format!("{weights} for {}", card.name), device)?;
        let network = network.with_backend(opening.backend);
        if opening.half && network.backend() != Backend::Fast {
            return Err(Error::Usage("--half is for the fast engine, which runs on the CPU".into()));
        }
        let network = Arc::new(network.with_half_linear(opening.half)?);
        Ok(Model { card, network, preprocess, weights, labels, metadata })
    }

    /// Whether the weights are made up, so that no picture means anything.
    pub fn is_untrained(&self) -> bool {
        matches!(self.weights, Source::Synthetic(_))
    }

    /// The short name of a class, as pictures and tables show it. The outputs of an untrained network stand for nothing:
    /// they are called "class 7".
    pub fn class_name(&self, class: usize) -> String {
        if self.is_untrained() { format!("class {class}") } else { self.labels.short(class).to_owned() }
    }
}
