//! Freed memory goes back to the system.
#![allow(unsafe_code)] // Calls a function of the C library.

/// Returns freed memory to the system. glibc keeps free memory in the middle of its arenas; after some changes of network
/// that was a tenth of the window's memory. Takes a few milliseconds.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn trim() {
    // SAFETY: `malloc_trim` takes a plain number and may be called from any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Other allocators return memory by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn trim() {}
