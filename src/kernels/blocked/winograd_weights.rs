//! The weights of a Winograd convolution, transformed once.
#![allow(unsafe_code)] // Many threads write one buffer.

use super::{
    buffer::{Buffer, BufferPool},
    filters::ConvFilters,
    micro::SharedOutput,
    schemes::{MOST, Scheme},
    simd::{Isa, LANES},
};
use rayon::prelude::*;

/// All weights transformed, `[position][panel][channel][16 or 32 outputs]`, in float64 before they are rounded.
pub(super) fn transformed<S: Scheme>(isa: Isa, filters: &ConvFilters, pool: &BufferPool) -> Buffer {
    let (input_blocks, output_blocks) = (filters.inputs().div_ceil(LANES), filters.outputs().div_ceil(LANES));
    let matrix = input_blocks * LANES * LANES;
    let mut weights = pool.take(S::SIZE * S::SIZE * output_blocks * matrix);
    let out = SharedOutput(weights.as_mut_ptr());
    (0..output_blocks * input_blocks * LANES).into_par_iter().with_min_len(64).for_each(|task| {
        let (block, channel) = (task / (input_blocks * LANES), task % (input_blocks * LANES));
        let panel = block / isa.vectors() * isa.vectors();
        let vectors = isa.vectors().min(output_blocks - panel);
        let at = panel * matrix + (channel * vectors + block - panel) * LANES;
        let found: [[f32; MOST * MOST]; LANES] = std::array::from_fn(|lane| {
            let weight = |row, column| f64::from(filters.weight(block * LANES + lane, channel, row, column));
            // The gradient's filters are flipped.
            let side = |index: usize| if filters.transposed { 2 - index } else { index };
            let rows = [0, 1, 2].map(|row| S::weights([0, 1, 2].map(|column| weight(side(row), side(column)))));
            let mut positions = [0f32; MOST * MOST];
            for x in 0..S::SIZE {
                let column = S::weights(rows.map(|row| row[x]));
                for (y, &value) in column.iter().enumerate().take(S::SIZE) {
                    positions[y * S::SIZE + x] = value as f32;
                }
            }
            positions
        });
        // Whole cache lines at a time: positions lie a power of two apart and would drive each other out of the cache.
        (0..S::SIZE * S::SIZE).for_each(|position| {
            let values: [f32; LANES] = std::array::from_fn(|lane| found[lane][position]);
            // SAFETY: each (block, channel, position) is sixteen floats of the buffer, written once.
            unsafe {
                out.at(position * output_blocks * matrix + at).copy_from_nonoverlapping(values.as_ptr(), LANES);
            }
        });
    });
    weights
}
