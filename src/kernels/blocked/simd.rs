//! Sixteen float32 lanes, the width of a channel block, on whatever the CPU offers: one AVX-512 register, two AVX2
//! registers, or an array that the compiler vectorises (SSE2, NEON, Miri).
//!
//! Kernels are generic over [`Lanes`] and always inlined into a function that was compiled for the instruction set,
//! which [`for_isa`] writes. Only making lanes (`splat`, `load`) is unsafe: lanes in hand prove that the CPU has them.
#![allow(unsafe_code)] // Intrinsics, and loads and stores through pointers.

use crate::{Error, Result};
use half::f16;

/// Channels in a block, and lanes in a vector.
pub const LANES: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

/// An instruction set that this CPU has: values of this type can only be had by asking the CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Isa(pub(super) Kind);

impl Isa {
    /// Every instruction set that this CPU has, the fastest first.
    pub fn all() -> Vec<Isa> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") {
                all.push(Isa(Kind::Avx512));
            }
            if has!("avx2") && has!("fma") && has!("f16c") {
                all.push(Isa(Kind::Avx2));
            }
        }
        all.push(Isa(Kind::Portable));
        all
    }

    /// The one called `avx512`, `avx2` or `portable`.
    ///
    /// # Errors
    /// [`Error::Usage`] when there is none of that name or the CPU lacks it.
    pub fn named(name: &str) -> Result<Isa> {
        let all = Isa::all();
        all.iter().copied().find(|isa| isa.name() == name).ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|isa| isa.name()).collect();
            Error::Usage(format!("this CPU has no instruction set '{name}'; it has {}", names.join(", ")))
        })
    }

    /// The fastest that this CPU has.
    pub fn best() -> Isa {
        Isa::all()[0]
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            Kind::Portable => "portable",
        }
    }

    /// Output blocks that one pass of the micro-kernel computes (see `micro`).
    pub(super) fn vectors(self) -> usize {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => 2,
            _ => 1,
        }
    }
}

/// Sixteen float32 values.
pub(super) trait Lanes: Copy {
    /// All lanes the same.
    ///
    /// # Safety
    /// The CPU has the instruction set.
    unsafe fn splat(value: f32) -> Self;
    /// Sixteen values from memory, at any alignment.
    ///
    /// # Safety
    /// The CPU has the instruction set, and sixteen values may be read at `from`.
    unsafe fn load(from: *const f32) -> Self;
    /// Sixteen float16 values from memory, at any alignment.
    ///
    /// # Safety
    /// As for `load`.
    unsafe fn load_half(from: *const f16) -> Self;
    /// Asks for the cache line at `from`, which need not be memory at all.
    #[inline(always)]
    fn prefetch(_from: *const f32) {}
    /// To memory, at any alignment.
    ///
    /// # Safety
    /// Sixteen values may be written at `to`.
    unsafe fn store(self, to: *mut f32);
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// self * factor + term; in one rounding where the instruction set can.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    /// max(self, 0); NaN stays NaN.
    fn rectified(self) -> Self;
    /// self where `gate` > 0, else 0.
    fn where_positive(self, gate: Self) -> Self;
    /// self where `a` == `b`, else 0.
    fn where_equal(self, a: Self, b: Self) -> Self;
    /// Where `challenger` > self or is NaN: (challenger, its mark); elsewhere (self, mark).
    fn challenged(self, mark: Self, challenger: Self, challengers_mark: Self) -> (Self, Self);
    /// The sum of the lanes, pairwise.
    fn sum(self) -> f32;
}

/// The portable lanes.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Portable([f32; LANES]);

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

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{LANES, Lanes, Portable};
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
        fn rectified(self) -> Self {
            // The instruction returns its second operand when either is NaN.
            Avx512(unsafe { _mm512_max_ps(_mm512_setzero_ps(), self.0) })
        }
        #[inline(always)]
        fn where_positive(self, gate: Self) -> Self {
            Avx512(unsafe {
                _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(gate.0, _mm512_setzero_ps()), self.0)
            })
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
        fn rectified(self) -> Self {
            self.zip(self, |v, _| unsafe { _mm256_max_ps(_mm256_setzero_ps(), v) })
        }
        #[inline(always)]
        fn where_positive(self, gate: Self) -> Self {
            self.zip(gate, |v, gate| unsafe {
                _mm256_and_ps(v, _mm256_cmp_ps::<_CMP_GT_OQ>(gate, _mm256_setzero_ps()))
            })
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
}

/// Calls the generic `$body::<V>($values)`, or `$body::<V, W>` with a `<W: Bound>` of the caller's, compiled for the instruction set `$isa`. Expands to an expression that
/// must stand in an `unsafe` block, whose reason covers `$body`'s own contract; that the CPU has the instruction set is
/// what an [`Isa`] proves.
macro_rules! for_isa {
    ($isa:expr, $body:ident$(<$generic:ident: $bound:path>)?($($name:ident: $type:ty = $value:expr),* $(,)?) $(-> $result:ty)?) => {{
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
        unsafe fn avx512$(<$generic: $bound>)?($($name: $type),*) $(-> $result)? {
            // SAFETY: the caller's promise.
            unsafe { $body::<$crate::kernels::blocked::simd::Avx512 $(, $generic)?>($($name),*) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma,f16c")]
        unsafe fn avx2$(<$generic: $bound>)?($($name: $type),*) $(-> $result)? {
            // SAFETY: the caller's promise.
            unsafe { $body::<$crate::kernels::blocked::simd::Avx2 $(, $generic)?>($($name),*) }
        }
        match $isa.0 {
            #[cfg(target_arch = "x86_64")]
            $crate::kernels::blocked::simd::Kind::Avx512 => avx512$(::<$generic>)?($($value),*),
            #[cfg(target_arch = "x86_64")]
            $crate::kernels::blocked::simd::Kind::Avx2 => avx2$(::<$generic>)?($($value),*),
            $crate::kernels::blocked::simd::Kind::Portable => {
                $body::<$crate::kernels::blocked::simd::Portable $(, $generic)?>($($value),*)
            }
        }
    }};
}
pub(super) use for_isa;
