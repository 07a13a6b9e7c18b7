//! ONNX models.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    // What starts otherwise goes to another reader.
    if !matches!(data, [0x08, 1..=32, ..]) {
        return Corpus::Reject;
    }
    let _ = striate::formats::read_bytes(data, "x.onnx");
    Corpus::Keep
});
