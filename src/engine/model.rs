//! A network from the zoo with weights, ready to run.

use super::labels::labels_of;
use crate::{
    Error, Result, memory,
    net::{Backend, Graph, Network, Tensors},
    picture::{Fit, Preparation, Preprocess},
    watch::Watch,
    weights::{self, Format, Source},
    zoo::{self, Card, Description, Labels},
};
use candle_core::Device;
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex},
};

/// In place of a network's name: the network that the weights file belongs to.
pub const BY_FILE: &str = "auto";

/// Which model to open.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// A name of the zoo, or [`BY_FILE`].
    pub network: String,
    /// Its weights.
    pub weights: Source,
    /// Choices about the preparation of pictures.
    pub preparation: Preparation,
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
        Opening {
            network,
            weights: Source::Shipped,
            preparation: Preparation::default(),
            labels: None,
            backend,
            half: false,
        }
    }
}

/// A [`Network`] with its card and preprocessing.
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
        let mut notes = Vec::new();
        let mut file = match &opening.weights {
            Source::File(path) => Some(weights::read_file(path, watch)?),
            _ => None,
        };
        let card = match (&file, opening.network == BY_FILE) {
            (Some(file), true) => super::by_file::card_of(file, &opening.weights.to_string(), &mut notes)?,
            (None, true) => zoo::DEFAULT,
            (_, false) => zoo::find(&opening.network)?,
        };
        let graph = (card.build)(card.size())?;
        let mut own_preprocess = (card.preprocess)();
        check_size(&graph, card.name, &own_preprocess, &opening.preparation)?;
        let weights = match (&opening.weights, card.shipped) {
            (Source::Shipped, None) => weights::find_local(card.name).map_or(Source::Synthetic(0), Source::File),
            (source, _) => source.clone(),
        };
        let source = (&weights, file.take());
        let Loaded { graph, tensors, metadata, missing_head, is_caffe } = load(card, graph, source, &mut notes, watch)?;
        if is_caffe && own_preprocess.channels() == 3 {
            own_preprocess = own_preprocess.caffe();
        }
        own_preprocess = own_preprocess.for_channels(graph.input_shape()[0]);
        let outputs = graph.node(graph.scores()).extent()[0];
        let labels = labels_of(opening.labels.as_deref(), &metadata, &card.labels, outputs, card.name)?;
        let network = Network::new(graph, tensors, &format!("{weights} for {}", card.name), device)?;
        let network = network.with_backend(opening.backend);
        if opening.half && network.backend() != Backend::Fast {
            return Err(Error::Usage("--half is for the fast engine, which runs on the CPU".into()));
        }
        let network = Arc::new(network.with_half_linear(opening.half)?);
        let preprocess = own_preprocess.clone();
        let resized = Mutex::default();
        let model = Model {
            card: Arc::new(Description::from(card)),
            network,
            preprocess,
            own_preprocess,
            weights,
            labels,
            metadata,
            notes,
            missing_head,
            resized,
        };
        model.prepared(&opening.preparation)
    }

    /// Whether the weights are made up, so that no picture means anything.
    pub fn is_untrained(&self) -> bool {
        matches!(self.weights, Source::Synthetic(_))
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

/// A graph with the weights for it.
struct Loaded {
    graph: Graph,
    tensors: Tensors,
    metadata: HashMap<String, String>,
    missing_head: Vec<String>,
    /// Whether the file is a Caffe model, which takes pictures prepared Caffe's way.
    is_caffe: bool,
}

/// The weights for a network from where they are; `file` was read already where the network was found by it. The graph
/// takes the classes and channels of a file.
fn load(
    card: &Card,
    graph: Graph,
    (source, file): (&Source, Option<weights::File>),
    notes: &mut Vec<String>,
    watch: &Watch,
) -> Result<Loaded> {
    let loaded = |graph: Graph, tensors: Tensors, metadata: HashMap<String, String>| Loaded {
        graph,
        tensors,
        metadata,
        missing_head: Vec::new(),
        is_caffe: false,
    };
    match source {
        Source::Synthetic(seed) => {
            let tensors = weights::synthetic(&graph, *seed)?;
            Ok(loaded(graph, tensors, HashMap::new()))
        }
        Source::Shipped => {
            let file = weights::read_bytes(card.shipped.unwrap_or_default(), card.name)?;
            Ok(loaded(graph, file.tensors, file.metadata))
        }
        Source::File(path) => {
            let mut file = file.map_or_else(|| weights::read_file(path, watch), Ok)?;
            notes.append(&mut file.notes);
            let weights::Adapted { graph, file, notes: more, missing_head } =
                weights::adapt(file, graph, &source.to_string())?;
            notes.extend(more);
            let is_caffe = file.format == Format::Caffe;
            Ok(Loaded { missing_head, is_caffe, ..loaded(graph, file.tensors, file.metadata) })
        }
    }
}

/// Refuses an input size that a network cannot run at, or that needs more memory than is free, before its weights are
/// read.
fn check_size(graph: &Graph, name: &str, own: &Preprocess, preparation: &Preparation) -> Result<()> {
    // The means may be as many as the channels that the weights file will show.
    let sizes = Preparation { mean: None, std: None, bgr: None, ..preparation.clone() }.over(own)?;
    let [height, width] = if sizes.fit == Fit::Whole { own.crop } else { sizes.crop };
    let sized = graph.at_size([height, width]).map_err(|error| cannot_run(name, [height, width], error))?;
    // The weights are held twice while they are read. A run keeps every output, and the maps that views draw from.
    let needed = 2 * sized.parameter_bytes().saturating_add(sized.activation_bytes(1)).min(u64::MAX / 2);
    memory::check(&format!("{name} at {height}x{width} pixels"), needed)
}

/// The error for a size at which a network cannot run.
pub(super) fn cannot_run(name: &str, [height, width]: [usize; 2], error: Error) -> Error {
    match error {
        Error::Usage(why) => Error::Usage(format!("{name} cannot run at {height}x{width} pixels: {why}")),
        other => other,
    }
}
