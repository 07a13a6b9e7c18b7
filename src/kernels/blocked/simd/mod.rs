//! Sixteen float32 lanes, the width of a channel block, on whatever the CPU offers: one AVX-512 register, two AVX2
//! registers, or an array that the compiler vectorises (SSE2, NEON, Miri).
//!
//! Kernels are generic over [`Lanes`] and always inlined into a function that was compiled for the instruction set,
//! which [`for_isa`] writes. Only making lanes (`splat`, `load`) is unsafe: lanes in hand prove that the CPU has them.

mod dispatch;
mod isa;
mod lanes;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(super) use dispatch::for_isa;
pub use isa::Isa;
pub(super) use isa::IsaKind;
pub use lanes::LANES;
pub(super) use lanes::Lanes;
pub(super) use portable::Portable;
#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx512};
