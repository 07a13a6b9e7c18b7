//! Values to pictures that are pleasant to see: small ones enlarged by whole factors, so that every value stays a
//! square, and colours that a few outliers cannot wash out.

use crate::{
    Result,
    engine::Run,
    methods::Attribution,
    net::Field,
    paint::{ColourMap, Layout, Plane, Range, Style, overlay, paint_plane, signed_rgb, upsample_bilinear},
    picture::cropped,
};
use image::{RgbImage, RgbaImage, imageops};

/// How much a picture is enlarged.
#[derive(Clone, Copy)]
pub(super) enum Scale {
    /// By the smallest whole factor that makes it at least 512 pixels wide or high.
    Pleasant,
    /// By this factor.
    By(u32),
}

/// A picture's longer side should not be shorter.
const PLEASANT: u32 = 512;

/// A mosaic has more to show.
const PLEASANT_MOSAIC: u32 = 1024;

impl Scale {
    /// The factor for one picture of `width` x `height` values.
    pub fn one(self, width: usize, height: usize) -> u32 {
        self.to(width.max(height) as u32, PLEASANT)
    }

    /// The factor for `width` x `height` values of which several make one picture.
    pub fn many(self, width: usize, height: usize) -> u32 {
        self.to(width.max(height) as u32, PLEASANT_MOSAIC)
    }

    /// Tiles of `width` x `height` values for a mosaic of `count` about as wide as high.
    pub fn mosaic(self, count: usize, width: usize, height: usize) -> Layout {
        let plain = Layout::square(count, (width as u32, height as u32), 0);
        let (across, down) = plain.size(count);
        let factor = self.to(across.max(down), PLEASANT_MOSAIC);
        let tile = (width as u32 * factor, height as u32 * factor);
        Layout { tile, gap: gap(tile), columns: plain.columns }
    }

    fn to(self, side: u32, pleasant: u32) -> u32 {
        match self {
            Scale::Pleasant => pleasant.div_ceil(side.max(1)),
            Scale::By(factor) => factor,
        }
    }
}

/// Pixels between tiles: enough to tell them apart.
pub(super) fn gap(tile: (u32, u32)) -> u32 {
    (tile.0.min(tile.1) / 16).clamp(1, 8)
}

/// Every pixel `factor` times in each direction.
pub(super) fn enlarged(image: &RgbImage, factor: u32) -> RgbaImage {
    RgbaImage::from_fn(image.width() * factor, image.height() * factor, |x, y| {
        let [r, g, b] = image.get_pixel(x / factor, y / factor).0;
        image::Rgba([r, g, b, 255])
    })
}

/// The range that colours span: from 0, or about 0 where signs matter, to the 99.5% quantile of the magnitudes that
/// are not zero. A handful of outliers would else leave the rest dark.
pub(super) fn robust_range(values: &[f32], signed: bool) -> Range {
    let mut sizes: Vec<f32> = values.iter().map(|v| v.abs()).filter(|&v| v > 0.0 && v.is_finite()).collect();
    if sizes.is_empty() {
        return Range::default();
    }
    let rank = ((sizes.len() as f64 * 0.995) as usize).min(sizes.len() - 1);
    let most = *sizes.select_nth_unstable_by(rank, f32::total_cmp).1;
    Range { low: if signed { -most } else { 0.0 }, high: most }
}

/// One value a pixel: an attribution of three colours by the largest magnitude over them.
pub(super) fn heatmap(attribution: &Attribution) -> (Vec<f32>, bool) {
    let [channels, height, width] = attribution.shape;
    if channels == 1 {
        return (attribution.values.clone(), attribution.signed);
    }
    let area = height * width;
    let largest = |at: usize| (0..channels).map(|c| attribution.values[c * area + at].abs()).fold(0.0, f32::max);
    ((0..area).map(largest).collect(), false)
}

/// The colour map that suits a heatmap.
pub(super) fn usual_map(signed: bool) -> ColourMap {
    if signed { ColourMap::RedBlue } else { ColourMap::Inferno }
}

/// Values over the input, as large as it: three signed channels as colours about grey, else a heatmap.
pub(super) fn paint_values(values: &[f32], [channels, height, width]: [usize; 3], factor: u32) -> RgbaImage {
    if channels == 3 {
        return enlarged(&signed_rgb(values, height, width), factor);
    }
    let plane = Plane { values: &values[..height * width], width, height };
    let style = Style { map: ColourMap::RedBlue, gamma: 1.0 };
    paint_plane(&plane, width as u32 * factor, height as u32 * factor, robust_range(plane.values, true), &style)
}

/// A heatmap of the input, `factor` pixels a pixel of it; with `over` laid over the picture. Coarser values, a layer's,
/// are stretched bilinearly.
pub(super) fn paint_heatmap(
    values: &[f32],
    signed: bool,
    [height, width]: [usize; 2],
    style: &Style,
    factor: u32,
    run: &Run,
    over: bool,
) -> Result<RgbaImage> {
    let plane = Plane { values, width, height };
    let range = robust_range(values, signed);
    if over {
        return Ok(overlay(&seen(run, factor)?, &plane, range, style, 0.85));
    }
    let [_, rows, columns] = run.model.network.graph().input_shape();
    let (across, down) = (columns as u32 * factor, rows as u32 * factor);
    if [height, width] == [rows, columns] {
        return Ok(paint_plane(&plane, across, down, range, style));
    }
    let (width, height) = (across as usize, down as usize);
    let stretched = upsample_bilinear(&plane, width, height);
    Ok(paint_plane(&Plane { values: &stretched, width, height }, across, down, range, style))
}

/// What the network sees, `factor` pixels a pixel of its input: from the picture's own pixels where it has more, else
/// from the input itself.
pub(super) fn seen(run: &Run, factor: u32) -> Result<RgbImage> {
    let [_, height, width] = run.model.network.graph().input_shape();
    let size = (width as u32 * factor, height as u32 * factor);
    let (Some(picture), Some(geometry)) = (&run.picture, &run.geometry) else {
        let input = run.model.preprocess.unapply(&run.trace.maps(0)?)?;
        return Ok(image::DynamicImage::from(enlarged(&input, factor)).into_rgb8());
    };
    let image = cropped(picture, geometry, size.0.max(size.1));
    Ok(match image.dimensions() == size {
        true => image,
        false => imageops::resize(&image, size.0, size.1, imageops::FilterType::CatmullRom),
    })
}

/// The part of an input of `width` x `height` pixels that position (row, column) of a layer sees: left, top, width,
/// height. At the input's border it is moved inside instead of cut off, so that a layer's patches are of one size.
pub(super) fn patch(field: &[Field; 2], [row, column]: [usize; 2], [height, width]: [usize; 2]) -> [u32; 4] {
    let along = |field: &Field, index: usize, length: usize| {
        let size = field.size.clamp(1, length);
        let start = (field.offset + index as f64 * field.stride).floor();
        (start.clamp(0.0, (length - size) as f64) as u32, size as u32)
    };
    let ((top, rows), (left, columns)) = (along(&field[0], row, height), along(&field[1], column, width));
    [left, top, columns, rows]
}

/// Pictures of one size, row by row, as far apart as tiles of their size are.
pub(super) fn grid(tiles: &[RgbaImage], columns: u32) -> RgbaImage {
    spaced(tiles, columns, gap(size_of(tiles)))
}

fn size_of(tiles: &[RgbaImage]) -> (u32, u32) {
    tiles.first().map_or((1, 1), RgbaImage::dimensions)
}

/// The same, `gap` transparent pixels between.
pub(super) fn spaced(tiles: &[RgbaImage], columns: u32, gap: u32) -> RgbaImage {
    let tile = size_of(tiles);
    let layout = Layout { tile, gap, columns };
    let (width, height) = layout.size(tiles.len());
    let mut image = RgbaImage::new(width, height);
    for (index, tile) in tiles.iter().enumerate() {
        let (x, y) = layout.origin(index);
        imageops::replace(&mut image, tile, x.into(), y.into());
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_stay_inside() {
        let field = Field { size: 7, stride: 2.0, offset: -3.0 };
        assert_eq!(patch(&[field; 2], [0, 10], [64, 64]), [17, 0, 7, 7]);
        assert_eq!(patch(&[field; 2], [31, 31], [64, 64]), [57, 57, 7, 7]);
        let whole = Field { size: 900, stride: 32.0, offset: -400.0 };
        assert_eq!(patch(&[whole; 2], [3, 3], [224, 200]), [0, 0, 200, 224]);
    }

    #[test]
    fn outliers_do_not_set_the_range() {
        let mut values = vec![1.0; 999];
        values.push(1000.0);
        assert_eq!(robust_range(&values, false), Range { low: 0.0, high: 1.0 });
        assert_eq!(robust_range(&[-3.0, 0.0], true), Range { low: -3.0, high: 3.0 });
        assert_eq!(robust_range(&[0.0], true), Range::default());
    }

    #[test]
    fn small_pictures_are_enlarged_by_whole_factors() {
        assert_eq!((Scale::Pleasant.one(64, 64), Scale::Pleasant.one(224, 224), Scale::By(1).one(8, 8)), (8, 3, 1));
        let layout = Scale::Pleasant.mosaic(64, 32, 32);
        assert_eq!((layout.tile, layout.columns, layout.gap), ((128, 128), 8, 8));
    }
}
