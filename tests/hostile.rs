//! Files that mean harm, and files that are none: every reader answers in one sentence, soon, with bounded memory.
//!
//!     python3 tests/make_hostile.py /tmp/hostile 10000
//!     STRIATE_HOSTILE=/tmp/hostile cargo test --release --test hostile -- --ignored --nocapture
#![allow(clippy::unwrap_used, clippy::panic, unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};
use striate::{engine, formats, paint, picture::Picture, watch::Watch, weights};

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
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Memory that a file of `size` bytes may take.
fn allowed(size: u64) -> usize {
    4 * size as usize + (300 << 20)
}

/// The time and the memory that a file takes, and whether it is read.
fn taken(read: impl FnOnce() -> Result<(), striate::Error>) -> (Duration, usize, bool) {
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let start = Instant::now();
    let answer = read();
    if let Err(error) = &answer {
        let said = error.to_string();
        assert!(!said.trim().is_empty() && said.len() < 2000 && !said.contains('\n'), "{said}");
    }
    (start.elapsed(), PEAK.load(Ordering::Relaxed).saturating_sub(before), answer.is_ok())
}

fn open_weights(path: &Path) -> Result<(), striate::Error> {
    weights::read_file(path, &Watch::default()).map(drop)
}

type Open = dyn Fn(&Path) -> Result<(), striate::Error>;

/// A pickle of modules that contain each other over many paths: each path is a name for the same tensor.
fn dag(levels: usize) -> Vec<u8> {
    let text = |bytes: &[u8]| [b"X", &(bytes.len() as u32).to_le_bytes()[..], bytes].concat();
    let mut pickle = b"\x80\x02".to_vec();
    let mut put = |part: &[u8]| pickle.extend_from_slice(part);
    put(&text(&[b'w'; 990]));
    put(b"q\x010");
    put(b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x01tQ");
    put(b"K\0K\x01\x85K\x01\x85tRq\x020cm\nX\nq\x030");
    for level in 0..levels {
        let mut module =
            [&b"h\x03)R}("[..], &text(b"_parameters"), b"}h\x01h\x02s", &text(b"_modules"), b"}("].concat();
        if level > 0 {
            let names: &[&[u8]] = if level + 1 < levels { &[b"a", b"b", b"c", b"d"] } else { &[&[b'p'; 960]] };
            for name in names {
                module.extend([&text(name)[..], b"h", &[9 + level as u8]].concat());
            }
        }
        put(&[&module[..], b"uubq", &[10 + level as u8], b"0"].concat());
    }
    // Padding, which buys visits.
    put(&[b"(h", &[9 + levels as u8][..], b"]("].concat());
    put(&vec![b'N'; 400_000]);
    put(b"et.");
    // PyTorch's format of old: a magic number, a version, the machine, the object, the storages.
    let magic = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
    [&magic[..], b"\x80\x02M\xe9\x03.", b"\x80\x02}.", &pickle, b"\x80\x02]."].concat()
}

#[test]
fn modules_that_contain_each_other_take_bounded_memory_and_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dag.pth");
    let bytes = dag(23);
    fs::write(&path, &bytes).unwrap();
    let (time, memory, read) = taken(|| open_weights(&path));
    println!("{} bytes: {time:?}, {memory} bytes of memory", bytes.len());
    assert!(!read);
    assert!(memory < allowed(bytes.len() as u64), "{memory} bytes of memory");
    assert!(time < Duration::from_secs(5), "{time:?}");
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_refused_without_being_opened() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe.as_path(), Path::new("/dev/zero")] {
        let answers = [
            open_weights(path).unwrap_err(),
            Picture::open(path).unwrap_err(),
            paint::read_npy(path).unwrap_err(),
            engine::read_labels(path).unwrap_err(),
        ];
        for said in answers.map(|error| error.to_string()) {
            assert!(said.contains("not a regular file") || said.contains("it is no file"), "{said}");
        }
    }
}

#[test]
fn a_frame_that_is_larger_than_its_picture_takes_bounded_memory() {
    // 8 by 8 pixels, with a frame of 20,000 by 15,000.
    let head = b"GIF89a\x08\0\x08\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0";
    let sides = [20_000u16, 15_000].map(u16::to_le_bytes).concat();
    let bytes = [&head[..], &sides, b"\0\x02\x02\x4c\x01\0;"].concat();
    let (time, memory, _) = taken(|| Picture::decode(&bytes, "frame.gif").map(drop));
    assert!(memory < allowed(bytes.len() as u64) && time < Duration::from_secs(2), "{memory} bytes, {time:?}");
}

#[test]
fn a_list_of_labels_of_sixty_megabytes_is_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.txt");
    fs::File::create(&path).unwrap().write_all(&b"a label\n".repeat(7 << 20)).unwrap();
    let (time, memory, read) = taken(|| engine::read_labels(&path).map(drop));
    assert!(!read && memory < 1 << 20 && time < Duration::from_secs(1), "{memory} bytes, {time:?}");
}

/// The files under a folder that tests/make_hostile.py wrote.
fn files(kind: &str) -> Vec<PathBuf> {
    let Some(folder) = std::env::var_os("STRIATE_HOSTILE") else { return Vec::new() };
    let entries = fs::read_dir(PathBuf::from(folder).join(kind)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
#[ignore = "needs the files of tests/make_hostile.py"]
fn ten_thousand_pictures_and_as_many_weights_and_networks() {
    let read_picture = |path: &Path| Picture::open(path).map(drop);
    let read_network = |path: &Path| formats::read(path, &Watch::default()).map(drop);
    std::panic::set_hook(Box::new(|_| {}));
    let mut failures = Vec::new();
    let kinds: [(&str, &Open); 3] =
        [("pictures", &read_picture), ("weights", &open_weights), ("networks", &read_network)];
    for (kind, open) in kinds {
        let (mut slowest, mut largest) = ((Duration::ZERO, PathBuf::new()), (0, PathBuf::new()));
        let (mut read, mut count, start) = (0, 0, Instant::now());
        for path in files(kind) {
            let size = fs::metadata(&path).unwrap().len();
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| taken(|| open(&path))));
            let Ok((time, memory, good)) = outcome else {
                failures.push(format!("{} panics", path.display()));
                continue;
            };
            (read, count) = (read + usize::from(good), count + 1);
            if memory > allowed(size) || time > Duration::from_secs(10) {
                failures.push(format!("{}: {time:?}, {memory} bytes of memory for {size}", path.display()));
            }
            if time > slowest.0 {
                slowest = (time, path.clone());
            }
            if memory > largest.0 {
                largest = (memory, path);
            }
        }
        println!("{kind}: {count} files, {read} of them read, in {:?}", start.elapsed());
        println!("  slowest {:?} ({})", slowest.0, slowest.1.display());
        println!("  most memory {} kB ({})", largest.0 / 1000, largest.1.display());
    }
    println!("{}", failures.join("\n"));
    assert!(failures.is_empty());
}
