//! Small pictures enlarged by whole factors, so that every value stays a square, and pictures side by side.

use crate::paint::Layout;
use image::{DynamicImage, RgbImage, RgbaImage, imageops};

/// The enlargement of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// The smallest whole factor that makes a picture at least 512 pixels wide or high, and a mosaic 1024.
    Pleasant,
    /// This factor.
    By(u32),
}

/// Least length of a picture's longer side.
const PLEASANT: u32 = 512;

/// Least length of a mosaic's longer side.
const PLEASANT_MOSAIC: u32 = 1024;

impl Scale {
    /// The factor for one picture of `width` x `height` values.
    pub fn one(self, width: usize, height: usize) -> u32 {
        self.to(width.max(height) as u32, PLEASANT)
    }

    /// The factor for a mosaic that is `width` x `height` values large in all.
    pub fn many(self, width: usize, height: usize) -> u32 {
        self.to(width.max(height) as u32, PLEASANT_MOSAIC)
    }

    /// A mosaic of `count` tiles of `width` x `height` values, about as wide as high.
    pub fn mosaic(self, count: usize, width: usize, height: usize) -> Layout {
        let plain = Layout::square(count, (width as u32, height as u32), 0);
        let (across, down) = plain.size(count);
        let factor = self.many(across as usize, down as usize);
        let tile = (width as u32 * factor, height as u32 * factor);
        Layout { tile, gap: gap(tile), columns: plain.columns }
    }

    fn to(self, side: u32, least: u32) -> u32 {
        match self {
            Scale::Pleasant => least.div_ceil(side.max(1)),
            Scale::By(factor) => factor,
        }
    }
}

/// Pixels between tiles of this size: enough to tell them apart.
pub fn gap(tile: (u32, u32)) -> u32 {
    (tile.0.min(tile.1) / 16).clamp(1, 8)
}

/// Every pixel `factor` times in each direction.
pub fn enlarged(image: &RgbaImage, factor: u32) -> RgbaImage {
    let (width, height) = image.dimensions();
    imageops::resize(image, width * factor, height * factor, imageops::FilterType::Nearest)
}

/// [`enlarged`] for a picture without transparency.
pub fn enlarged_rgb(image: &RgbImage, factor: u32) -> RgbaImage {
    enlarged(&DynamicImage::ImageRgb8(image.clone()).into_rgba8(), factor)
}

/// Pictures of one size, `columns` to a row, as far apart as tiles of their size are.
pub fn grid(tiles: &[RgbaImage], columns: u32) -> RgbaImage {
    spaced(tiles, columns, gap(size_of(tiles)))
}

/// Pictures of one size, `columns` to a row, with `gap` transparent pixels between them.
pub fn spaced(tiles: &[RgbaImage], columns: u32, gap: u32) -> RgbaImage {
    let layout = Layout { tile: size_of(tiles), gap, columns };
    let (width, height) = layout.size(tiles.len());
    let mut image = RgbaImage::new(width, height);
    for (index, tile) in tiles.iter().enumerate() {
        let (x, y) = layout.origin(index);
        imageops::replace(&mut image, tile, x.into(), y.into());
    }
    image
}

fn size_of(tiles: &[RgbaImage]) -> (u32, u32) {
    tiles.first().map_or((1, 1), RgbaImage::dimensions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_pictures_are_enlarged_by_whole_factors() {
        assert_eq!((Scale::Pleasant.one(64, 64), Scale::Pleasant.one(224, 224), Scale::By(1).one(8, 8)), (8, 3, 1));
        let layout = Scale::Pleasant.mosaic(64, 32, 32);
        assert_eq!((layout.tile, layout.columns, layout.gap), ((128, 128), 8, 8));
    }
}
