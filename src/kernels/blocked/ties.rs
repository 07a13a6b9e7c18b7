//! Outputs of a Winograd convolution with equal inputs become equal.
//!
//! A direct convolution gives equal patches of a map equal sums, and max pooling takes the first of them. Winograd's
//! transforms round each place of a tile in another way: on a flat background pooling windows would choose by rounding,
//! and every gradient behind them would differ from PyTorch's.

use super::{
    maps::{Maps, MapsMut},
    simd::LANES,
};
use rayon::prelude::*;

/// Pixels that a thread compares at a time.
const RUN: usize = 2048;

/// Gives outputs of a 3x3 convolution of stride 1 the value of the first neighbour that sees the same inputs. `before` is
/// the padding at the top and the left.
pub(super) fn keep_ties(source: Maps, before: [usize; 2], out: &mut MapsMut) {
    for image in 0..source.place.batch {
        let Some(inputs) = EqualPixels::of(source, image) else { continue };
        let (place, [top, left]) = (out.place, before.map(|before| before as isize));
        let mut first: Vec<usize> = (0..place.height * place.width).collect();
        for index in 0..first.len() {
            let (y, x) = (index / place.width, index % place.width);
            let corner = [y as isize - top, x as isize - left];
            if x > 0 && inputs.are_equal_patches([corner[0], corner[1] - 1], NeighbourSide::Right) {
                join(&mut first, index - 1, index);
            }
            if y > 0 && inputs.are_equal_patches([corner[0] - 1, corner[1]], NeighbourSide::Below) {
                join(&mut first, index - place.width, index);
            }
        }
        for index in 0..first.len() {
            let from = root(&mut first, index);
            if from != index {
                for block in 0..place.blocks() {
                    let start = place.start(image, block);
                    let from = start + from * LANES;
                    out.data.copy_within(from..from + LANES, start + index * LANES);
                }
            }
        }
    }
}

/// A neighbour of a pixel.
#[derive(Clone, Copy)]
enum NeighbourSide {
    Right,
    Below,
}

/// Which pixels of a map equal a neighbour in all channels.
struct EqualPixels {
    size: [usize; 2],
    right: Vec<bool>,
    below: Vec<bool>,
}

impl EqualPixels {
    /// `None` where no pixel does: on photographs, as the first channels tell.
    fn of(source: Maps, image: usize) -> Option<Self> {
        let place = source.place;
        let pixels = place.height * place.width;
        let blocks: Vec<&[f32]> = (0..place.blocks()).map(|block| source.block(image, block)).collect();
        let are_equal = |a: usize, b: usize| {
            let pixel = |block: &[f32], index: usize| -> [f32; LANES] {
                std::array::from_fn(|lane| block[index * LANES + lane])
            };
            blocks.iter().all(|block| pixel(block, a) == pixel(block, b))
        };
        let compare = |step: usize, has: &(dyn Fn(usize) -> bool + Sync)| -> Vec<bool> {
            (0..pixels)
                .into_par_iter()
                .with_min_len(RUN)
                .map(|index| has(index) && are_equal(index, index + step))
                .collect()
        };
        let right = compare(1, &|index| index % place.width + 1 < place.width);
        let below = compare(place.width, &|index| index + place.width < pixels);
        let any = right.iter().chain(&below).any(|&is_equal| is_equal);
        any.then_some(EqualPixels { size: [place.height, place.width], right, below })
    }

    /// Whether the 3x3 patch at a corner equals the patch one step to a side. Outside the map all is zero; a pixel inside
    /// counts as other than zero.
    fn are_equal_patches(&self, corner: [isize; 2], side: NeighbourSide) -> bool {
        let [height, width] = self.size;
        let inside = |y: isize, x: isize| (0..height as isize).contains(&y) && (0..width as isize).contains(&x);
        let (steps, [down, along]) = match side {
            NeighbourSide::Right => (&self.right, [0, 1]),
            NeighbourSide::Below => (&self.below, [1, 0]),
        };
        (0..9).all(|place| {
            let (y, x) = (corner[0] + place / 3, corner[1] + place % 3);
            match (inside(y, x), inside(y + down, x + along)) {
                (true, true) => steps[y as usize * width + x as usize],
                (is_inside, is_next_inside) => is_inside == is_next_inside,
            }
        })
    }
}

/// The first output of the group that an output belongs to.
fn root(first: &mut [usize], mut index: usize) -> usize {
    while first[index] != index {
        first[index] = first[first[index]];
        index = first[index];
    }
    index
}

/// Makes one group of two outputs' groups.
fn join(first: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(first, a), root(first, b));
    first[a.max(b)] = a.min(b);
}
