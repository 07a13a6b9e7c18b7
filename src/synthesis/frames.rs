//! The kept states of a run as pictures, apart from the run: it goes on while they are written.

use super::{canvas::octave_network, images::Images, parametrisation::Parametrisation};
use crate::{Result, methods::Settings, net::Network, picture::Preprocess};
use candle_core::Device;
use image::RgbImage;
use std::sync::Arc;

/// What [`super::Canvas::frames`] copies.
pub struct Frames {
    pub(super) kept: Vec<Kept>,
    pub(super) settings: Settings,
    pub(super) space: Preprocess,
    /// The network at the whole size.
    pub(super) whole: Arc<Network>,
}

/// A kept state, without what only further steps need.
pub(super) struct Kept {
    pub step: usize,
    pub octave: usize,
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
    /// When the network of an earlier octave cannot be made again.
    pub fn picture(&self, index: usize) -> Result<(usize, RgbImage)> {
        let Kept { step, octave, params } = &self.kept[index];
        let network = octave_network(&self.whole, &self.settings, *octave)?;
        let [_, height, width] = network.graph().input_shape();
        let parametrisation = Parametrisation::new(&self.settings, &self.space, [height, width]);
        let images = parametrisation.as_saved(&parametrisation.images(params)).tensor(&Device::Cpu)?;
        Ok((*step, self.space.unapply(&images.get(0)?)?))
    }
}
