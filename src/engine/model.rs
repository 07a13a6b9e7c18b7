//! A network from the zoo with weights, ready to run.

use super::labels::read_labels;
use crate::{
    Error, Result, memory,
    net::{Engine, Network},
    picture::Preprocess,
    watch::Watch,
    weights::{self, Format, Source},
    zoo::{self, Card, Labels},
};
use candle_core::Device;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

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
    /// What computes on the CPU.
    pub engine: Engine,
    /// Whether large fully connected layers are rounded to float16 ([`Network::with_half_linear`]).
    pub half: bool,
}

impl Opening {
    /// A network with what ships for it, at its usual size.
    pub fn of(network: &str) -> Self {
        let (network, engine) = (network.to_owned(), Engine::default());
        Opening { network, weights: Source::Shipped, size: None, labels: None, engine, half: false }
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
    /// Facts that the weights file states about itself.
    pub metadata: HashMap<String, String>,
    /// Sentences about the weights file that its user should read.
    pub notes: Vec<String>,
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
        let labels = match &opening.labels {
            Some(path) => own_labels(path, card, graph.node(graph.scores()).extent()[0])?,
            None => card.labels,
        };
        let weights = match (&opening.weights, card.shipped) {
            (Source::Shipped, None) => weights::find_local(card.name).map_or(Source::Synthetic(0), Source::File),
            (source, _) => source.clone(),
        };
        let mut preprocess = (card.preprocess)().with_size(size);
        let mut notes = Vec::new();
        let (graph, tensors, metadata) = match &weights {
            Source::Synthetic(seed) => {
                let tensors = weights::synthetic(&graph, *seed)?;
                (graph, tensors, HashMap::new())
            }
            Source::File(path) => {
                let mut file = weights::read_file(path, watch)?;
                notes.append(&mut file.notes);
                let (graph, file) = weights::fit(file, graph)?;
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
        let network = Network::new(graph, tensors, &format!("{weights} for {}", card.name), device)?;
        let network = network.with_engine(opening.engine);
        if opening.half && network.engine() != Engine::Fast {
            return Err(Error::Usage("--half is for the fast engine, which runs on the CPU".into()));
        }
        let network = Arc::new(network.with_half_linear(opening.half)?);
        Ok(Model { card, network, preprocess, weights, labels, metadata, notes })
    }

    /// Whether the weights are made up, so that no picture means anything.
    pub fn is_untrained(&self) -> bool {
        matches!(self.weights, Source::Synthetic(_))
    }

    /// The class's index and short name, as pictures and tables show it.
    pub fn class_name(&self, class: usize) -> &'static str {
        self.labels.short(class)
    }
}

/// The classes in a file, which must be as many as the network's outputs.
fn own_labels(path: &Path, card: &Card, outputs: usize) -> Result<Labels> {
    let labels = read_labels(path)?;
    match labels.len() == outputs {
        true => Ok(Labels::own(labels)),
        false => {
            let (path, count, name) = (path.display(), labels.len(), card.name);
            Err(Error::Failed(format!("{path} has {count} labels, but {name} has {outputs} classes")))
        }
    }
}
