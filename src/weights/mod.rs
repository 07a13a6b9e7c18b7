//! Weights from where people have them: files of four formats, downloads, what ships in the binary, or made up from a
//! seed.
//!
//! A file is recognised by its content ([`read_file`]); each format has its reader, which returns float32 tensors by
//! the file's names. [`fit`] turns these into the graph's, and whether they are right is checked once, by
//! [`crate::net::Network::new`].
//!
//! Architecture invariant: files are not trusted. A reader never runs what a file says, never panics, and never asks
//! for more memory than the file's own bytes justify; `tests/fuzz_weights.rs` holds it to that.

mod bounded;
mod caffe;
mod checkpoint;
mod classes;
mod fetch;
mod legacy;
mod names;
mod npz;
mod open;
mod pickle;
mod pytorch;
mod safetensors;
mod sources;
mod strided;
mod synthetic;
mod torch;
mod zipped;

pub use fetch::{cache_folder, fetch, find_local};
pub use names::fit;
pub use open::{File, Format, read_bytes, read_file};
pub use sources::{Remote, remote};
pub use synthetic::{picture, synthetic, uniform};

use crate::{Error, Result};
use std::{fmt, path::PathBuf, str::FromStr};

/// Where weights come from, as `--weights` says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// What is at hand: what ships with the program, else what was downloaded, else `synthetic:0`.
    #[default]
    Shipped,
    /// A file.
    File(PathBuf),
    /// Made up, the same on every machine; the network is untrained.
    Synthetic(u64),
}

impl FromStr for Source {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.strip_prefix("synthetic:") {
            Some(seed) => seed.parse().map(Source::Synthetic).map_err(|_| {
                Error::Usage(format!("'{text}' is no seed: synthetic: takes a whole number, as in synthetic:0"))
            }),
            None => Ok(Source::File(text.into())),
        }
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
