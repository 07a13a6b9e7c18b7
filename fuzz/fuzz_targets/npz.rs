//! numpy's zip archives.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    // A zip archive with a pickle goes to PyTorch's reader, bytes with another start to another reader.
    let pickled = data.windows(8).any(|name| name == b"data.pkl");
    if !data.starts_with(b"PK") || pickled {
        return Corpus::Reject;
    }
    let _ = striate::weights::read_bytes(data, "x");
    Corpus::Keep
});
