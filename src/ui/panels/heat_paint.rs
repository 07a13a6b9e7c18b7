//! How heatmaps become pixels.

use crate::{
    methods::Attribution,
    paint::{ColourMap, Plane, Range, Style, colour, paint_plane, position, signed_rgb},
};
use image::{DynamicImage, Rgba, RgbaImage};

/// The range and the colours that fit: about zero for signed values, from zero for others.
pub(super) fn scale(attribution: &Attribution, style: Style) -> (Range, Style) {
    let range = Range::of(&attribution.values);
    match attribution.signed {
        true if style.map.is_diverging() => (range.symmetric(), style),
        true => (range.symmetric(), Style { map: ColourMap::RedBlue, ..style }),
        false => (Range { low: 0.0, high: range.high }, style),
    }
}

/// One opaque pixel a value.
pub(super) fn plain(attribution: &Attribution, style: Style) -> RgbaImage {
    let [channels, height, width] = attribution.shape;
    if channels == 3 {
        return DynamicImage::ImageRgb8(signed_rgb(&attribution.values, height, width)).into_rgba8();
    }
    let (range, style) = scale(attribution, style);
    let plane = Plane { values: &attribution.values[..height * width], width, height };
    paint_plane(&plane, width as u32, height as u32, range, &style)
}

/// One pixel a value, the weaker the more transparent: laid over the picture by the GPU.
pub(super) fn veil(attribution: &Attribution, style: Style, opacity: f32) -> RgbaImage {
    let [_, height, width] = attribution.shape;
    let (range, style) = scale(attribution, style);
    let pixel = |value: f32| {
        let at = position(value, range, &style);
        let strength = if style.map.is_diverging() { (2.0 * at - 1.0).abs() } else { at };
        let alpha = if strength.is_nan() { 1.0 } else { strength * opacity };
        let [r, g, b] = colour(value, range, &style);
        Rgba([r, g, b, (alpha * 255.0).round() as u8])
    };
    RgbaImage::from_fn(width as u32, height as u32, |x, y| pixel(attribution.values[y as usize * width + x as usize]))
}
