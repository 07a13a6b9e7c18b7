//! The network's input as a picture: at the network's resolution, and from the photograph's own pixels.

use super::enlarge::enlarged_rgb;
use crate::{Result, engine::Run, net::Field, picture::cropped};
use image::{DynamicImage, RgbImage, imageops};

/// The network's input as it is, a pixel a position: no sharper than the network gets it.
///
/// # Errors
/// When the input's channels are no colours.
pub fn input(run: &Run) -> Result<RgbImage> {
    run.model.preprocess.unapply(&run.trace.maps(0)?)
}

/// The part of the picture that the network's input covers, `factor` pixels a position of the input, from the picture's
/// own pixels: the background of overlays. A run without a picture has its enlarged input.
///
/// # Errors
/// Those of [`input`].
pub fn backdrop(run: &Run, factor: u32) -> Result<RgbImage> {
    let [_, height, width] = run.model.network.graph().input_shape();
    let size = (width as u32 * factor, height as u32 * factor);
    let (Some(picture), Some(geometry)) = (&run.picture, &run.geometry) else {
        return Ok(DynamicImage::from(enlarged_rgb(&input(run)?, factor)).into_rgb8());
    };
    let image = cropped(picture, geometry, size.0.max(size.1));
    Ok(match image.dimensions() == size {
        true => image,
        false => imageops::resize(&image, size.0, size.1, imageops::FilterType::CatmullRom),
    })
}

/// The part of an input of `height` x `width` pixels that position (row, column) of a layer depends on: left, top, width,
/// height. At the input's border the part is moved inside instead of cut off, so that a layer's parts are of one size.
pub fn patch(field: &[Field; 2], [row, column]: [usize; 2], [height, width]: [usize; 2]) -> [u32; 4] {
    let along = |field: &Field, index: usize, length: usize| {
        let size = field.size.clamp(1, length);
        let start = (field.offset + index as f64 * field.stride).floor();
        (start.clamp(0.0, (length - size) as f64) as u32, size as u32)
    };
    let ((top, rows), (left, columns)) = (along(&field[0], row, height), along(&field[1], column, width));
    [left, top, columns, rows]
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
}
