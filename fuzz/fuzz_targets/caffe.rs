//! Caffe models.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    // Bytes with another start belong to another reader: they would waste the run.
    if !matches!(data.first(), Some(0x0a | 0x12 | 0x1a | 0x22 | 0xa2)) {
        return Corpus::Reject;
    }
    let _ = striate::weights::read_bytes(data, "x");
    Corpus::Keep
});
