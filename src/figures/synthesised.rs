//! Synthesised pictures.

use super::enlarge::{Scale, enlarged_rgb, grid};
use crate::{Result, engine::Model, synthesis::Images};
use candle_core::Device;
use image::{RgbImage, RgbaImage};

/// The pictures of a batch side by side, as a file holds them, enlarged.
///
/// # Errors
/// When the network's input is no picture.
pub fn synthesised(images: &Images, model: &Model, scale: Scale) -> Result<RgbaImage> {
    let tensor = images.tensor(&Device::Cpu)?;
    let tiles =
        (0..images.dims[0]).map(|i| model.preprocess.unapply(&tensor.get(i)?)).collect::<Result<Vec<RgbImage>>>()?;
    let columns = (tiles.len() as f64).sqrt().ceil() as u32;
    let factor = scale.one(images.dims[3] * columns as usize, images.dims[2]);
    let tiles: Vec<_> = tiles.iter().map(|tile| enlarged_rgb(tile, factor)).collect();
    Ok(grid(&tiles, columns))
}
