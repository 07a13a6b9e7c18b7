//! The instance of a kernel for an instruction set, chosen at run time.

/// Calls `$body::<V>($values)`, or `$body::<V, W>` with a `<W: Bound>` of the caller's, compiled for the instruction set
/// `$isa`. The expression must stand in an `unsafe` block, whose reason covers `$body`'s own contract; an `Isa` proves that
/// the CPU has the instruction set.
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
            $crate::kernels::blocked::simd::IsaKind::Avx512 => avx512$(::<$generic>)?($($value),*),
            #[cfg(target_arch = "x86_64")]
            $crate::kernels::blocked::simd::IsaKind::Avx2 => avx2$(::<$generic>)?($($value),*),
            $crate::kernels::blocked::simd::IsaKind::Portable => {
                $body::<$crate::kernels::blocked::simd::Portable $(, $generic)?>($($value),*)
            }
        }
    }};
}
pub(in crate::kernels::blocked) use for_isa;
