//! Archives of torch.export.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    // Files that do not look like an archive go to ONNX's reader.
    if !data.starts_with(b"PK") {
        return Corpus::Reject;
    }
    let _ = striate::formats::read_bytes(data, "x");
    Corpus::Keep
});
