//! Lanes as one AVX-512 register, or as two AVX2 registers.
#![allow(unsafe_code)] // Intrinsics, and loads and stores through pointers.

use super::{
    lanes::{LANES, Lanes},
    portable::Portable,
};
use half::f16;
use std::arch::x86_64::*;

/// One 512-bit register.
#[derive(Clone, Copy)]
pub struct Avx512(__m512);

// SAFETY of every block below: lanes of this type exist only where AVX-512 was detected (splat's and load's
// contract), and pointers are covered by the caller's promise.
impl Lanes for Avx512 {
    #[inline(always)]
    fn prefetch(from: *const f32) {
        // SAFETY: a hint, which no address makes fail.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Avx512(unsafe { _mm512_set1_ps(value) })
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Avx512(unsafe { _mm512_loadu_ps(from) })
    }
    #[inline(always)]
    unsafe fn load_half(from: *const f16) -> Self {
        Avx512(unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(from.cast())) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm512_storeu_ps(to, self.0) }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Avx512(unsafe { _mm512_add_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Avx512(unsafe { _mm512_sub_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Avx512(unsafe { _mm512_mul_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        Avx512(unsafe { _mm512_fmadd_ps(self.0, factor.0, term.0) })
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Avx512(unsafe { _mm512_div_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn at_least(self, low: Self) -> Self {
        // The instruction returns its second operand when either is NaN.
        Avx512(unsafe { _mm512_max_ps(low.0, self.0) })
    }
    #[inline(always)]
    fn at_most(self, high: Self) -> Self {
        Avx512(unsafe { _mm512_min_ps(high.0, self.0) })
    }
    #[inline(always)]
    fn rounded(self) -> Self {
        Avx512(unsafe { _mm512_roundscale_ps::<_MM_FROUND_TO_NEAREST_INT>(self.0) })
    }
    #[inline(always)]
    fn power_of_two(self) -> Self {
        Avx512(unsafe { _mm512_scalef_ps(_mm512_set1_ps(1.0), self.0) })
    }
    #[inline(always)]
    fn rectified(self) -> Self {
        // The instruction returns its second operand when either is NaN.
        Avx512(unsafe { _mm512_max_ps(_mm512_setzero_ps(), self.0) })
    }
    #[inline(always)]
    fn where_positive(self, gate: Self) -> Self {
        Avx512(unsafe { _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(gate.0, _mm512_setzero_ps()), self.0) })
    }
    #[inline(always)]
    fn where_equal(self, a: Self, b: Self) -> Self {
        Avx512(unsafe { _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a.0, b.0), self.0) })
    }
    #[inline(always)]
    fn challenged(self, mark: Self, challenger: Self, challengers_mark: Self) -> (Self, Self) {
        unsafe {
            let larger = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(challenger.0, self.0);
            let wins = larger | _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(challenger.0, challenger.0);
            let value = _mm512_mask_mov_ps(self.0, wins, challenger.0);
            (Avx512(value), Avx512(_mm512_mask_mov_ps(mark.0, wins, challengers_mark.0)))
        }
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        unsafe { _mm512_reduce_add_ps(self.0) }
    }
}

/// Two 256-bit registers.
#[derive(Clone, Copy)]
pub struct Avx2(__m256, __m256);

impl Avx2 {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(__m256, __m256) -> __m256) -> Self {
        Avx2(f(self.0, other.0), f(self.1, other.1))
    }
}

// SAFETY of every block below: as for Avx512, with AVX2 and FMA.
impl Lanes for Avx2 {
    #[inline(always)]
    fn prefetch(from: *const f32) {
        // SAFETY: a hint, which no address makes fail.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        let half = unsafe { _mm256_set1_ps(value) };
        Avx2(half, half)
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { Avx2(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))) }
    }
    #[inline(always)]
    unsafe fn load_half(from: *const f16) -> Self {
        let half = |from: *const f16| unsafe { _mm256_cvtph_ps(_mm_loadu_si128(from.cast())) };
        Avx2(half(from), half(unsafe { from.add(8) }))
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe {
            _mm256_storeu_ps(to, self.0);
            _mm256_storeu_ps(to.add(8), self.1);
        }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| unsafe { _mm256_add_ps(a, b) })
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| unsafe { _mm256_sub_ps(a, b) })
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| unsafe { _mm256_mul_ps(a, b) })
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe { Avx2(_mm256_fmadd_ps(self.0, factor.0, term.0), _mm256_fmadd_ps(self.1, factor.1, term.1)) }
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| unsafe { _mm256_div_ps(a, b) })
    }
    #[inline(always)]
    fn at_least(self, low: Self) -> Self {
        self.zip(low, |v, low| unsafe { _mm256_max_ps(low, v) })
    }
    #[inline(always)]
    fn at_most(self, high: Self) -> Self {
        self.zip(high, |v, high| unsafe { _mm256_min_ps(high, v) })
    }
    #[inline(always)]
    fn rounded(self) -> Self {
        self.zip(self, |v, _| unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(v) })
    }
    #[inline(always)]
    fn power_of_two(self) -> Self {
        self.zip(self, |v, _| unsafe {
            let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(v), _mm256_set1_epi32(127));
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent))
        })
    }
    #[inline(always)]
    fn rectified(self) -> Self {
        self.zip(self, |v, _| unsafe { _mm256_max_ps(_mm256_setzero_ps(), v) })
    }
    #[inline(always)]
    fn where_positive(self, gate: Self) -> Self {
        self.zip(gate, |v, gate| unsafe { _mm256_and_ps(v, _mm256_cmp_ps::<_CMP_GT_OQ>(gate, _mm256_setzero_ps())) })
    }
    #[inline(always)]
    fn where_equal(self, a: Self, b: Self) -> Self {
        let same = a.zip(b, |a, b| unsafe { _mm256_cmp_ps::<_CMP_EQ_OQ>(a, b) });
        self.zip(same, |v, same| unsafe { _mm256_and_ps(v, same) })
    }
    #[inline(always)]
    fn challenged(self, mark: Self, challenger: Self, challengers_mark: Self) -> (Self, Self) {
        let wins = challenger.zip(self, |new, old| unsafe {
            _mm256_or_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(new, old), _mm256_cmp_ps::<_CMP_UNORD_Q>(new, new))
        });
        let pick = |won: Self, lost: Self| unsafe {
            Avx2(_mm256_blendv_ps(lost.0, won.0, wins.0), _mm256_blendv_ps(lost.1, won.1, wins.1))
        };
        (pick(challenger, self), pick(challengers_mark, mark))
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        let mut lanes = [0f32; LANES];
        unsafe { self.store(lanes.as_mut_ptr()) };
        Portable(lanes).sum()
    }
}
