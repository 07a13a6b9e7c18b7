//! Files inside the program.

/// The bytes of a file, as `&'static [u8]`; the path is relative to the source file. They lie in a `static`, which the program
/// holds once: the compiler copies a `const` into every part of the crate that uses it, and `include_bytes!` with it.
macro_rules! embedded {
    ($path:literal) => {{
        static BYTES: [u8; include_bytes!($path).len()] = *include_bytes!($path);
        &BYTES
    }};
}

pub(crate) use embedded;
