//! Random changes of pictures in training.

use super::{image::Levels, random::Random};
use crate::picture::{Interpolation, Preprocess, cut_and_resize};
use serde::{Deserialize, Serialize};

/// The changes that training makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Augmentation {
    /// Black pixels on each side, out of which the input is cut at a random place.
    pub padding: usize,
    /// Whether half of the pictures are mirrored.
    pub mirror: bool,
    /// Cut a rectangle of at least this share of the picture, 3:4 to 4:3, and resize it to the input (Szegedy et al. 2015);
    /// 0 for none.
    pub least_area: f64,
    /// Brightness, contrast and saturation change by factors of `1 - jitter` to `1 + jitter`, in random order.
    pub jitter: f64,
    /// Deviation of the shares of the principal components of RGB intensities that are added (Krizhevsky 2012); 0.1 there.
    pub lighting: f64,
}

/// ImageNet's principal components of RGB intensities, and their standard deviations in 0 to 1.
const COMPONENTS: [[f32; 3]; 3] = [[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]];
const DEVIATIONS: [f32; 3] = [0.2175, 0.0188, 0.0045];

/// Shares of colours in brightness, as in ITU-R 601-2.
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

impl Augmentation {
    /// The input of the network, normalised planes, for a picture changed at random.
    pub fn apply(&self, picture: &Levels, preprocess: &Preprocess, random: &mut Random) -> Vec<f32> {
        let mut cut = self.cut(picture, preprocess.crop, random);
        if self.mirror && random.below(2) == 1 {
            cut = cut.mirrored();
        }
        if self.jitter == 0.0 && self.lighting == 0.0 {
            return preprocess.normalise(&cut.values);
        }
        let mut values: Vec<f32> = cut.values.iter().map(|&level| f32::from(level) / 255.0).collect();
        self.colour(&mut values, cut.channels, random);
        let levels: Vec<u8> = values.iter().map(|value| (value * 255.0).round() as u8).collect();
        preprocess.normalise(&levels)
    }

    fn cut(&self, picture: &Levels, size: [usize; 2], random: &mut Random) -> Levels {
        if self.least_area > 0.0 {
            return self.resized_cut(picture, size, random);
        }
        let [height, width] = size;
        let place = |own: usize, wanted: usize, random: &mut Random| {
            let spare = (own + 2 * self.padding) as isize - wanted as isize;
            // A smaller picture stands in the middle of black.
            if spare < 0 { spare / 2 } else { random.below(spare as usize + 1) as isize - self.padding as isize }
        };
        let whole = self.padding == 0 && picture.height >= height && picture.width >= width;
        if whole && (picture.height, picture.width) == (height, width) {
            return picture.clone();
        }
        let top = place(picture.height, height, random);
        let left = place(picture.width, width, random);
        picture.cut([top, left], size)
    }

    fn resized_cut(&self, picture: &Levels, [height, width]: [usize; 2], random: &mut Random) -> Levels {
        let (rows, columns) = (picture.height as f64, picture.width as f64);
        let mut found = None;
        for _ in 0..10 {
            let area = rows * columns * random.between(self.least_area, 1.0);
            let ratio = random.between((0.75f64).ln(), (4.0f64 / 3.0).ln()).exp();
            let (down, across) = ((area / ratio).sqrt().round(), (area * ratio).sqrt().round());
            if down >= 1.0 && across >= 1.0 && down <= rows && across <= columns {
                let top = random.below((rows - down) as usize + 1) as f64;
                let left = random.below((columns - across) as usize + 1) as f64;
                found = Some([top, left, down, across]);
                break;
            }
        }
        let side = rows.min(columns);
        let part = found.unwrap_or([((rows - side) / 2.0).floor(), ((columns - side) / 2.0).floor(), side, side]);
        let (size, filter) = ([picture.height, picture.width], Interpolation::Bilinear);
        let values = cut_and_resize(&picture.values, picture.channels, size, part, [height, width], filter);
        Levels { channels: picture.channels, height, width, values }
    }

    /// Changes colours in 0 to 1.
    fn colour(&self, values: &mut [f32], channels: usize, random: &mut Random) {
        let factors = [(); 3].map(|()| random.between(1.0 - self.jitter, 1.0 + self.jitter) as f32);
        let luma = |pixel: &[f32]| if channels == 3 { (0..3).map(|c| LUMA[c] * pixel[c]).sum() } else { pixel[0] };
        if self.jitter > 0.0 {
            for kind in random.order(3) {
                let factor = factors[kind];
                let mean = values.chunks_exact(channels).map(luma).sum::<f32>() * channels as f32 / values.len() as f32;
                for pixel in values.chunks_exact_mut(channels) {
                    // Brightness is mixed with black, contrast with the mean, saturation with the pixel's own grey.
                    let base = [0.0, mean, luma(pixel)][kind];
                    pixel.iter_mut().for_each(|value| *value = (base + (*value - base) * factor).clamp(0.0, 1.0));
                }
            }
        }
        if self.lighting > 0.0 && channels == 3 {
            let shares = DEVIATIONS.map(|deviation| deviation * (random.normal() * self.lighting) as f32);
            let added = COMPONENTS.map(|row| row.iter().zip(shares).map(|(value, share)| value * share).sum::<f32>());
            for pixel in values.chunks_exact_mut(3) {
                pixel.iter_mut().zip(added).for_each(|(value, added)| *value = (*value + added).clamp(0.0, 1.0));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn picture() -> Levels {
        Levels { channels: 3, height: 8, width: 8, values: (0..192).map(|v| v as u8).collect() }
    }

    #[test]
    fn without_changes_the_picture_stays() {
        let preprocess = Preprocess::new(8, 8, &[0.5; 3], &[0.25; 3]);
        let plain = Augmentation::default().apply(&picture(), &preprocess, &mut Random::of(&[1]));
        assert_eq!(plain, preprocess.normalise(&picture().values));
    }

    #[test]
    fn changes_depend_on_the_stream_alone_and_each_does_something() {
        let preprocess = Preprocess::new(8, 8, &[0.5; 3], &[0.25; 3]);
        let none = Augmentation::default();
        let plain = none.apply(&picture(), &preprocess, &mut Random::of(&[1]));
        for how in [
            Augmentation { padding: 4, ..none },
            Augmentation { mirror: true, ..none },
            Augmentation { least_area: 0.2, ..none },
            Augmentation { jitter: 0.4, ..none },
            Augmentation { lighting: 0.5, ..none },
        ] {
            let draw = |stream: u64| how.apply(&picture(), &preprocess, &mut Random::of(&[stream]));
            assert_eq!(draw(3), draw(3));
            assert!((0..8).any(|stream| draw(stream) != plain), "{how:?} changes nothing");
            assert!(draw(5).iter().all(|value| (-2.0..=2.0).contains(value)), "{how:?}");
        }
    }
}
