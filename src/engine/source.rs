//! The places a picture comes from.

use crate::{
    Result,
    picture::{Picture, beside, first_in, offered_samples},
};
use std::{path::PathBuf, sync::Arc};

/// Where a picture comes from.
#[derive(Clone)]
pub enum PictureSource {
    /// `sample:NAME` or a path.
    Named(String),
    /// A file that was dropped or chosen; for a folder, its first picture.
    File(PathBuf),
    /// The next or previous picture in the folder of the present one; for a sample, among the samples.
    Beside {
        /// The next one.
        forward: bool,
    },
    /// The name and bytes of a file that was dropped where there are no paths.
    Bytes(String, Arc<[u8]>),
    /// Decoded pixels.
    Ready(Picture),
}

impl PictureSource {
    /// Opens the picture; `present` is the one on screen.
    ///
    /// # Errors
    /// When there is no such file, or no picture in it.
    pub(super) fn open(self, present: Option<&Picture>) -> Result<Picture> {
        match self {
            PictureSource::Named(source) => Picture::from_source(&source),
            PictureSource::File(path) if path.is_dir() => first_in(&path),
            PictureSource::File(path) => Picture::open(&path),
            PictureSource::Beside { forward } => neighbour(present, forward),
            PictureSource::Bytes(name, bytes) => Picture::decode(&bytes, &name),
            PictureSource::Ready(picture) => Ok(picture),
        }
    }
}

fn neighbour(present: Option<&Picture>, forward: bool) -> Result<Picture> {
    let names: Vec<&str> = offered_samples().map(|sample| sample.name).collect();
    let sample = |index: usize| Picture::from_source(format!("sample:{}", names[index % names.len()]));
    let Some(picture) = present else { return sample(0) };
    if let Some(path) = &picture.path {
        return beside(path, forward);
    }
    let at = names.iter().position(|name| *name == picture.name).unwrap_or(0);
    sample(at + if forward { 1 } else { names.len() - 1 })
}
