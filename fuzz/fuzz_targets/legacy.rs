//! PyTorch's files before 1.6, and pickles of any kind.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    // Bytes with another start belong to another reader: they would waste the run.
    if !matches!(data.first(), Some(0x80 | b'c' | b'(')) {
        return Corpus::Reject;
    }
    let _ = striate::weights::read_bytes(data, "x");
    Corpus::Keep
});
