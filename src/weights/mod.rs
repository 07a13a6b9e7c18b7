//! Weights: files of four formats, downloads, the ones that ship in the binary, and ones made up from a seed.
//!
//! A file is recognised by its content ([`read_file`]); each format has its reader, which returns float32 tensors by the
//! file's names. [`fit`] gives them the graph's names, and [`crate::net::Network::new`] checks them once.
//!
//! Architecture invariant: files are not trusted. A reader never runs what a file says, never panics, and never asks
//! for more memory than the file's own bytes justify; `tests/fuzz_weights.rs` holds it to that.

mod arrays;
mod batch;
pub(crate) mod bounded;
mod caffe;
mod checkpoint;
mod classes;
mod counted;
mod fetch;
mod file;
mod file_names;
mod legacy;
mod matching;
mod names;
mod npz;
mod open;
mod pickle;
mod pytorch;
mod reparametrised;
mod safetensors;
mod shards;
mod sources;
mod spelling;
pub(crate) mod strided;
mod synthetic;
mod torch;
mod unrolled;
pub(crate) mod wire;
pub(crate) mod zipped;

pub use batch::read_pickled_batch;
pub use fetch::{Patience, cache_folder, fetch, fetch_with, find_local};
pub use file::{File, Format};
pub use matching::{Adapted, Candidate, Recognised, adapt, blocks, recognise};
pub use names::fit;
pub use open::read_bytes;
pub use safetensors::STATE;
pub use shards::{ENDINGS, is_checkpoint, read_file};
pub use sources::{Remote, remote};
pub use synthetic::{made_up, picture, synthetic, uniform};

use crate::{Error, Result, paths};
use std::{ffi::OsStr, fmt, path::PathBuf, str::FromStr};

/// A source of weights, as `--weights` names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The weights that ship with the program, else downloaded ones, else `synthetic:0`.
    #[default]
    Shipped,
    /// A file, or a folder with one checkpoint in it.
    File(PathBuf),
    /// Made up, the same on every machine; the network is untrained.
    Synthetic(u64),
}

impl Source {
    /// The source that a user names: `synthetic:SEED`, or a file or folder of any name.
    ///
    /// # Errors
    /// [`Error::Usage`] for a seed that is no whole number.
    pub fn from_user(text: impl AsRef<OsStr>) -> Result<Self> {
        let text = text.as_ref();
        match text.to_str().and_then(|text| text.strip_prefix("synthetic:")) {
            Some(seed) => seed.parse().map(Source::Synthetic).map_err(|_| {
                Error::Usage(format!("'synthetic:{seed}' has no seed: it takes a whole number, as in synthetic:0"))
            }),
            None => Ok(Source::File(paths::from_user(text))),
        }
    }
}

impl FromStr for Source {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Source::from_user(text)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Shipped => f.write_str("shipped weights"),
            Source::File(path) => path.display().fmt(f),
            Source::Synthetic(seed) => write!(f, "synthetic:{seed}"),
        }
    }
}
