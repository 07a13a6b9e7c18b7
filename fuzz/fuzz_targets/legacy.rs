//! PyTorch's files before 1.6, and pickles of any kind.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    // What starts otherwise goes to another reader.
    if !matches!(data.first(), Some(0x80 | b'c' | b'(')) {
        return Corpus::Reject;
    }
    let _ = striate::weights::read_bytes(data, "x");
    Corpus::Keep
});
