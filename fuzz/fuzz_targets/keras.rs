//! Keras models: HDF5 files, and archives with one inside.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    let name = match data {
        [0x89, b'H', b'D', b'F', ..] => "x.h5",
        [b'P', b'K', ..] => "x.keras",
        // Bytes with another start belong to another reader: they would waste the run.
        _ => return Corpus::Reject,
    };
    let _ = striate::formats::read_bytes(data, name);
    Corpus::Keep
});
