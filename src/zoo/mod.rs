//! The networks, one file a family. [`ZOO`] lists them; flags, pickers and test loops are derived from it.
//!
//! Architecture invariant: a family's file is the only place that knows its layers' names, preprocessing and labels.

mod labels;
mod photonet;
mod resnet;
mod vgg;

pub use labels::{Label, Labels};

use crate::{Result, error::unknown, net::Graph, picture::Preprocess};

/// A network as the zoo knows it.
pub struct Card {
    /// torchvision's name where it has the network: `vgg16`.
    pub name: &'static str,
    /// The name people say: "VGG-16".
    pub title: &'static str,
    /// Where it was published.
    pub paper: &'static str,
    /// What its outputs mean.
    pub labels: Labels,
    /// How a picture becomes its input, at its usual size.
    pub preprocess: fn() -> Preprocess,
    /// Builds the graph for square pictures of a size.
    pub build: fn(size: usize) -> Result<Graph>,
    /// The weights in the binary: a safetensors file.
    pub shipped: Option<&'static [u8]>,
}

impl Card {
    /// The usual input size, in pixels.
    pub fn size(&self) -> usize {
        (self.preprocess)().crop
    }
}

/// Every network, the one the program starts with first.
pub const ZOO: &[Card] = &[photonet::PHOTONET, vgg::VGG16, resnet::RESNET18];

/// The card called `name`.
///
/// # Errors
/// [`crate::Error::Usage`] with the nearest names.
pub fn find(name: &str) -> Result<&'static Card> {
    ZOO.iter()
        .find(|card| card.name.eq_ignore_ascii_case(name) || card.title.eq_ignore_ascii_case(name))
        .ok_or_else(|| unknown("network", name, ZOO.iter().map(|card| card.name), "'striate networks' lists them"))
}
