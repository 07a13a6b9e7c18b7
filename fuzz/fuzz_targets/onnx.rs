//! ONNX models.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    // Bytes with another start belong to another reader: they would waste the run.
    if !matches!(data, [0x08, 1..=32, ..]) {
        return Corpus::Reject;
    }
    let _ = striate::formats::read_bytes(data, "x.onnx");
    Corpus::Keep
});
