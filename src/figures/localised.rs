//! The object that a heatmap points at, drawn: everything else dark, and its box (Simonyan, Vedaldi and Zisserman 2014).

use super::seen::backdrop;
use crate::{Result, engine::Run, methods::Localisation};
use image::{Rgba, RgbaImage};

/// Colour of the found box, and of the true one: told apart by colour-blind people, and rare in pictures.
const FOUND: [u8; 3] = [255, 196, 0];
const TRUE: [u8; 3] = [0, 229, 255];

/// The picture with everything but the object dark, `factor` pixels a pixel of the network's input. Boxes are left, top,
/// right and bottom in pixels of the picture; `truth` is drawn too where it is given.
///
/// # Errors
/// Those of [`backdrop`].
pub fn localisation(
    run: &Run,
    found: &Localisation,
    bounds: [f32; 4],
    truth: Option<[f32; 4]>,
    factor: u32,
) -> Result<RgbaImage> {
    let [_, width] = found.size;
    let picture = backdrop(run, factor)?;
    let mut image = RgbaImage::from_fn(picture.width(), picture.height(), |x, y| {
        let pixel = picture.get_pixel(x, y).0;
        let lit = found.mask[(y / factor) as usize * width + (x / factor) as usize];
        let [r, g, b] = if lit { pixel } else { pixel.map(|value| value / 4) };
        Rgba([r, g, b, 255])
    });
    let input = |[left, top, right, bottom]: [f32; 4]| match &run.geometry {
        Some(geometry) => {
            let ([left, top], [right, bottom]) = (geometry.to_input(left, top), geometry.to_input(right, bottom));
            [left, top, right, bottom]
        }
        None => [left, top, right, bottom],
    };
    for (sides, colour) in [(truth, TRUE), (Some(bounds), FOUND)] {
        if let Some(sides) = sides {
            outline(&mut image, input(sides).map(|side| side * factor as f32), colour);
        }
    }
    Ok(image)
}

/// A frame inside a box, as thick as a 256th of the picture.
fn outline(image: &mut RgbaImage, [left, top, right, bottom]: [f32; 4], [r, g, b]: [u8; 3]) {
    let thick = (image.width().max(image.height()) as f32 / 256.0).max(1.0);
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let (x, y) = (x as f32 + 0.5, y as f32 + 0.5);
        let inside = |by: f32| (left + by..right - by).contains(&x) && (top + by..bottom - by).contains(&y);
        if inside(0.0) && !inside(thick) {
            *pixel = Rgba([r, g, b, 255]);
        }
    }
}
