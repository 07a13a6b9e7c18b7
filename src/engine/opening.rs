//! Which network to open, from where, and how.

use crate::{net::Backend, picture::Preparation, weights::Source};
use std::path::PathBuf;

/// In place of a network's name: the network that the weights file belongs to.
pub const BY_FILE: &str = "auto";

/// Which model to open.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// A name of the zoo, the path of a file that holds a network, or [`BY_FILE`].
    pub network: String,
    /// Under [`BY_FILE`], the network to open where the file fits several, or none that is known by its names.
    pub preferred: Option<String>,
    /// Its weights.
    pub weights: Source,
    /// Choices about the preparation of pictures.
    pub preparation: Preparation,
    /// A file with the names of its classes; the network's usual ones where `None`.
    pub labels: Option<PathBuf>,
    /// The kernels that compute on the CPU.
    pub backend: Backend,
    /// Whether large fully connected layers are rounded to float16 ([`crate::net::Network::with_half_linear`]).
    pub half: bool,
}

impl Opening {
    /// A network with what ships for it, at its usual size.
    pub fn of(network: &str) -> Self {
        let (network, backend) = (network.to_owned(), Backend::default());
        Opening {
            network,
            preferred: None,
            weights: Source::Shipped,
            preparation: Preparation::default(),
            labels: None,
            backend,
            half: false,
        }
    }

    /// The network of this file, opened as this one is, which is preferred where the file fits it as well as others.
    pub fn by_file(self, path: PathBuf) -> Self {
        let preferred = if self.network == BY_FILE { self.preferred } else { Some(self.network) };
        Opening { network: BY_FILE.to_owned(), preferred, weights: Source::File(path), ..self }
    }
}
