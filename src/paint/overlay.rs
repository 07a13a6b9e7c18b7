//! A heatmap over the picture.

use image::{RgbImage, Rgba, RgbaImage};

use super::{Plane, Range, Style, colour, position, upsample_bilinear};

/// `heatmap` stretched bilinearly over `picture`, opaque. Its opacity is `opacity` (0..1) at the colour map's strong
/// end (both ends of a diverging map) and falls in proportion to nothing at the weak one, so that the picture stays
/// visible where nothing matters.
pub fn overlay(picture: &RgbImage, heatmap: &Plane, range: Range, style: &Style, opacity: f32) -> RgbaImage {
    let (width, height) = picture.dimensions();
    let values = upsample_bilinear(heatmap, width as usize, height as usize);
    let mut image = RgbaImage::new(width, height);
    for ((out, below), value) in image.pixels_mut().zip(picture.pixels()).zip(values) {
        let at = position(value, range, style);
        let strength = if style.map.is_diverging() { (2.0 * at - 1.0).abs() } else { at };
        // NaN has no strength, and must be seen.
        let alpha = opacity.clamp(0.0, 1.0) * if strength.is_nan() { 1.0 } else { strength };
        let above = colour(value, range, style);
        let blend = |c: usize| (f32::from(below[c]) * (1.0 - alpha) + f32::from(above[c]) * alpha).round() as u8;
        *out = Rgba([blend(0), blend(1), blend(2), 255]);
    }
    image
}

#[cfg(test)]
mod tests {
    use super::super::ColourMap;
    use super::*;

    #[test]
    fn weak_values_leave_the_picture_visible() {
        let picture = RgbImage::from_pixel(3, 1, image::Rgb([100, 0, 200]));
        let heatmap = Plane { values: &[0.0, 0.5, 1.0], width: 3, height: 1 };
        let range = Range { low: 0.0, high: 1.0 };
        let image = overlay(&picture, &heatmap, range, &Style { map: ColourMap::Grey, gamma: 1.0 }, 0.5);
        // Opacity 0, 0.25 and 0.5 of black, 128 and white.
        assert_eq!(image.as_raw(), &[100, 0, 200, 255, 107, 32, 182, 255, 178, 128, 228, 255]);
    }
}
