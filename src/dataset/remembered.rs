//! Prepared pictures kept in memory, for work that runs a folder many times.

use super::pass::Prepare;
use crate::Result;
use candle_core::Tensor;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// Bytes of inputs that are kept.
const BYTES: usize = 512 << 20;

/// The inputs of pictures that were prepared before, as many as memory is set aside for.
pub struct KeptInputs<'a> {
    prepare: &'a Prepare<'a>,
    kept: Mutex<(HashMap<PathBuf, Tensor>, usize)>,
}

impl<'a> KeptInputs<'a> {
    /// Nothing kept yet.
    pub fn new(prepare: &'a Prepare<'a>) -> Self {
        KeptInputs { prepare, kept: Mutex::default() }
    }

    /// The network's input for a picture.
    ///
    /// # Errors
    /// When the picture cannot be prepared.
    pub fn prepare(&self, path: &Path) -> Result<Tensor> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(input) = kept().0.get(path) {
            return Ok(input.clone());
        }
        let input = (self.prepare)(path)?;
        let bytes = input.elem_count() * 4;
        let mut kept = kept();
        if kept.1 + bytes <= BYTES {
            kept.1 += bytes;
            kept.0.insert(path.to_owned(), input.clone());
        }
        Ok(input)
    }
}
