//! Where a network's input lies on the picture it was made from.

use super::{
    Picture,
    resample::{Axis, Interpolation, resample},
};
use image::RgbImage;

/// The map between a network's input and the picture: `picture = origin + scale * input`, in pixels from the left top
/// corner, where pixel i covers i..i+1. The input may reach beyond the picture, where it was padded.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Geometry {
    /// Picture pixels per input pixel, in x and y.
    pub scale: [f32; 2],
    /// The picture position (x, y) of the input's left top corner; negative where the input was padded.
    pub origin: [f32; 2],
    /// The input's size (width, height) in pixels.
    pub input: [usize; 2],
    /// The picture's size (width, height) in pixels.
    pub picture: [usize; 2],
}

impl Geometry {
    /// The picture position of input position (x, y).
    pub fn to_picture(&self, x: f32, y: f32) -> [f32; 2] {
        [self.origin[0] + self.scale[0] * x, self.origin[1] + self.scale[1] * y]
    }

    /// The input position of picture position (x, y).
    pub fn to_input(&self, x: f32, y: f32) -> [f32; 2] {
        [(x - self.origin[0]) / self.scale[0], (y - self.origin[1]) / self.scale[1]]
    }

    /// Returns the part of the picture that the network sees: left, top, right, bottom in picture pixels. It is not
    /// clamped to the picture, so that a heatmap stretched over it fits.
    pub fn crop_rect(&self) -> [f32; 4] {
        let [right, bottom] = self.to_picture(self.input[0] as f32, self.input[1] as f32);
        [self.origin[0], self.origin[1], right, bottom]
    }
}

/// Returns the part of the picture that the network sees; overlays are painted on it. It has the picture's own
/// resolution, but no side is longer than `longest` pixels (nor shorter than 1). Padding is black.
pub fn cropped(picture: &Picture, geometry: &Geometry, longest: u32) -> RgbImage {
    let extent = [0, 1].map(|i| f64::from(geometry.scale[i]) * geometry.input[i] as f64);
    let shrink = (extent[0].max(extent[1]) / f64::from(longest.max(1))).max(1.0);
    let size = extent.map(|side| (side / shrink).round().max(1.0) as usize);
    let (width, height) = (picture.pixels.width() as usize, picture.pixels.height() as usize);
    let axis = |i: usize, length| {
        let scale = extent[i] / size[i] as f64;
        Axis::new(length, f64::from(geometry.origin[i]) / scale, scale, size[i], Interpolation::Bilinear)
    };
    let pixels = resample::<3>(picture.pixels.as_raw(), width, &axis(0, width), &axis(1, height));
    RgbImage::from_raw(size[0] as u32, size[1] as u32, pixels).unwrap_or_default()
}
