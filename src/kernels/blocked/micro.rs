//! The micro-kernel under every convolution: `pixels` x 16 `vectors` outputs at a time,
//! out[pixel][channel] = sum over taps t and their channels k of source[pixel * step + taps[t] + k] * weights[t][k][channel].
//!
//! A tap is the start of one block of channels at one position of the filter, so 1x1, 3x3, strided, dilated and grouped
//! convolutions, the products inside Winograd, and (blocks of one channel) the first layer differ in their taps only.
//!
//! Blocking. All sums stay in registers: AVX-512 has 32, so 14 pixels x 2 vectors leave four for two rows of weights
//! and a broadcast; AVX2 has 16 and a vector takes two, so 6 x 1. A step reads 2 weights and 14 pixels for 28
//! multiply-adds, well under what the load ports do. Weights are read in order, `[tap][channel][16 vectors]`: for a
//! usual layer, 32 to 256 KiB that stay in the second-level cache while the pixels go by. A row is divided evenly, so
//! that 17 pixels are 9 + 8 and never 14 + 3.
#![allow(unsafe_code)] // Pointers into maps that many threads write.

use super::{
    finish::Finish,
    simd::{Isa, IsaKind, LANES, Lanes},
};

/// One run of the micro-kernel along a row.
pub(super) struct PixelStrip<'a> {
    /// The source of the first output pixel.
    pub source: *const f32,
    /// Floats from there to each tap.
    pub taps: &'a [usize],
    /// Floats from the source of one output pixel to that of the next.
    pub step: usize,
    /// Channels of a tap: 16, 8 where the source has no more, or 1 for planar sources.
    pub depth: usize,
    /// `[tap][depth][16 vectors]`.
    pub weights: *const f32,
    /// Output blocks computed at once: 1, or as many as the instruction set has registers for.
    pub vectors: usize,
    /// Output pixels.
    pub pixels: usize,
    /// The first output pixel.
    pub out: *mut f32,
    /// Floats from one output pixel to the next.
    pub out_step: usize,
    /// Floats from one output block to the next.
    pub out_plane: usize,
    /// The epilogue of the sums.
    pub finish: Option<Finish>,
}

/// The sums of one register block, stored as they are. That the epilogue is another loop over memory is on purpose:
/// anything else that indexes the array of sums makes the compiler keep it on the stack, at half the speed.
#[inline(always)]
unsafe fn sums<V: Lanes, const PIXELS: usize, const VECTORS: usize, const DEPTH: usize, const STEP: usize>(
    strip: &PixelStrip,
    first: usize,
) {
    let step = if STEP == 0 { strip.step } else { STEP };
    // SAFETY: the caller of `run` promises that every tap of every pixel, all weights and all outputs are in bounds.
    unsafe {
        let source = strip.source.add(first * step);
        let mut weights = strip.weights;
        let mut sums = [[V::splat(0.0); VECTORS]; PIXELS];
        for (index, &tap) in strip.taps.iter().enumerate() {
            ask_ahead::<V, PIXELS, VECTORS>(strip, first, index);
            let source = source.add(tap);
            for channel in 0..DEPTH {
                let mut row = [V::splat(0.0); VECTORS];
                for (vector, row) in row.iter_mut().enumerate() {
                    *row = V::load(weights.add(vector * LANES));
                }
                weights = weights.add(VECTORS * LANES);
                for (pixel, sums) in sums.iter_mut().enumerate() {
                    let value = V::splat(*source.add(pixel * step + channel));
                    for (sum, weight) in sums.iter_mut().zip(row) {
                        *sum = value.mul_add(weight, *sum);
                    }
                }
            }
        }
        for vector in 0..VECTORS {
            let out = strip.out.add(first * strip.out_step + vector * strip.out_plane);
            for (pixel, sums) in sums.iter().enumerate() {
                sums[vector].store(out.add(pixel * strip.out_step));
            }
        }
    }
}

/// Asks for the cache lines of a block's outputs, and of the maps its epilogue reads, while its sums are computed: a
/// map's worth per tap. They come from memory, and nothing else announces them: a fifth of the time where inputs are few.
#[inline(always)]
fn ask_ahead<V: Lanes, const PIXELS: usize, const VECTORS: usize>(strip: &PixelStrip, first: usize, tap: usize) {
    let start = first * strip.out_step + tap % VECTORS * strip.out_plane;
    let maps = match &strip.finish {
        _ if tap < VECTORS => strip.out.cast_const(),
        Some(finish) if tap < 3 * VECTORS => finish.reads(tap / VECTORS - 1),
        _ => return,
    };
    for pixel in 0..PIXELS {
        V::prefetch(maps.wrapping_add(start + pixel * strip.out_step));
    }
}

/// Finishes `pixels` outputs from `first` on, which were just stored.
#[inline(always)]
unsafe fn finish<V: Lanes>(strip: &PixelStrip, finish: &Finish, first: usize, pixels: usize) {
    // SAFETY: the same outputs as in `sums`; the epilogue was checked against them.
    unsafe {
        for vector in 0..strip.vectors {
            let channel = finish.channel::<V>(vector);
            for pixel in first..first + pixels {
                let offset = pixel * strip.out_step + vector * strip.out_plane;
                let out = strip.out.add(offset);
                finish.apply(V::load(out), channel, offset).store(out);
            }
        }
    }
}

/// Compiles the micro-kernel for one instruction set, with every number of pixels up to `$most`.
macro_rules! micro_kernel {
    ($name:ident, $lanes:ident, $(#[$feature:meta])?, $most:literal, $($count:literal)*) => {
        mod $name {
            use super::{PixelStrip, finish, sums};
            use crate::kernels::blocked::simd::$lanes;

            $(#[$feature])?
            unsafe fn block<const PIXELS: usize, const VECTORS: usize, const DEPTH: usize, const STEP: usize>(
                strip: &PixelStrip,
                first: usize,
            ) {
                // SAFETY: the caller's promise.
                unsafe { sums::<$lanes, PIXELS, VECTORS, DEPTH, STEP>(strip, first) }
            }

            $(#[$feature])?
            pub unsafe fn strip<const VECTORS: usize, const DEPTH: usize, const STEP: usize>(strip: &PixelStrip) {
                let blocks = strip.pixels.div_ceil($most);
                let mut first = 0;
                for index in 1..=blocks {
                    let end = strip.pixels * index / blocks;
                    // SAFETY: the caller's promise, for a part of the strip.
                    unsafe {
                        match end - first {
                            $($count => block::<$count, VECTORS, DEPTH, STEP>(strip, first),)*
                            other => unreachable!("{other} pixels in a block"),
                        }
                        if let Some(how) = &strip.finish {
                            finish::<$lanes>(strip, how, first, end - first);
                        }
                    }
                    first = end;
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
micro_kernel!(
    avx512, Avx512, #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")],
    14, 1 2 3 4 5 6 7 8 9 10 11 12 13 14
);
#[cfg(target_arch = "x86_64")]
micro_kernel!(avx2, Avx2, #[target_feature(enable = "avx2,fma")], 6, 1 2 3 4 5 6);
micro_kernel!(portable, Portable, , 2, 1 2);

/// Runs a strip.
///
/// # Safety
/// All that `strip` names is in bounds, and no other thread reads or writes its outputs meanwhile.
pub(super) unsafe fn run(isa: Isa, strip: &PixelStrip) {
    debug_assert!(strip.vectors == 1 || strip.vectors == isa.vectors());
    // Steps known when compiling keep the pixels' addresses out of registers.
    // SAFETY: the caller's promise; an Isa proves that the CPU has its instructions.
    unsafe {
        match isa.0 {
            #[cfg(target_arch = "x86_64")]
            IsaKind::Avx512 => match (strip.vectors, strip.depth, strip.step) {
                (2, 16, 16) => avx512::strip::<2, 16, 16>(strip),
                (1, 16, 16) => avx512::strip::<1, 16, 16>(strip),
                (2, 16, 32) => avx512::strip::<2, 16, 32>(strip),
                (2, 16, _) => avx512::strip::<2, 16, 0>(strip),
                (1, 16, _) => avx512::strip::<1, 16, 0>(strip),
                (2, 8, _) => avx512::strip::<2, 8, 0>(strip),
                (1, 8, 16) => avx512::strip::<1, 8, 16>(strip),
                (1, 8, _) => avx512::strip::<1, 8, 0>(strip),
                (2, 1, 1) => avx512::strip::<2, 1, 1>(strip),
                (2, 1, 2) => avx512::strip::<2, 1, 2>(strip),
                (2, 1, _) => avx512::strip::<2, 1, 0>(strip),
                (1, 1, _) => avx512::strip::<1, 1, 0>(strip),
                other => unreachable!("no micro-kernel for {other:?}"),
            },
            #[cfg(target_arch = "x86_64")]
            IsaKind::Avx2 => match (strip.depth, strip.step) {
                (16, 16) => avx2::strip::<1, 16, 16>(strip),
                (16, 32) => avx2::strip::<1, 16, 32>(strip),
                (16, _) => avx2::strip::<1, 16, 0>(strip),
                (8, _) => avx2::strip::<1, 8, 0>(strip),
                (1, 1) => avx2::strip::<1, 1, 1>(strip),
                (1, 2) => avx2::strip::<1, 1, 2>(strip),
                (1, _) => avx2::strip::<1, 1, 0>(strip),
                other => unreachable!("no micro-kernel for {other:?}"),
            },
            IsaKind::Portable if strip.depth == 16 => portable::strip::<1, 16, 0>(strip),
            IsaKind::Portable if strip.depth == 8 => portable::strip::<1, 8, 0>(strip),
            IsaKind::Portable => portable::strip::<1, 1, 0>(strip),
        }
    }
}

/// A pointer that tasks on several threads share, each writing its own part.
#[derive(Clone, Copy)]
pub(super) struct SharedOutput(pub *mut f32);

// SAFETY: every writer promises to write where no other thread does.
unsafe impl Send for SharedOutput {}
// SAFETY: as above.
unsafe impl Sync for SharedOutput {}

impl SharedOutput {
    /// # Safety
    /// `offset` is in bounds.
    pub unsafe fn at(self, offset: usize) -> *mut f32 {
        // SAFETY: the caller's promise.
        unsafe { self.0.add(offset) }
    }
}
