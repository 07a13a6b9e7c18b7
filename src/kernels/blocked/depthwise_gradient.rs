//! The gradient at the filters of a depthwise convolution: a vector is one pixel of sixteen channels, and each tap's sum one
//! vector. As in `weight_gradient`, the result does not depend on the number of threads.
#![allow(unsafe_code)] // Pixels through pointers.

use super::{
    filters::ConvGeometry,
    maps::Maps,
    simd::{Isa, LANES, Lanes, for_isa},
};
use rayon::prelude::*;

/// The gradient at filters `(channels, 1, rows, columns)`, from blocked maps.
///
/// # Panics
/// When sizes are not those of the geometry, or it is not depthwise.
pub fn depthwise_gradient(isa: Isa, g: &ConvGeometry, source: Maps, grad: Maps) -> Vec<f32> {
    assert_eq!((source.place.shape(), grad.place.shape()), (g.input, g.output), "maps of another size");
    assert_eq!((g.groups, g.input[0]), (g.output[0], g.output[0]), "not a depthwise convolution");
    assert_eq!((source.place.batch, source.place.lanes, grad.place.lanes), (grad.place.batch, LANES, LANES));
    let (blocks, area) = (grad.place.blocks(), g.kernel[0] * g.kernel[1]);
    let tasks: Vec<(usize, usize)> = (0..blocks).flat_map(|b| (0..grad.place.batch).map(move |i| (b, i))).collect();
    let sums: Vec<Vec<f32>> = tasks
        .into_par_iter()
        .map(|(block, image)| {
            let mut sums = vec![0f32; area * LANES];
            for (tap, sums) in sums.chunks_exact_mut(LANES).enumerate() {
                let task = Tap {
                    g,
                    source: source.block(image, block),
                    grad: grad.block(image, block),
                    tap: [tap / g.kernel[1], tap % g.kernel[1]],
                };
                // SAFETY: `sum` reads where the tap is inside of the source only.
                unsafe { for_isa!(isa, sum(task: &Tap = &task, sums: &mut [f32] = sums)) }
            }
            sums
        })
        .collect();
    let mut weights = vec![0f32; g.output[0] * area];
    for (channel, weights) in weights.chunks_exact_mut(area).enumerate() {
        for (tap, weight) in weights.iter_mut().enumerate() {
            let parts = &sums[channel / LANES * grad.place.batch..][..grad.place.batch];
            let total: f64 = parts.iter().map(|part| f64::from(part[tap * LANES + channel % LANES])).sum();
            *weight = total as f32;
        }
    }
    weights
}

/// One tap on one block of one picture.
struct Tap<'a> {
    g: &'a ConvGeometry,
    source: &'a [f32],
    grad: &'a [f32],
    tap: [usize; 2],
}

#[inline(always)]
unsafe fn sum<V: Lanes>(task: &Tap, sums: &mut [f32]) {
    let g = task.g;
    // The outputs whose tap lies inside of the source, along an axis.
    let inside = |axis: usize| {
        let offset = task.tap[axis] * g.dilation[axis];
        let start = g.before[axis].saturating_sub(offset).div_ceil(g.stride[axis]);
        let end = (g.input[axis + 1] + g.before[axis]).saturating_sub(offset).div_ceil(g.stride[axis]);
        (start, end.min(g.output[axis + 1]), offset)
    };
    let ((top, bottom, down), (left, right, along)) = (inside(0), inside(1));
    // SAFETY: the ranges above keep every pixel inside its block.
    unsafe {
        let mut held = [V::splat(0.0); 4];
        for y in top..bottom {
            let row = (y * g.stride[0] + down - g.before[0]) * g.input[2];
            for x in left..right {
                let from = (row + x * g.stride[1] + along - g.before[1]) * LANES;
                let pixel = V::load(task.grad.as_ptr().add((y * g.output[2] + x) * LANES));
                held[x % 4] = V::load(task.source.as_ptr().add(from)).mul_add(pixel, held[x % 4]);
            }
        }
        held[0].add(held[1]).add(held[2].add(held[3])).store(sums.as_mut_ptr());
    }
}
