//! A picture as training keeps it: resized as the network wants it, not yet cut or normalised.

use crate::{
    Result,
    picture::{Picture, Preprocess},
};

/// Interleaved grey levels of one or three channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels {
    /// Channels.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// `height * width * channels` values.
    pub values: Vec<u8>,
}

impl Levels {
    /// A picture resized as `preprocess` says.
    ///
    /// # Errors
    /// When the picture is empty, or the sizes make no sense.
    pub fn resized(picture: &Picture, preprocess: &Preprocess) -> Result<Self> {
        let (values, [width, height]) = preprocess.resized_levels(picture)?;
        Ok(Levels { channels: preprocess.channels(), height, width, values })
    }

    /// Rows `top..top + height` and columns `left..left + width`; black outside of the picture.
    pub fn cut(&self, [top, left]: [isize; 2], [height, width]: [usize; 2]) -> Self {
        let c = self.channels;
        let mut values = vec![0; height * width * c];
        // Columns of the result that the picture has.
        let start = (-left).clamp(0, width as isize) as usize;
        let end = (self.width as isize - left).clamp(start as isize, width as isize) as usize;
        for (row, line) in values.chunks_exact_mut(width * c).enumerate() {
            let from = top + row as isize;
            if (0..self.height as isize).contains(&from) && start < end {
                let first = (from as usize * self.width) as isize + left + start as isize;
                let source = &self.values[first as usize * c..][..(end - start) * c];
                line[start * c..end * c].copy_from_slice(source);
            }
        }
        Levels { channels: c, height, width, values }
    }

    /// The centre, as the network sees it outside of training.
    pub fn centre(&self, [height, width]: [usize; 2]) -> Self {
        let start = [Preprocess::crop_start(self.height, height), Preprocess::crop_start(self.width, width)];
        self.cut(start.map(|start| start as isize), [height, width])
    }

    /// Mirrored left to right.
    pub fn mirrored(mut self) -> Self {
        let c = self.channels;
        for line in self.values.chunks_exact_mut((self.width * c).max(1)) {
            for column in 0..self.width / 2 {
                for channel in 0..c {
                    line.swap(column * c + channel, (self.width - 1 - column) * c + channel);
                }
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_reach_outside_and_mirrors_turn_pixels_not_channels() {
        let levels = Levels { channels: 2, height: 2, width: 3, values: (1..=12).collect() };
        assert_eq!(levels.cut([0, 0], [2, 3]), levels);
        assert_eq!(levels.cut([1, -1], [2, 3]).values, [0, 0, 7, 8, 9, 10, 0, 0, 0, 0, 0, 0]);
        assert_eq!(levels.cut([-1, 2], [2, 2]).values, [0, 0, 0, 0, 5, 6, 0, 0]);
        assert_eq!(levels.cut([0, 9], [1, 1]).values, [0, 0]);
        assert_eq!(levels.centre([2, 1]).values, [3, 4, 9, 10]);
        assert_eq!(levels.mirrored().values, [5, 6, 3, 4, 1, 2, 11, 12, 9, 10, 7, 8]);
    }
}
