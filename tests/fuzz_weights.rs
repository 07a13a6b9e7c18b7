//! Mutation fuzzing of the readers of weights and networks: real files, damaged at random, must be read or refused without a panic,
//! within a time, and with memory in proportion to their size.
//!
//!     cargo test --test fuzz_weights -- --ignored --nocapture          a few seconds for each reader
//!     FUZZ_SECONDS=600 FUZZ_READER=legacy cargo test ...               longer, one reader
//!
//! With `RUSTC_WORKSPACE_WRAPPER=fuzz/instrument` before `cargo`, the crate counts the branches it takes, and inputs
//! that take new ones are mutated further: what libFuzzer does, on a stable compiler. `fuzz/` has targets for
//! libFuzzer itself.
#![allow(clippy::unwrap_used, clippy::panic, unsafe_code, unexpected_cfgs)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    collections::HashSet,
    fs,
    io::{Seek, Write},
    panic::catch_unwind,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};
use striate::{formats, weights};

/// The readers and the files that each starts from.
const READERS: &[(&str, &[&str])] = &[
    ("safetensors", &["mixed.safetensors"]),
    (
        "pytorch",
        &[
            "no_checksums.pth",
            "state_dict.pth",
            "compiled.pth",
            "module.pth",
            "script.pt",
            "hostile.pth",
            "strided.pth",
        ],
    ),
    (
        "legacy",
        &[
            "legacy.pth",
            "legacy_checkpoint.pth",
            "legacy_strided.pth",
            "legacy_module.pth",
            "hostile_0.pkl",
            "hostile_4.pkl",
        ],
    ),
    ("npz", &["stored.npz", "deflated.npz", "bomb.npz"]),
    (
        "onnx",
        &[
            "../onnx/residual_old.onnx",
            "../onnx/attention_new.onnx",
            "../onnx/opset9.onnx",
            "../onnx/shuffle_old.onnx",
            "../onnx/types.onnx",
            "../onnx/quantised.onnx",
            "../onnx/tokens_old.onnx",
        ],
    ),
    ("keras", &["../keras/plain.keras", "../keras/branches.keras", "../keras/nested.keras"]),
    ("h5", &["../keras/plain.h5", "../keras/branches.h5", "../keras/nested.h5", "../keras/alone.weights.h5"]),
    ("pt2", &["../pt2/residual.pt2", "../pt2/permuted_core.pt2", "../pt2/early.pt2", "../pt2/branches.pt2"]),
    ("caffe", &["v0.caffemodel", "v1.caffemodel", "v2.caffemodel", "v2_unpacked.caffemodel", "v2_double.caffemodel"]),
];

/// Memory that a file of `size` bytes may take, in bytes: deflated data unpack to 16 MiB or ten times their size, and
/// float16 doubles; an object of a pickle takes some tens of bytes.
fn allowed_memory(size: usize) -> usize {
    (48 << 20) + size * 64
}
const ALLOWED_TIME: Duration = Duration::from_secs(1);

struct Counting;
static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn grow(size: usize) {
    let now = NOW.fetch_add(size, Ordering::Relaxed) + size;
    PEAK.fetch_max(now, Ordering::Relaxed);
}

// SAFETY: all of it is System's; only sizes are counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        grow(size);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Branches taken, as the instrumented crate counts them: a byte each.
#[cfg(striate_fuzz)]
mod branches {
    use std::sync::Mutex;

    static COUNTERS: Mutex<Vec<(usize, usize)>> = Mutex::new(Vec::new());

    #[unsafe(no_mangle)]
    extern "C" fn __sanitizer_cov_8bit_counters_init(start: *mut u8, stop: *mut u8) {
        COUNTERS.lock().unwrap().push((start as usize, stop as usize - start as usize));
    }
    #[unsafe(no_mangle)]
    extern "C" fn __sanitizer_cov_pcs_init(_: *const usize, _: *const usize) {}

    /// The branches taken since the last call, each with the size of its count; resets them.
    pub fn taken() -> Vec<(u32, u8)> {
        let mut taken = Vec::new();
        let mut base = 0;
        for &(start, count) in &*COUNTERS.lock().unwrap() {
            // SAFETY: the region the linker made for the counters, which only this thread's code changes.
            let counters = unsafe { std::slice::from_raw_parts_mut(start as *mut u8, count) };
            for (index, counter) in counters.iter_mut().enumerate().filter(|(_, counter)| **counter > 0) {
                taken.push((base + index as u32, 8 - counter.leading_zeros() as u8));
                *counter = 0;
            }
            base += count as u32;
        }
        taken
    }
}
#[cfg(not(striate_fuzz))]
mod branches {
    pub fn taken() -> Vec<(u32, u8)> {
        Vec::new()
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 11) as usize % end.max(1)
    }
}

/// Bytes that mean something to one of the formats.
const TOKENS: &[&[u8]] = &[
    b"]",
    b"}",
    b")",
    b"(",
    b"t",
    b"u",
    b"s",
    b"a",
    b"e",
    b"R",
    b"b",
    b"Q",
    b"\x81",
    b"\x85",
    b"\x86",
    b"\x87",
    b"\x94",
    b"\x93",
    b"2",
    b"0",
    b".",
    b"h\x00",
    b"q\x00",
    b"cos\nsystem\n",
    b"ctorch._utils\n_rebuild_tensor_v2\n",
    b"ccollections\nOrderedDict\n",
    b"X\x05\x00\x00\x00model",
    b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"J\xff\xff\xff\xff",
    b"[]",
    b"{\"a\":",
    b"4294967296",
    b"18446744073709551615",
    b"-1",
    b"<f4",
    b"<f8",
    b"True",
    b"(3, 4)",
    b"\"F16\"",
    b"\"BF16\"",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"PK\x06\x06",
];
const NUMBERS: &[u64] = &[
    0,
    1,
    2,
    7,
    8,
    9,
    127,
    128,
    255,
    256,
    32767,
    65535,
    65536,
    1 << 31,
    u32::MAX as u64,
    1 << 40,
    1 << 60,
    i64::MAX as u64,
    u64::MAX,
];

fn mutate(random: &mut Random, seed: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..1 << random.below(5) {
        let at = random.below(bytes.len());
        let magnitude = random.below(10);
        let length = 1 + random.below(1 << magnitude);
        let end = (at + length).min(bytes.len());
        match random.below(11) {
            _ if bytes.is_empty() => bytes.push(random.next() as u8),
            0..=2 => bytes[at] ^= 1 << random.below(8),
            3 => bytes[at] = random.next() as u8,
            4 => drop(bytes.drain(at..end)),
            5 => bytes.truncate(if random.below(4) == 0 { at } else { bytes.len() }),
            6 => {
                let piece = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            7 => {
                let from = random.below(other.len());
                let piece = other[from..(from + length).min(other.len())].to_vec();
                bytes.splice(at..(at + piece.len() * random.below(2)).min(bytes.len()), piece);
            }
            8 => {
                let token = TOKENS[random.below(TOKENS.len())];
                bytes.splice(at..(at + token.len() * random.below(2)).min(bytes.len()), token.iter().copied());
            }
            9 => {
                let number = NUMBERS[random.below(NUMBERS.len())].to_le_bytes();
                let size = (1 << random.below(4)).min(bytes.len() - at);
                bytes[at..at + size].copy_from_slice(&number[..size]);
            }
            _ => bytes[at] = bytes[at].wrapping_add(if random.below(2) == 0 { 1 } else { 255 }),
        }
    }
    bytes.truncate(1 << 17);
    bytes
}

fn fuzz(reader: &str, seeds: &[&str], duration: Duration) {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/weights");
    let mut corpus: Vec<Vec<u8>> = seeds.iter().map(|seed| fs::read(data.join(seed)).unwrap()).collect();
    let last = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{reader}.last"));
    let mut record = fs::File::create(&last).unwrap();
    let start = Instant::now();
    let seed = std::env::var("FUZZ_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut random =
        Random(seed.unwrap_or_else(|| start.elapsed().as_nanos() as u64 ^ u64::from(std::process::id()) << 32 | 1));
    let mut seen = HashSet::new();
    let (mut runs, mut accepted, mut findings, mut worst) = (0usize, 0usize, 0usize, 0usize);
    let mut messages = HashSet::new();
    while start.elapsed() < duration {
        // The seeds themselves first.
        let input = match corpus.get(runs) {
            Some(seed) if runs < seeds.len() => seed.clone(),
            _ => {
                // The newest inputs half of the time: they are the farthest from what is known.
                let recent = random.below(2) * corpus.len().saturating_sub(8);
                let seed = recent + random.below(corpus.len() - recent);
                let other = random.below(corpus.len());
                mutate(&mut random, &corpus[seed], &corpus[other])
            }
        };
        // For what cannot be caught: a stack that overflows, memory that runs out. Its length, then the input.
        record.rewind().unwrap();
        record.write_all(&[&(input.len() as u64).to_le_bytes(), input.as_slice()].concat()).unwrap();
        runs += 1;
        branches::taken();
        let before = NOW.load(Ordering::Relaxed);
        PEAK.store(before, Ordering::Relaxed);
        let read = || {
            let began = Instant::now();
            let result = catch_unwind(|| {
                let read = match reader {
                    "onnx" | "keras" | "h5" | "pt2" => formats::read_bytes(&input, &format!("x.{reader}")).map(drop),
                    _ => weights::read_bytes(&input, "x").map(drop),
                };
                read.err().map(|error| error.to_string())
            });
            (result, began.elapsed())
        };
        let (result, mut took) = read();
        // On a busy machine anything may take long once.
        for _ in 0..5 {
            if took > ALLOWED_TIME {
                took = read().1;
            }
        }
        let peak = PEAK.load(Ordering::Relaxed) - before;
        worst = worst.max(peak);
        let taken = branches::taken();
        let problem = match &result {
            Err(_) => Some("panicked".to_owned()),
            Ok(Some(said)) if said.lines().count() != 1 || said.len() > 1000 => Some(format!("said {said:?}")),
            _ if took > ALLOWED_TIME => Some(format!("took {took:?}")),
            _ if peak > allowed_memory(input.len()) => Some(format!("took {peak} bytes for {}", input.len())),
            _ => None,
        };
        if let Some(problem) = problem {
            findings += 1;
            let path = last.with_extension(format!("{findings}"));
            fs::write(&path, &input).unwrap();
            println!("{reader}: {problem}: {}", path.display());
        }
        match result {
            Ok(None) => accepted += 1,
            Ok(Some(said)) => {
                let kind: String = said.chars().filter(|c| !c.is_ascii_digit()).take(40).collect();
                messages.insert(kind);
            }
            Err(_) => {}
        }
        // A plain `|`: all that is new is to be remembered.
        if taken.into_iter().fold(false, |new, branch| seen.insert(branch) | new) && runs > seeds.len() {
            corpus.push(input);
        }
    }
    let (kinds, corpus, megabytes) = (messages.len(), corpus.len(), worst >> 20);
    println!(
        "{reader}: {runs} inputs in {:?}, {accepted} read, {kinds} kinds of refusal, {corpus} in the corpus, {} branches, at most {megabytes} MiB, {findings} findings",
        start.elapsed(),
        seen.len()
    );
    assert_eq!(findings, 0);
    fs::remove_file(last).unwrap();
}

#[test]
#[ignore = "runs as long as it is told to"]
fn readers_survive_damaged_files() {
    let variable = |name| std::env::var(name).ok();
    let duration = Duration::from_secs(variable("FUZZ_SECONDS").map_or(5, |seconds| seconds.parse().unwrap()));
    let only = variable("FUZZ_READER");
    for (reader, seeds) in READERS.iter().filter(|(reader, _)| only.as_deref().is_none_or(|only| only == *reader)) {
        fuzz(reader, seeds, duration);
    }
}
