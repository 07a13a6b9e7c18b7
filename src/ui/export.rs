//! Saving what a pane shows: painting and writing happen on the worker thread, through the same [`crate::paint`] as the
//! command line's pictures.

use super::state::View;
use crate::{
    Error, Result,
    engine::Run,
    kernels::to_vec,
    net::NodeId,
    paint::{write_npy, write_png},
    watch::Watch,
};
use candle_core::{Device, Tensor};
use image::RgbaImage;
use std::{path::Path, sync::Arc};

type Paint = Box<dyn FnOnce(&Watch) -> Result<RgbaImage> + Send>;

/// Makes the numbers behind a picture.
pub type Numbers = Box<dyn FnOnce() -> Result<Tensor> + Send>;

/// A picture that can be written, with what it shows.
pub struct Export {
    /// What the file is called unless the user says otherwise, without ending.
    pub name: String,
    texts: Vec<(&'static str, String)>,
    paint: Paint,
    numbers: Option<Numbers>,
}

impl Export {
    /// A picture about the run and the layer of `view`.
    pub fn new(
        view: View,
        name: &str,
        numbers: Option<Numbers>,
        paint: impl FnOnce(&Watch) -> Result<RgbaImage> + Send + 'static,
    ) -> Self {
        let model = &view.run().model;
        let mut texts = vec![("Network", model.card.name.to_owned()), ("Weights", model.weights.to_string())];
        texts.extend(view.run().picture.iter().map(|picture| ("Picture", picture.name.clone())));
        let name: String = name.chars().map(|c| if c.is_alphanumeric() || c == '.' { c } else { '-' }).collect();
        Export { name: format!("{}-{name}", model.card.name), texts, paint: Box::new(paint), numbers }
    }

    /// Says one more thing about the picture in the file.
    pub fn with(mut self, key: &'static str, text: impl Into<String>) -> Self {
        self.texts.push((key, text.into()));
        self
    }

    /// Whether it can also be written as numbers.
    pub fn has_numbers(&self) -> bool {
        self.numbers.is_some()
    }

    /// Writes a PNG, or the numbers where the file's name ends in .npy. Returns what was done in a sentence.
    ///
    /// # Errors
    /// When the file cannot be written; then there is none.
    pub fn write(self, path: &Path, watch: &Watch) -> Result<String> {
        let wants_numbers = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npy"));
        match (wants_numbers, self.numbers) {
            (true, Some(numbers)) => write_npy(path, &numbers()?)?,
            (true, None) => return Err(Error::Failed("this pane has no single array of numbers to save".into())),
            (false, _) => write_png(path, &(self.paint)(watch)?, &self.texts)?,
        }
        Ok(format!("Saved {}", path.display()))
    }
}

/// The feature maps of a layer, `(units, height, width)`, or of one unit, `(height, width)`.
pub fn numbers_of(run: &Arc<Run>, layer: NodeId, unit: Option<usize>) -> Option<Numbers> {
    let run = Arc::clone(run);
    Some(Box::new(move || {
        let maps = run.trace.maps(layer)?;
        Ok(match unit {
            Some(unit) => maps.get(unit)?,
            None => maps,
        })
    }))
}

/// Values that a pane holds already.
pub fn numbers_from(values: &Arc<Vec<f32>>, shape: &[usize]) -> Option<Numbers> {
    let (values, shape) = (Arc::clone(values), shape.to_vec());
    Some(Box::new(move || Ok(Tensor::from_vec(values.to_vec(), shape, &Device::Cpu)?)))
}

/// The values of a tensor, for a pane to keep.
pub fn values_of(tensor: &Tensor) -> Result<Arc<Vec<f32>>> {
    Ok(Arc::new(to_vec(tensor)?))
}
