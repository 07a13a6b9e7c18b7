//! A network's description: the same for an entry of the zoo and for a file.

use super::{Card, Labels};
use crate::picture::Preprocess;
use std::path::PathBuf;

/// A network as people see it, wherever it comes from.
#[derive(Clone, Debug)]
pub struct Description {
    /// torchvision's name where it has the network, `vgg16`; the file's name without its ending where a file holds it.
    pub name: String,
    /// The name people say: "VGG-16".
    pub title: String,
    /// Where it was published, or the program that wrote its file.
    pub paper: String,
    /// Remarks on it, and where published figures differ from those computed here: whole sentences.
    pub notes: Vec<String>,
    /// The meaning of its outputs.
    pub labels: Labels,
    /// How a picture becomes its input, at its usual size.
    pub preprocess: Preprocess,
    /// The file that holds the network; `None` for the zoo's.
    pub file: Option<PathBuf>,
}

impl Description {
    /// The text that opens the network again: the zoo's name of it, or the path of its file.
    pub fn reference(&self) -> String {
        self.file.as_ref().map_or_else(|| self.name.clone(), |path| path.display().to_string())
    }
}

impl From<&Card> for Description {
    fn from(card: &Card) -> Self {
        Description {
            name: card.name.to_owned(),
            title: card.title.to_owned(),
            paper: card.paper.to_owned(),
            notes: card.notes.iter().map(|note| (*note).to_owned()).collect(),
            labels: card.labels.clone(),
            preprocess: (card.preprocess)(),
            file: None,
        }
    }
}
