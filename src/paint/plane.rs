//! One map of values, sampled for a tile of any size.

use image::RgbaImage;

use super::{Range, Style, colour};

/// One map: `width * height` values in row-major order.
#[derive(Debug, Clone, Copy)]
pub struct Plane<'a> {
    /// The values, row by row.
    pub values: &'a [f32],
    /// Columns, at least 1.
    pub width: usize,
    /// Rows, at least 1.
    pub height: usize,
}

/// Number of texels averaged along an axis of `size` texels drawn over `tile` pixels: 1 (nearest) when the tile is
/// larger than its data, up to 4 when it is smaller.
pub fn taps(size: usize, tile: usize) -> usize {
    size.div_ceil(tile.max(1)).clamp(1, 4)
}

/// The texel of tap `i` of `n` for output pixel `p`: the floor of `(p + (i + 0.5) / n) * size / tile`, the middle of an
/// n-th of the pixel's footprint. In whole numbers, because division differs in its last bit between a GPU and a CPU
/// and a floor makes a texel of that; below 2^32 for sizes up to 16384.
pub fn tap(p: usize, i: usize, n: usize, size: usize, tile: usize) -> usize {
    ((2 * (n * p + i) + 1) * size / (2 * n * tile)).min(size - 1)
}

/// The value of output pixel (px, py) of a tile of `tile_width` x `tile_height` pixels that the plane fills: the mean
/// of [`taps`] x [`taps`] texels, rows first. The shader mirrors it.
pub fn tile_value(plane: &Plane, px: usize, py: usize, tile_width: usize, tile_height: usize) -> f32 {
    let (across, down) = (taps(plane.width, tile_width), taps(plane.height, tile_height));
    let mut sum = 0.0;
    for j in 0..down {
        let row = tap(py, j, down, plane.height, tile_height) * plane.width;
        for i in 0..across {
            sum += plane.values[row + tap(px, i, across, plane.width, tile_width)];
        }
    }
    sum / (across * down) as f32
}

/// The plane as a picture of `width` x `height` pixels, opaque.
pub fn paint_plane(plane: &Plane, width: u32, height: u32, range: Range, style: &Style) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, y| {
        let value = tile_value(plane, x as usize, y as usize, width as usize, height as usize);
        let [r, g, b] = colour(value, range, style);
        image::Rgba([r, g, b, 255])
    })
}

/// The plane stretched to `width * height` values as torch's `interpolate(mode="bilinear", align_corners=False)` does:
/// pixel centres are aligned, and the outermost values are held to the border.
pub fn upsample_bilinear(plane: &Plane, width: usize, height: usize) -> Vec<f32> {
    let axis = |length: usize, count: usize| -> Vec<(usize, usize, f32)> {
        let scale = length as f32 / count as f32;
        let weigh = |i: usize| {
            let at = ((i as f32 + 0.5) * scale - 0.5).max(0.0);
            let low = (at as usize).min(length - 1);
            (low, (low + 1).min(length - 1), at - low as f32)
        };
        (0..count).map(weigh).collect()
    };
    let columns = axis(plane.width, width);
    let mut values = Vec::with_capacity(width * height);
    for (top, bottom, down) in axis(plane.height, height) {
        let [top, bottom] = [top, bottom].map(|row| &plane.values[row * plane.width..][..plane.width]);
        values.extend(columns.iter().map(|&(left, right, across)| {
            let blend = |row: &[f32]| row[left] * (1.0 - across) + row[right] * across;
            blend(top) * (1.0 - down) + blend(bottom) * down
        }));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::super::ColourMap;
    use super::*;

    #[test]
    fn larger_tiles_repeat_and_smaller_ones_average() {
        let plane = Plane { values: &[1.0, 2.0, 3.0, 4.0], width: 2, height: 2 };
        assert_eq!([0, 1, 2, 3].map(|x| tile_value(&plane, x, 0, 4, 4)), [1.0, 1.0, 2.0, 2.0]);
        assert_eq!(tile_value(&plane, 0, 2, 3, 3), 3.0);
        assert_eq!(tile_value(&plane, 0, 0, 1, 1), 2.5);
        // 3 texels in 2 pixels: 2 taps a pixel, at 0.375, 1.125 and 1.875, 2.625.
        let row = Plane { values: &[1.0, 2.0, 6.0], width: 3, height: 1 };
        assert_eq!([0, 1].map(|x| tile_value(&row, x, 0, 2, 1)), [1.5, 4.0]);
        // 32 texels in 2 pixels: 4 taps a pixel, every fourth texel from the second on.
        let ramp: Vec<f32> = (0..32).map(|i| i as f32).collect();
        let ramp = Plane { values: &ramp, width: 32, height: 1 };
        assert_eq!(tile_value(&ramp, 1, 0, 2, 1), (18.0 + 22.0 + 26.0 + 30.0) / 4.0);
    }

    #[test]
    fn a_plane_is_painted_at_its_place() {
        let plane = Plane { values: &[0.0, 1.0, f32::NAN, 0.5], width: 2, height: 2 };
        let style = Style { map: ColourMap::Grey, gamma: 1.0 };
        let image = paint_plane(&plane, 2, 2, Range::of(plane.values), &style);
        let grey = |v: u8| [v, v, v, 255];
        assert_eq!(image.as_raw(), &[grey(0), grey(255), [255, 0, 255, 255], grey(128)].concat());
    }

    #[test]
    fn upsampling_is_torchs() {
        // torch.nn.functional.interpolate(tensor([[[[1., 2.], [3., 4.]]]]), size=(4, 4), mode="bilinear")
        let plane = Plane { values: &[1.0, 2.0, 3.0, 4.0], width: 2, height: 2 };
        let expected = [
            1.0, 1.25, 1.75, 2.0, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3.0, 3.25, 3.75, 4.0, //
        ];
        assert_eq!(upsample_bilinear(&plane, 4, 4), expected);
        assert_eq!(upsample_bilinear(&plane, 2, 2), plane.values);
        assert_eq!(upsample_bilinear(&plane, 1, 1), [2.5]);
    }
}
