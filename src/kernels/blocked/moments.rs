//! Batch normalisation in training (Ioffe and Szegedy 2015): means and variances of each channel over pictures, rows and
//! columns; the two sums that its reverse needs; and the reverse itself, which is a weighted sum of two maps.
//!
//! Each block of each picture is summed in float32 while it is in the cache, its deviations around its own mean; the blocks
//! are combined in float64 (Chan, Golub and LeVeque 1979), in order, whatever the number of threads.
#![allow(unsafe_code)] // Pixels through pointers.

use super::{
    finish::{Epilogue, Finish},
    maps::{Maps, MapsMut},
    simd::{Isa, LANES, Lanes, for_isa},
};
use rayon::prelude::*;

/// Sums of a block.
type Pair = [[f32; LANES]; 2];

/// For every channel the mean, and the mean squared deviation from it.
pub fn moments(isa: Isa, maps: Maps) -> [Vec<f64>; 2] {
    let place = maps.place;
    assert_eq!(place.lanes, LANES, "moments are taken of blocked maps");
    let pixels = place.plane() / LANES;
    let parts = blocks(&maps, |image, block| {
        let mut found = [[0f32; LANES]; 2];
        let values = maps.block(image, block);
        // SAFETY: whole pixels of a block.
        unsafe { for_isa!(isa, deviations(values: &[f32] = values, found: &mut Pair = &mut found)) }
        found
    });
    let mut means = vec![0f64; place.channels];
    let mut variances = vec![0f64; place.channels];
    for channel in 0..place.channels {
        let (mut mean, mut squares, mut count) = (0f64, 0f64, 0f64);
        for part in &parts[channel / LANES * place.batch..][..place.batch] {
            let [own_mean, own_squares] = part.map(|values| f64::from(values[channel % LANES]));
            let own = pixels as f64;
            let distance = own_mean - mean;
            mean += distance * own / (count + own);
            squares += own_squares + distance * distance * count * own / (count + own);
            count += own;
        }
        (means[channel], variances[channel]) = (mean, squares / count);
    }
    [means, variances]
}

/// For every channel the sum of a gradient, and of its products with the maps' deviations from `means`.
///
/// # Panics
/// When sizes differ.
pub fn moments_reverse(isa: Isa, maps: Maps, grad: Maps, means: &[f64]) -> [Vec<f64>; 2] {
    let place = maps.place;
    assert_eq!((place.batch, place.shape(), place.lanes), (grad.place.batch, grad.place.shape(), LANES));
    let mut padded: Vec<f32> = means.iter().map(|&mean| mean as f32).collect();
    padded.resize(place.blocks() * LANES, 0.0);
    let parts = blocks(&maps, |image, block| {
        let mut found = [[0f32; LANES]; 2];
        let (values, grad, means) = (maps.block(image, block), grad.block(image, block), &padded[block * LANES..]);
        // SAFETY: whole pixels of two blocks of one size.
        unsafe {
            for_isa!(isa, products(values: &[f32] = values, grad: &[f32] = grad, means: &[f32] = means, found: &mut Pair = &mut found));
        }
        found
    });
    [0, 1].map(|index| {
        let sum = |channel: usize| {
            let parts = &parts[channel / LANES * place.batch..][..place.batch];
            parts.iter().map(|part| f64::from(part[index][channel % LANES])).sum()
        };
        (0..place.channels).map(sum).collect()
    })
}

/// out = epilogue(a * first + b * second + c), with a factor, a factor and a summand a channel; each as long as the channels
/// rounded up to whole blocks.
///
/// # Panics
/// When sizes differ.
pub fn weighted_sum(isa: Isa, maps: [Maps; 2], factors: [&[f32]; 3], out: &mut MapsMut, epilogue: &Epilogue) {
    let place = out.place;
    for maps in maps {
        assert_eq!((maps.place.batch, maps.place.shape(), maps.place.lanes), (place.batch, place.shape(), LANES));
    }
    factors.iter().for_each(|factors| assert!(factors.len() >= place.blocks() * LANES, "a factor a channel"));
    epilogue.check(&place);
    out.for_each_block(|image, block, values| {
        let own = factors.map(|factors| &factors[block * LANES..][..LANES]);
        let sources = maps.map(|maps| maps.block(image, block));
        let finish = epilogue.at(image, block, 0);
        // SAFETY: both maps, the output and the epilogue have the same size.
        unsafe {
            for_isa!(isa, weigh(sources: [&[f32]; 2] = sources, factors: [&[f32]; 3] = own, out: &mut [f32] = values, finish: Option<&Finish> = finish.as_ref()));
        }
    });
}

/// `find(image, block)` for every block, all pictures of a block side by side.
fn blocks(maps: &Maps, find: impl Fn(usize, usize) -> Pair + Sync) -> Vec<Pair> {
    let batch = maps.place.batch;
    (0..maps.place.blocks() * batch).into_par_iter().map(|index| find(index % batch, index / batch)).collect()
}

/// The sum of `value(pixel)`, in four parts.
#[inline(always)]
unsafe fn sum_of<V: Lanes>(pixels: usize, value: impl Fn(usize) -> V) -> V {
    // SAFETY: the caller has V.
    let mut held = unsafe { [V::splat(0.0); 4] };
    for pixel in 0..pixels {
        held[pixel % 4] = held[pixel % 4].add(value(pixel));
    }
    held[0].add(held[1]).add(held[2].add(held[3]))
}

/// The mean, and the sum of squared deviations from it.
#[inline(always)]
unsafe fn deviations<V: Lanes>(values: &[f32], found: &mut Pair) {
    let pixels = values.len() / LANES;
    // SAFETY: the caller's promise.
    unsafe {
        let at = |pixel: usize| V::load(values.as_ptr().add(pixel * LANES));
        let mean = sum_of(pixels, at).mul(V::splat(1.0 / pixels as f32));
        let squares = sum_of(pixels, |pixel| {
            let distance = at(pixel).sub(mean);
            distance.mul(distance)
        });
        // The part of the mean that rounding left out.
        let rest = sum_of(pixels, |pixel| at(pixel).sub(mean)).mul(V::splat(1.0 / pixels as f32));
        mean.add(rest).store(found[0].as_mut_ptr());
        squares.store(found[1].as_mut_ptr());
    }
}

/// The sum of the gradient, and of its products with the deviations.
#[inline(always)]
unsafe fn products<V: Lanes>(values: &[f32], grad: &[f32], means: &[f32], found: &mut Pair) {
    let pixels = values.len() / LANES;
    // SAFETY: the caller's promise.
    unsafe {
        let mean = V::load(means.as_ptr());
        let gradient = |pixel: usize| V::load(grad.as_ptr().add(pixel * LANES));
        sum_of(pixels, gradient).store(found[0].as_mut_ptr());
        let product = |pixel: usize| V::load(values.as_ptr().add(pixel * LANES)).sub(mean).mul(gradient(pixel));
        sum_of(pixels, product).store(found[1].as_mut_ptr());
    }
}

#[inline(always)]
unsafe fn weigh<V: Lanes>(sources: [&[f32]; 2], factors: [&[f32]; 3], out: &mut [f32], finish: Option<&Finish>) {
    // SAFETY: the caller's promise.
    unsafe {
        let [a, b, c] = factors.map(|factors| V::load(factors.as_ptr()));
        let whole = (V::splat(1.0), V::splat(0.0));
        for offset in (0..out.len()).step_by(LANES) {
            let [first, second] = sources.map(|source| V::load(source.as_ptr().add(offset)));
            let value = first.mul_add(a, second.mul_add(b, c));
            let value = finish.map_or(value, |finish| finish.apply(value, whole, offset));
            value.store(out.as_mut_ptr().add(offset));
        }
    }
}
