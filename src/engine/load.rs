//! The graph and the weights of a network from where they are: the zoo, a weights file, a file that holds a network.

use super::{
    left_out::{LEFT_OUT, left_out, titled},
    opening::{BY_FILE, Opening},
    variant_file,
};
use crate::{
    Error, Result, formats,
    formats::NetworkFile,
    memory,
    net::{Graph, Tensors, surgery::Surgery},
    paths,
    picture::{Fit, Preparation, Preprocess},
    watch::Watch,
    weights::{self, Format, Source},
    zoo::{self, Description},
};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

/// A graph with the weights for it.
pub(super) struct Loaded {
    pub card: Description,
    /// Where the weights came from. Never [`Source::Shipped`] for a network that ships none.
    pub weights: Source,
    pub graph: Graph,
    pub tensors: Tensors,
    pub metadata: HashMap<String, String>,
    pub notes: Vec<String>,
    pub missing_head: Vec<String>,
    /// Whether the weights are a Caffe model's, which takes pictures prepared Caffe's way.
    pub is_caffe: bool,
    /// The variant's file and the changes that it names.
    pub variant: Option<(PathBuf, Surgery)>,
}

/// Loads what `opening` names.
pub(super) fn load(opening: &Opening, watch: &Watch) -> Result<Loaded> {
    if let Some(path) = variant_file::named(opening) {
        let (base, surgery) = variant_file::read(&path, opening)?;
        let mut loaded = load(&base, watch)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        loaded.card.title = format!("{name} ({})", loaded.card.title);
        return Ok(Loaded { variant: Some((path, surgery)), ..loaded });
    }
    if let Some(path) = network_file(opening) {
        return from_file(&path, opening, watch);
    }
    let mut notes = Vec::new();
    let mut file = match &opening.weights {
        Source::File(path) if formats::is_network(path) => {
            let path = path.display();
            return Err(Error::Usage(format!("{path} holds a network of its own: name no other network with it")));
        }
        Source::File(path) => Some(weights::read_file(path, watch)?),
        _ => None,
    };
    let card = match (&file, opening.network == BY_FILE) {
        (Some(file), true) => {
            let preferred = opening.preferred.as_deref();
            match super::by_file::card_of(file, &opening.weights.to_string(), preferred, &mut notes) {
                Ok(card) => card,
                Err(unknown) => {
                    let Some(name) = preferred else { return Err(unknown) };
                    let named = Opening { network: name.to_owned(), preferred: None, ..opening.clone() };
                    return load(&named, watch).map_err(|_| unknown);
                }
            }
        }
        (None, true) => zoo::DEFAULT,
        (_, false) => zoo::find(&opening.network)?,
    };
    // A run of training may have left parts out.
    let parts = left_out(file.as_ref().and_then(|file| file.metadata.get(LEFT_OUT)));
    let graph = (card.build)(card.size())?.without(&parts)?;
    let description = Description { title: titled(card.title, &parts), ..Description::from(card) };
    check_size(&graph, card.name, &description.preprocess, &opening.preparation)?;
    let weights = match (&opening.weights, card.shipped) {
        (Source::Shipped, None) => weights::find_local(card.name).map_or(Source::Synthetic(0), Source::File),
        (source, _) => source.clone(),
    };
    if let (Source::Shipped, Some(shipped)) = (&weights, card.shipped) {
        let file = weights::read_bytes(shipped, card.name)?;
        return Ok(Loaded { metadata: file.metadata, ..Loaded::of(description, weights, graph, file.tensors, notes) });
    }
    let loaded = Loaded::of(description, weights, graph, Tensors::new(), notes);
    loaded.with_weights(file.take(), watch)
}

/// The file that holds the network to open; `None` for a network of the zoo.
fn network_file(opening: &Opening) -> Option<PathBuf> {
    match (&opening.weights, opening.network.as_str()) {
        (Source::File(path), BY_FILE) => formats::is_network(path).then(|| path.clone()),
        (_, network) => {
            let path = paths::from_user(network);
            (zoo::find(network).is_err() && formats::is_network(&path)).then_some(path)
        }
    }
}

/// The network in a file, with its own weights or others for the same layers.
fn from_file(path: &Path, opening: &Opening, watch: &Watch) -> Result<Loaded> {
    let NetworkFile { graph, tensors, description, metadata, notes, missing_head } = formats::read(path, watch)?;
    check_size(&graph, &description.name, &description.preprocess, &opening.preparation)?;
    let weights = match &opening.weights {
        Source::Shipped => Source::File(path.to_owned()),
        other => other.clone(),
    };
    let own = weights == Source::File(path.to_owned());
    let loaded = Loaded { metadata, missing_head, ..Loaded::of(description, weights, graph, tensors, notes) };
    if own { Ok(loaded) } else { loaded.with_weights(None, watch) }
}

impl Loaded {
    fn of(card: Description, weights: Source, graph: Graph, tensors: Tensors, notes: Vec<String>) -> Self {
        let (metadata, missing_head) = (HashMap::new(), Vec::new());
        Loaded { card, weights, graph, tensors, metadata, notes, missing_head, is_caffe: false, variant: None }
    }

    /// The same graph with the weights that `weights` names; `file` was read already where the network was found by it. The
    /// graph takes the classes and channels of a file.
    fn with_weights(mut self, file: Option<weights::File>, watch: &Watch) -> Result<Self> {
        match &self.weights {
            Source::Shipped => Ok(self),
            Source::Synthetic(seed) => {
                self.tensors = weights::synthetic(&self.graph, *seed)?;
                Ok(self)
            }
            Source::File(path) => {
                let mut file = file.map_or_else(|| weights::read_file(path, watch), Ok)?;
                self.notes.append(&mut file.notes);
                let weights::Adapted { graph, file, notes, missing_head } =
                    weights::adapt(file, self.graph, &path.display().to_string())?;
                self.notes.extend(notes);
                let is_caffe = file.format == Format::Caffe;
                let (tensors, metadata) = (file.tensors, file.metadata);
                Ok(Loaded { graph, tensors, metadata, missing_head, is_caffe, ..self })
            }
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
