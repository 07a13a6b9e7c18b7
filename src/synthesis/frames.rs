//! The kept states of a run as pictures, apart from the run: it goes on while they are written.

use super::{images::Images, octaves::octave_network, parametrisation::Parametrisation};
use crate::{Result, methods::Settings, net::Network, picture::Preprocess};
use candle_core::Device;
use image::RgbImage;
use std::sync::Arc;

/// The copy that `Canvas::frames` makes.
pub struct Frames {
    pub(super) kept: Vec<KeptState>,
    pub(super) settings: Settings,
    pub(super) space: Preprocess,
    /// The network at the whole size.
    pub(super) whole: Arc<Network>,
}

/// A kept state, without the parts that only further steps need.
pub(super) struct KeptState {
    pub step: usize,
    pub octave: usize,
    pub params: Images,
}

impl Frames {
    /// Their number.
    pub fn count(&self) -> usize {
        self.kept.len()
    }

    /// The step of a frame, and the first picture of its batch as a file of 8 bits a colour holds it.
    ///
    /// # Errors
    /// When the network of an earlier octave cannot be made again.
    pub fn picture(&self, index: usize) -> Result<(usize, RgbImage)> {
        let KeptState { step, octave, params } = &self.kept[index];
        let network = octave_network(&self.whole, &self.settings, *octave)?;
        let [_, height, width] = network.graph().input_shape();
        let parametrisation = Parametrisation::new(&self.settings, &self.space, [height, width]);
        let images = parametrisation.as_saved(&parametrisation.images(params)).tensor(&Device::Cpu)?;
        Ok((*step, self.space.unapply(&images.get(0)?)?))
    }
}
