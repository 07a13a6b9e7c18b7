//! Memory that a network took and the allocator kept.
#![allow(unsafe_code)] // A call of the C library's.

/// Gives the system back what is free. glibc keeps what it once had in the middle of its arenas: after some changes of
/// network that was a tenth of all that the window has. Takes some milliseconds.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn give_back() {
    // SAFETY: it has no arguments that matter, and the allocator is made for many threads.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Other allocators see to it themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn give_back() {}
