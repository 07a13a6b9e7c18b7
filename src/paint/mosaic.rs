//! Many maps in one picture, and pictures of signed RGB values.

use image::{RgbImage, Rgba, RgbaImage};

use super::{Plane, Range, Scaling, Style, paint_plane, tile_value};

/// A layer's maps: `units * height * width` values, unit by unit.
#[derive(Debug, Clone, Copy)]
pub struct FeatureMaps<'a> {
    /// The values.
    pub values: &'a [f32],
    /// Number of maps.
    pub units: usize,
    /// Rows of each.
    pub height: usize,
    /// Columns of each.
    pub width: usize,
}

impl<'a> FeatureMaps<'a> {
    /// The map of one unit.
    pub fn plane(&self, unit: usize) -> Plane<'a> {
        let area = self.width * self.height;
        Plane { values: &self.values[unit * area..][..area], width: self.width, height: self.height }
    }

    /// The range of every unit's colours.
    pub fn ranges(&self, scaling: Scaling) -> Vec<Range> {
        let own: Vec<Range> = (0..self.units).map(|unit| Range::of(self.plane(unit).values)).collect();
        let layer = Range::of(self.values);
        own.into_iter().map(|range| scaling.range(range, layer)).collect()
    }
}

/// The layout of a mosaic's tiles: row by row, `columns` to a row, with `gap` pixels between them (none outside).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// A tile's width and height in pixels.
    pub tile: (u32, u32),
    /// Transparent pixels between neighbours.
    pub gap: u32,
    /// Tiles in a row, at least 1.
    pub columns: u32,
}

impl Layout {
    /// As many columns as make `count` tiles about as wide as high.
    pub fn square(count: usize, tile: (u32, u32), gap: u32) -> Self {
        let ratio = f64::from(tile.1.max(1)) / f64::from(tile.0.max(1));
        Self { tile, gap, columns: (count as f64 * ratio).sqrt().ceil().clamp(1.0, count.max(1) as f64) as u32 }
    }

    /// The mosaic's width and height in pixels.
    pub fn size(&self, count: usize) -> (u32, u32) {
        let count = count as u32;
        let columns = self.columns.max(1).min(count);
        let span = |tiles: u32, side: u32| (tiles * (side + self.gap)).saturating_sub(self.gap);
        (span(columns, self.tile.0), span(count.div_ceil(self.columns.max(1)), self.tile.1))
    }

    /// The left top pixel of a tile.
    pub fn origin(&self, index: usize) -> (u32, u32) {
        let (index, columns) = (index as u32, self.columns.max(1));
        (index % columns * (self.tile.0 + self.gap), index / columns * (self.tile.1 + self.gap))
    }

    /// Lays out `count` tiles; what no tile covers stays transparent.
    fn draw(&self, count: usize, tile: impl Fn(usize) -> RgbaImage) -> RgbaImage {
        let (width, height) = self.size(count);
        let mut image = RgbaImage::new(width, height);
        for index in 0..count {
            let (x, y) = self.origin(index);
            image::imageops::replace(&mut image, &tile(index), x.into(), y.into());
        }
        image
    }
}

/// Every unit's map as one picture.
pub fn mosaic(maps: &FeatureMaps, layout: &Layout, scaling: Scaling, style: &Style) -> RgbaImage {
    let ranges = maps.ranges(scaling);
    let (width, height) = layout.tile;
    layout.draw(maps.units, |unit| paint_plane(&maps.plane(unit), width, height, ranges[unit], style))
}

/// The filters of a layer that reads RGB, `count * 3 * height * width` values, each in colour: zero is mid grey, and a
/// filter's own largest magnitude full scale, so that every filter's pattern shows.
pub fn rgb_filters(values: &[f32], height: usize, width: usize, layout: &Layout) -> RgbaImage {
    let area = height * width;
    let count = values.len() / (3 * area).max(1);
    layout.draw(count, |index| {
        let filter = &values[index * 3 * area..][..3 * area];
        let most = Range::of(filter).symmetric().high;
        let channel = |c: usize| Plane { values: &filter[c * area..][..area], width, height };
        let (tile_width, tile_height) = layout.tile;
        RgbaImage::from_fn(tile_width, tile_height, |x, y| {
            let value = |c| tile_value(&channel(c), x as usize, y as usize, tile_width as usize, tile_height as usize);
            let [r, g, b] = [0, 1, 2].map(|c| signed_level(value(c), most));
            Rgba([r, g, b, 255])
        })
    })
}

/// One gradient or reconstruction, `3 * height * width` values, in colour: zero is mid grey, and full scale the 99.5%
/// quantile of the magnitudes that are not zero. A few outliers must not make all the rest grey; nor must the zeros,
/// of which a reconstruction from one early unit has more than 99.5%.
pub fn signed_rgb(values: &[f32], height: usize, width: usize) -> RgbImage {
    let mut magnitudes: Vec<f32> = values.iter().map(|v| v.abs()).filter(|&v| v > 0.0 && v.is_finite()).collect();
    let rank = (magnitudes.len() as f64 * 0.995) as usize;
    let most = if magnitudes.is_empty() { 0.0 } else { *magnitudes.select_nth_unstable_by(rank, f32::total_cmp).1 };
    let area = height * width;
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let at = y as usize * width + x as usize;
        image::Rgb([0, 1, 2].map(|c| signed_level(values[c * area + at], most)))
    })
}

/// A gradient or reconstruction of either kind of network: [`signed_rgb`], or grey where there is one channel.
pub fn signed_picture(values: &[f32], [channels, height, width]: [usize; 3]) -> RgbImage {
    match channels {
        3 => signed_rgb(values, height, width),
        // The same value for all three colours.
        _ => signed_rgb(&values[..height * width].repeat(3), height, width),
    }
}

/// -most..most to 1..255, zero to 128; so is NaN, and everything when `most` is 0.
fn signed_level(value: f32, most: f32) -> u8 {
    let share = if most > 0.0 && !value.is_nan() { (value / most).clamp(-1.0, 1.0) } else { 0.0 };
    (128.0 + 127.0 * share).round() as u8
}

#[cfg(test)]
mod tests {
    use super::super::ColourMap;
    use super::*;

    const GREY: Style = Style { map: ColourMap::Grey, gamma: 1.0 };

    #[test]
    fn a_mosaic_of_three_maps() {
        let maps = FeatureMaps { values: &[0.0, 1.0, 0.0, 2.0, 4.0, 4.0], units: 3, height: 1, width: 2 };
        let layout = Layout { tile: (2, 1), gap: 1, columns: 2 };
        let image = mosaic(&maps, &layout, Scaling::Layer, &GREY);
        assert_eq!(image.dimensions(), (5, 3));
        let row =
            |y: u32| -> Vec<[u8; 2]> { (0..5).map(|x| [image.get_pixel(x, y)[0], image.get_pixel(x, y)[3]]).collect() };
        assert_eq!(row(0), [[0, 255], [64, 255], [0, 0], [0, 255], [128, 255]]);
        assert_eq!(row(1), [[0, 0]; 5]);
        assert_eq!(row(2), [[255, 255], [255, 255], [0, 0], [0, 0], [0, 0]]);
        let own = mosaic(&maps, &layout, Scaling::Unit, &GREY);
        assert_eq!((own.get_pixel(1, 0)[0], own.get_pixel(0, 2)[0]), (255, 0));
        assert_eq!(Layout::square(64, (8, 8), 0).columns, 8);
        assert_eq!(
            mosaic(&FeatureMaps { values: &[], units: 0, ..maps }, &layout, Scaling::Unit, &GREY).dimensions(),
            (0, 0)
        );
    }

    #[test]
    fn signed_values_lie_about_mid_grey() {
        let image = rgb_filters(&[1.0, -2.0, 0.0, 0.0, 0.0, 0.0], 1, 1, &Layout { tile: (1, 1), gap: 0, columns: 2 });
        assert_eq!(image.as_raw(), &[192, 1, 128, 255, 128, 128, 128, 255]);
        // 1000 zeros and three values: the zeros do not count for the quantile.
        let mut values = vec![0.0; 3 * 400];
        values[..3].copy_from_slice(&[4.0, -4.0, 2.0]);
        let image = signed_rgb(&values, 20, 20);
        assert_eq!([0, 1, 2, 3].map(|x| image.get_pixel(x, 0)[0]), [255, 1, 192, 128]);
        assert_eq!(signed_rgb(&[f32::NAN, 0.0, 0.0], 1, 1).as_raw(), &[128; 3]);
    }
}
