//! Pictures as grey levels between resizing and normalising, for training: what is cut there is chosen at random.

use super::{
    Interpolation, Picture, Preprocess,
    resample::{Axis, resample},
};
use crate::error::{Error, Result};

impl Preprocess {
    /// The picture resized and not cut, with Pillow's arithmetic: interleaved levels of one or three channels, and width and
    /// height.
    ///
    /// # Errors
    /// The picture has no pixels.
    pub fn resized_levels(&self, picture: &Picture) -> Result<(Vec<u8>, [usize; 2])> {
        let size = [picture.pixels.width() as usize, picture.pixels.height() as usize];
        if size.contains(&0) {
            return Err(Error::Failed(format!("{} has no pixels", picture.name)));
        }
        let levels = self.levels_of(picture);
        let [width, height] = self.resized(size).map(|side| side.max(1));
        let whole = [0.0, 0.0, size[1] as f64, size[0] as f64];
        let source = [size[1], size[0]];
        let values = cut_and_resize(&levels, self.channels(), source, whole, [height, width], self.interpolation);
        Ok((values, [width, height]))
    }
}

/// A rectangle `[top, left, height, width]` of interleaved levels of `[height, width]`, resized.
pub fn cut_and_resize(
    levels: &[u8],
    channels: usize,
    [height, width]: [usize; 2],
    [top, left, down, across]: [f64; 4],
    [rows, columns]: [usize; 2],
    filter: Interpolation,
) -> Vec<u8> {
    let (y_scale, x_scale) = (down / rows as f64, across / columns as f64);
    let x = Axis::new(width, left / x_scale, x_scale, columns, filter);
    let y = Axis::new(height, top / y_scale, y_scale, rows, filter);
    match channels {
        1 => resample::<1>(levels, width, &x, &y),
        _ => resample::<3>(levels, width, &x, &y),
    }
}
