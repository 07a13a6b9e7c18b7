//! The kept states of a run as pictures, apart from the run: it goes on while they are written.

use super::{images::Images, parametrisation::Parametrisation};
use crate::{Result, methods::Settings, picture::Preprocess};
use candle_core::Device;
use image::RgbImage;
use std::sync::Arc;

/// What [`super::Canvas::frames`] copies.
pub struct Frames {
    pub(super) kept: Vec<Kept>,
    pub(super) space: Preprocess,
}

/// A kept state, without what only further steps need.
pub(super) struct Kept {
    pub step: usize,
    /// Settings and picture size of the time when the state was kept.
    pub settings: Arc<Settings>,
    pub size: [usize; 2],
    pub params: Images,
}

impl Frames {
    /// How many.
    pub fn count(&self) -> usize {
        self.kept.len()
    }

    /// The step of a frame, and the first picture of its batch as a file of 8 bits a colour holds it.
    ///
    /// # Errors
    /// When the colours are not those of a picture: a defect here.
    pub fn picture(&self, index: usize) -> Result<(usize, RgbImage)> {
        let Kept { step, settings, size, params } = &self.kept[index];
        let parametrisation = Parametrisation::new(settings, &self.space, *size);
        let images = parametrisation.as_saved(&parametrisation.images(params)).tensor(&Device::Cpu)?;
        Ok((*step, self.space.unapply(&images.get(0)?)?))
    }
}
