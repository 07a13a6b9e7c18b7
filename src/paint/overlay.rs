//! A heatmap over the picture.

use image::{RgbImage, Rgba, RgbaImage};

use super::{Plane, Range, Style, colour, position, upsample_bilinear};

/// Shares of its colour and of its light that a picture keeps below a heatmap, so that the heatmap's colours are the only
/// strong ones: an orange fish must not look hot.
const COLOUR: f32 = 0.35;
const LIGHT: f32 = 0.8;

/// Place between a diverging map's zero and its ends from which an overlay takes its two colours: the map's middle is white and its ends nearly
/// black, which both say nothing over a picture.
const HUE: f32 = 0.75;

/// `heatmap` stretched bilinearly over `picture`, opaque. Its opacity is `opacity` (0..1) at the colour map's strong
/// end (both ends of a diverging map) and falls in proportion to nothing at the weak one, so that the picture stays
/// visible where nothing matters. The picture is muted; of a diverging map only the two hues are used.
pub fn overlay(picture: &RgbImage, heatmap: &Plane, range: Range, style: &Style, opacity: f32) -> RgbaImage {
    let (width, height) = picture.dimensions();
    let values = upsample_bilinear(heatmap, width as usize, height as usize);
    let mut image = RgbaImage::new(width, height);
    let hues = [-HUE, HUE].map(|hue| colour(hue, Range { low: -1.0, high: 1.0 }, &Style { gamma: 1.0, ..*style }));
    for ((out, below), value) in image.pixels_mut().zip(picture.pixels()).zip(values) {
        let at = position(value, range, style);
        let (strength, above) = match style.map.is_diverging() {
            true if !at.is_nan() => ((2.0 * at - 1.0).abs(), hues[usize::from(at > 0.5)]),
            _ => (at, colour(value, range, style)),
        };
        // NaN has no strength, and must be seen.
        let alpha = opacity.clamp(0.0, 1.0) * if strength.is_nan() { 1.0 } else { strength };
        let below = muted(below.0);
        let blend = |c: usize| (below[c] * (1.0 - alpha) + f32::from(above[c]) * alpha).round() as u8;
        *out = Rgba([blend(0), blend(1), blend(2), 255]);
    }
    image
}

/// A pixel with less colour and less light.
fn muted(pixel: [u8; 3]) -> [f32; 3] {
    let [r, g, b] = pixel.map(f32::from);
    let grey = 0.299 * r + 0.587 * g + 0.114 * b;
    [r, g, b].map(|value| LIGHT * (grey + COLOUR * (value - grey)))
}

#[cfg(test)]
mod tests {
    use super::super::ColourMap;
    use super::*;

    #[test]
    fn weak_values_leave_the_picture_visible() {
        let picture = RgbImage::from_pixel(3, 1, image::Rgb([100, 100, 100]));
        let heatmap = Plane { values: &[0.0, 0.5, 1.0], width: 3, height: 1 };
        let range = Range { low: 0.0, high: 1.0 };
        let image = overlay(&picture, &heatmap, range, &Style { map: ColourMap::Grey, gamma: 1.0 }, 0.5);
        // Opacity 0, 0.25 and 0.5 of black, 128 and white over 80.
        let grey = |level| [level, level, level, 255];
        assert_eq!(image.as_raw(), &[grey(80), grey(92), grey(168)].concat());
    }

    #[test]
    fn a_diverging_map_tints_by_sign_and_zero_not_at_all() {
        let picture = RgbImage::from_pixel(3, 1, image::Rgb([200, 200, 200]));
        let heatmap = Plane { values: &[-1.0, 0.0, 1.0], width: 3, height: 1 };
        let range = Range { low: -1.0, high: 1.0 };
        let image = overlay(&picture, &heatmap, range, &Style { map: ColourMap::RedBlue, gamma: 1.0 }, 1.0);
        let [blue, none, red] = [0, 1, 2].map(|x| image.get_pixel(x, 0).0);
        assert_eq!(none, [160, 160, 160, 255]);
        assert!(blue[2] > 150 && blue[0] < 100 && red[0] > 150 && red[2] < 100, "{blue:?} {red:?}");
    }

    #[test]
    fn the_picture_keeps_a_hint_of_its_colour() {
        let picture = RgbImage::from_pixel(1, 1, image::Rgb([255, 128, 0]));
        let heatmap = Plane { values: &[0.0], width: 1, height: 1 };
        let style = Style { map: ColourMap::Inferno, gamma: 1.0 };
        let image = overlay(&picture, &heatmap, Range { low: 0.0, high: 1.0 }, &style, 0.85);
        let [r, g, b, _] = image.get_pixel(0, 0).0;
        assert!(r > g && g > b && r < 200 && r - b < 100);
    }
}
