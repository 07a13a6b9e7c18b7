//! Any decoded picture to 8-bit RGB as a person sees it.

use image::{DynamicImage, ImageFormat, RgbImage};

/// 8-bit RGB of `image`, which was read from a file of `format`.
///
/// Alpha is composited over white: the colours that a file hides under transparency (often black, often rubbish) are
/// not what a person sees, and a network must not see them either. OpenEXR and Radiance hold light, not grey levels:
/// they are clipped to 0..1 and get sRGB's curve; a float TIFF is taken as grey levels 0..1.
pub fn to_rgb(image: DynamicImage, format: ImageFormat) -> RgbImage {
    if matches!(format, ImageFormat::OpenExr | ImageFormat::Hdr) {
        let light = image.into_rgba32f();
        // OpenEXR's colours are multiplied by alpha already; Radiance has no alpha.
        return map(light.width(), light.height(), light.as_raw(), |[r, g, b, a]| {
            [r, g, b].map(|c: f32| srgb(c + 1.0 - a.clamp(0.0, 1.0)))
        });
    }
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let rgba = image.into_rgba8();
    map(rgba.width(), rgba.height(), rgba.as_raw(), |[r, g, b, a]| {
        let over_white = |c: u8| (u32::from(c) * u32::from(a) + 255 * (255 - u32::from(a)) + 127) / 255;
        [r, g, b].map(|c| over_white(c) as u8)
    })
}

/// `rgba` has four values for each of `width * height` pixels.
fn map<T: Copy>(width: u32, height: u32, rgba: &[T], to_rgb: impl Fn([T; 4]) -> [u8; 3]) -> RgbImage {
    let mut rgb = RgbImage::new(width, height);
    for (out, pixel) in rgb.pixels_mut().zip(rgba.chunks_exact(4)) {
        out.0 = to_rgb([pixel[0], pixel[1], pixel[2], pixel[3]]);
    }
    rgb
}

/// sRGB's curve: linear light 0..1, clipped, to a grey level; NaN becomes 0.
fn srgb(light: f32) -> u8 {
    let light = light.clamp(0.0, 1.0);
    let encoded = if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
    (encoded * 255.0).round() as u8
}
