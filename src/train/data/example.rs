//! One picture with its class.

use crate::{
    Result,
    picture::{Picture, Preprocess},
    train::image::Levels,
};
use std::{borrow::Cow, path::PathBuf};

/// Where a picture's values are.
#[derive(Clone, Debug)]
pub enum Stored {
    /// In memory, as the network wants it resized.
    Levels(Levels),
    /// In a file, which is read each time: there are too many for the memory.
    File(PathBuf),
}

/// A picture and its class.
#[derive(Clone, Debug)]
pub struct LabelledPicture {
    /// The picture.
    pub stored: Stored,
    /// The index of its class.
    pub class: usize,
}

impl LabelledPicture {
    /// The picture, resized.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn levels(&self, preprocess: &Preprocess) -> Result<Cow<'_, Levels>> {
        match &self.stored {
            Stored::Levels(levels) => Ok(Cow::Borrowed(levels)),
            Stored::File(path) => Levels::resized(&Picture::open(path)?, preprocess).map(Cow::Owned),
        }
    }
}
