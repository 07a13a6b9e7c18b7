//! A network as the command line names it: by its name in the zoo, or by a file.

use crate::{
    Result,
    engine::{BY_FILE, Model, Opening, is_variant},
    formats,
    net::Graph,
    paths,
    watch::Watch,
    weights::Source,
    zoo::{self, Card, Description},
};
use candle_core::Device;
use std::path::PathBuf;

/// A network of the zoo, or a file that holds one.
#[derive(Clone)]
pub(super) enum NetworkChoice {
    Zoo(&'static Card),
    File(PathBuf),
}

impl NetworkChoice {
    /// Reads an argument that names a network.
    pub fn from_user(text: &str) -> Result<Self> {
        let path = paths::from_user(text);
        match zoo::find(text) {
            Ok(card) => Ok(NetworkChoice::Zoo(card)),
            Err(_) if formats::is_network(&path) || is_variant(&path) => Ok(NetworkChoice::File(path)),
            Err(error) => Err(error),
        }
    }

    /// Its name, or its file's.
    pub fn name(&self) -> String {
        match self {
            NetworkChoice::Zoo(card) => card.name.to_owned(),
            NetworkChoice::File(path) => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }

    /// The network with what is at hand for it, or with the weights that `weights` names.
    pub fn opening(&self, weights: Source) -> Opening {
        match self {
            NetworkChoice::Zoo(card) => Opening { weights, ..Opening::of(card.name) },
            NetworkChoice::File(path) if weights == Source::Shipped => {
                Opening { weights: Source::File(path.clone()), ..Opening::of(BY_FILE) }
            }
            NetworkChoice::File(path) => Opening { weights, ..Opening::of(&path.to_string_lossy()) },
        }
    }

    /// Its layers and its description, with the notes of its file.
    pub fn layers(&self) -> Result<(Graph, Description)> {
        match self {
            NetworkChoice::Zoo(card) => Ok(((card.build)(card.size())?, Description::from(*card))),
            NetworkChoice::File(path) if is_variant(path) => {
                let opening = self.opening(Source::Shipped);
                let model = Model::open(&opening, &Device::Cpu, &Watch::default())?;
                let card = model.card.as_ref().clone();
                let notes = [card.notes.as_slice(), &model.notes].concat();
                Ok((model.network.graph().as_ref().clone(), Description { notes, ..card }))
            }
            NetworkChoice::File(path) => {
                let file = formats::read(path, &Watch::default())?;
                Ok((file.graph, Description { notes: file.notes, ..file.description }))
            }
        }
    }
}
