//! PyTorch's zip archives.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    // What starts otherwise goes to another reader.
    if !data.starts_with(b"PK") {
        return Corpus::Reject;
    }
    let _ = striate::weights::read_bytes(data, "x");
    Corpus::Keep
});
