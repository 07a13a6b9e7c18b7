//! Random transforms before the network. They keep the synthesis from patterns that excite a unit at one exact position,
//! scale and angle only (Mordvintsev, Olah and Tyka 2015; Olah, Mordvintsev and Schubert 2017).
//!
//! The published chain pads, crops at random, scales, rotates, crops at random and cuts the centre. All of that is one
//! affine map of coordinates: it is drawn as such and sampled once, bilinearly. Outside the picture lies the mean colour.

use super::{images::Images, parameters as p};
use crate::methods::{Noise, Settings};
use rayon::prelude::*;

/// One drawn transform: position `d` of the output, from its centre, shows `turn * (d + after) + before` of the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Warp {
    /// Whole pixels (x, y) the picture is moved by before it is scaled and turned.
    pub before: [i32; 2],
    /// Whole pixels (x, y) it is moved by afterwards.
    pub after: [i32; 2],
    /// The factor it is enlarged by.
    pub scale: f64,
    /// Degrees it is turned by, clockwise as seen.
    pub angle: f64,
    /// Whether the picture continues periodically beyond its edges.
    pub wraps: bool,
}

/// lucid's rotations: each whole tenth of the range once, and five more times none.
const STILL: usize = 5;

/// The source of an output value: four values of the input plane with their weights.
type Taps = Vec<[(u32, f32); 4]>;

impl Warp {
    /// Draws one, distributed as lucid's: crops of `jitter` pixels move by up to half of that either way, scales are one
    /// of eleven, angles one of 21 with more zeros.
    pub fn draw(settings: &Settings, noise: &mut Noise) -> Self {
        let mut below = |count: usize| ((noise.uniform() * count as f64) as usize).min(count - 1);
        let mut moved = |jitter: usize| [0; 2].map(|_: i32| below(jitter + 1) as i32 - (jitter / 2) as i32);
        let before = moved(settings.count(&p::JITTER));
        let after = moved(settings.count(&p::JITTER_AFTER));
        let scale = 1.0 + settings.number(&p::ZOOM) * (below(11) as f64 - 5.0) / 5.0;
        let turn = below(21 + STILL);
        let tenth = if turn < 21 { turn as f64 - 10.0 } else { 0.0 };
        let angle = settings.number(&p::ROTATE) * tenth / 10.0;
        Warp { before, after, scale, angle, wraps: settings.choice(&p::EDGE) == "wrap" }
    }

    /// Whether it changes nothing.
    pub fn is_none(&self) -> bool {
        self.before == [0; 2] && self.after == [0; 2] && self.scale == 1.0 && self.angle == 0.0
    }

    /// The picture transformed.
    pub fn apply(&self, image: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
        let taps = self.taps([height, width]);
        let plane = |plane: &[f32]| -> Vec<f32> {
            taps.iter().map(|taps| taps.iter().map(|&(at, weight)| weight * plane[at as usize]).sum()).collect()
        };
        image.par_chunks_exact(height * width).flat_map_iter(plane).collect()
    }

    /// The adjoint of [`Warp::apply`]: a gradient carried back.
    pub fn adjoint(&self, gradient: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
        let taps = self.taps([height, width]);
        let plane = |plane: &[f32]| {
            let mut sums = vec![0.0; plane.len()];
            for (taps, value) in taps.iter().zip(plane) {
                taps.iter().for_each(|&(at, weight)| sums[at as usize] += weight * value);
            }
            sums
        };
        gradient.par_chunks_exact(height * width).flat_map_iter(plane).collect()
    }

    fn taps(&self, [height, width]: [usize; 2]) -> Taps {
        let (sin, cos) = self.angle.to_radians().sin_cos();
        let [sin, cos] = [sin / self.scale, cos / self.scale];
        let centre = [width, height].map(|side| (side as f64 - 1.0) / 2.0);
        let inside = |at: i64, length: usize| match self.wraps {
            true => Some(at.rem_euclid(length as i64) as usize),
            false => usize::try_from(at).ok().filter(|&at| at < length),
        };
        let sample = |y: usize, x: usize| {
            let [dx, dy] = [(x, 0), (y, 1)].map(|(at, i)| at as f64 - centre[i] + f64::from(self.after[i]));
            let x = centre[0] + cos * dx + sin * dy + f64::from(self.before[0]);
            let y = centre[1] - sin * dx + cos * dy + f64::from(self.before[1]);
            let (left, top) = (x.floor(), y.floor());
            let (right, low) = (x - left, y - top);
            [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(down, across)| {
                let weight = if down == 1 { low } else { 1.0 - low } * if across == 1 { right } else { 1.0 - right };
                match (inside(top as i64 + down, height), inside(left as i64 + across, width)) {
                    (Some(row), Some(column)) => ((row * width + column) as u32, weight as f32),
                    _ => (0, 0.0),
                }
            })
        };
        (0..height * width).into_par_iter().map(|at| sample(at / width, at % width)).collect()
    }
}

/// A transform for every picture of a batch; none where nothing is to be changed.
pub(super) struct Warps(Vec<Warp>);

impl Warps {
    /// Draws them for a step.
    pub fn draw(settings: &Settings, batch: usize, noise: &mut Noise) -> Option<Self> {
        let warps: Vec<Warp> = (0..batch).map(|_| Warp::draw(settings, noise)).collect();
        (!warps.iter().all(Warp::is_none)).then_some(Warps(warps))
    }

    pub fn apply(&self, images: &Images) -> Images {
        self.each(images, Warp::apply)
    }

    pub fn adjoint(&self, gradients: &Images) -> Images {
        self.each(gradients, Warp::adjoint)
    }

    fn each(&self, images: &Images, f: fn(&Warp, &[f32], [usize; 2]) -> Vec<f32>) -> Images {
        let one = |(warp, image): (&Warp, &[f32])| f(warp, image, images.size());
        let values: Vec<Vec<f32>> = self.0.iter().zip(images.values.chunks_exact(images.length())).map(one).collect();
        Images { values: values.concat(), dims: images.dims }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_adjoint, numbers};
    use super::*;

    const NONE: Warp = Warp { before: [0; 2], after: [0; 2], scale: 1.0, angle: 0.0, wraps: false };

    #[test]
    fn the_adjoint_is_one() {
        for (angle, scale, wraps) in [(0.0, 1.0, false), (7.0, 0.9, false), (-10.0, 1.1, true), (90.0, 2.0, false)] {
            let warp = Warp { before: [3, -2], after: [-1, 2], scale, angle, wraps };
            let [x, y] = [1, 2].map(|seed| numbers(2 * 9 * 12, seed));
            assert_adjoint(&x, &warp.adjoint(&y, [9, 12]), &warp.apply(&x, [9, 12]), &y);
        }
    }

    #[test]
    fn whole_moves_and_right_angles_are_exact() {
        let picture: Vec<f32> = (1..=9).map(|i| i as f32).collect();
        let moved = |warp: Warp| warp.apply(&picture, [3, 3]);
        assert_eq!(moved(NONE), picture);
        assert_eq!(moved(Warp { before: [1, 0], ..NONE }), [2.0, 3.0, 0.0, 5.0, 6.0, 0.0, 8.0, 9.0, 0.0]);
        let wrapped = moved(Warp { after: [0, 1], wraps: true, ..NONE });
        assert_eq!(wrapped, [4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 1.0, 2.0, 3.0]);
        let turned = moved(Warp { angle: 90.0, ..NONE });
        let expected = [7.0, 4.0, 1.0, 8.0, 5.0, 2.0, 9.0, 6.0, 3.0];
        assert!(turned.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{turned:?}");
        assert!(NONE.is_none() && !Warp { angle: 1.0, ..NONE }.is_none());
    }
}
