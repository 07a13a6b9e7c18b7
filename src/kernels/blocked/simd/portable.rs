//! Lanes as an array, which the compiler vectorises (SSE2, NEON, Miri).
#![allow(unsafe_code)] // Loads and stores through pointers.

use super::lanes::{LANES, Lanes};
use half::f16;

/// The portable lanes.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(in crate::kernels::blocked) struct Portable(pub(super) [f32; LANES]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Portable(std::array::from_fn(|lane| f(self.0[lane], other.0[lane])))
    }
}

impl Lanes for Portable {
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Portable([value; LANES])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise; an array of f32 has the alignment of f32.
        Portable(unsafe { from.cast::<[f32; LANES]>().read() })
    }
    #[inline(always)]
    unsafe fn load_half(from: *const f16) -> Self {
        // SAFETY: the caller's promise.
        Portable(unsafe { from.cast::<[f16; LANES]>().read_unaligned() }.map(f16::to_f32))
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[f32; LANES]>().write(self.0) }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        // Without the instruction, a fused multiply-add is a call into the C library, tens of times slower.
        let fused = cfg!(target_arch = "aarch64");
        Portable(std::array::from_fn(|lane| {
            let (a, b, c) = (self.0[lane], factor.0[lane], term.0[lane]);
            if fused { a.mul_add(b, c) } else { a * b + c }
        }))
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }
    #[inline(always)]
    fn at_least(self, low: Self) -> Self {
        self.zip(low, |v, low| if v < low { low } else { v })
    }
    #[inline(always)]
    fn at_most(self, high: Self) -> Self {
        self.zip(high, |v, high| if v > high { high } else { v })
    }
    #[inline(always)]
    fn rounded(self) -> Self {
        Portable(self.0.map(f32::round_ties_even))
    }
    #[inline(always)]
    fn power_of_two(self) -> Self {
        Portable(self.0.map(|v| f32::from_bits(((v as i32 + 127) as u32) << 23)))
    }
    #[inline(always)]
    fn rectified(self) -> Self {
        Portable(self.0.map(|v| if v < 0.0 { 0.0 } else { v }))
    }
    #[inline(always)]
    fn where_positive(self, gate: Self) -> Self {
        self.zip(gate, |v, gate| if gate > 0.0 { v } else { 0.0 })
    }
    #[inline(always)]
    fn where_equal(self, a: Self, b: Self) -> Self {
        Portable(std::array::from_fn(|lane| if a.0[lane] == b.0[lane] { self.0[lane] } else { 0.0 }))
    }
    #[inline(always)]
    fn challenged(self, mark: Self, challenger: Self, challengers_mark: Self) -> (Self, Self) {
        let wins = |lane: usize| challenger.0[lane] > self.0[lane] || challenger.0[lane].is_nan();
        let pick = |won: [f32; LANES], lost: [f32; LANES]| {
            Portable(std::array::from_fn(|lane| if wins(lane) { won[lane] } else { lost[lane] }))
        };
        (pick(challenger.0, self.0), pick(challengers_mark.0, mark.0))
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        let mut lanes = self.0;
        for half in [8, 4, 2, 1] {
            for lane in 0..half {
                lanes[lane] += lanes[lane + half];
            }
        }
        lanes[0]
    }
}
