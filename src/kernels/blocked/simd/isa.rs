//! The instruction sets of this CPU that there are kernels for.

use crate::{Error, Result};

/// A kind of lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::kernels::blocked) enum IsaKind {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

/// An instruction set that this CPU has: values of this type can only be had by asking the CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Isa(pub(in crate::kernels::blocked) IsaKind);

impl Isa {
    /// Every instruction set that this CPU has, the fastest first.
    pub fn all() -> Vec<Isa> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") {
                all.push(Isa(IsaKind::Avx512));
            }
            if has!("avx2") && has!("fma") && has!("f16c") {
                all.push(Isa(IsaKind::Avx2));
            }
        }
        all.push(Isa(IsaKind::Portable));
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

    /// Its name, for people and flags.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            IsaKind::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            IsaKind::Avx2 => "avx2",
            IsaKind::Portable => "portable",
        }
    }

    /// Output blocks that one pass of the micro-kernel computes (see `micro`).
    pub(in crate::kernels::blocked) fn vectors(self) -> usize {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            IsaKind::Avx512 => 2,
            _ => 1,
        }
    }
}
