//! Keras models: HDF5 files, and archives with one inside.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    let name = match data {
        [0x89, b'H', b'D', b'F', ..] => "x.h5",
        [b'P', b'K', ..] => "x.keras",
        // What starts otherwise goes to another reader.
        _ => return Corpus::Reject,
    };
    let _ = striate::formats::read_bytes(data, name);
    Corpus::Keep
});
