//! Weights files of every format, as PyTorch, numpy and Caffe write them (`tests/make_weights.py`), whole and damaged.
#![allow(clippy::unwrap_used, clippy::panic)]

use candle_core::Device;
use std::{fs, io::Write, path::PathBuf};
use striate::{
    kernels::to_vec,
    net::{Builder, Conv, Graph, Network, Op},
    watch::Watch,
    weights::{self, File, Format},
};

const SHAPES: [(&str, &[usize]); 8] = [
    ("conv1.weight", &[4, 3, 3, 3]),
    ("conv1.bias", &[4]),
    ("norm1.weight", &[4]),
    ("norm1.bias", &[4]),
    ("norm1.running_mean", &[4]),
    ("norm1.running_var", &[4]),
    ("fc.weight", &[5, 4]),
    ("fc.bias", &[5]),
];

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/weights").join(name)
}

fn read(name: &str) -> File {
    weights::read_file(&path(name), &Watch::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(bytes: &[u8]) -> String {
    match weights::read_bytes(bytes, "x") {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// Checks that a file holds `names` of the tensors, all values within `tolerance`, and nothing else.
fn check(file: &str, prefix: &str, names: &[(&str, &[usize])], tolerance: f32) -> File {
    let read = read(file);
    assert_eq!(read.tensors.len(), names.len(), "{file}: {:?}", read.tensors.keys());
    for (name, shape) in names {
        let tensor = &read.tensors[&format!("{prefix}{name}")];
        assert_eq!(tensor.dims().iter().filter(|&&n| n > 1).collect::<Vec<_>>(), shape.iter().collect::<Vec<_>>());
        let expected = weights::uniform(name, shape.iter().product(), 0);
        for (a, b) in to_vec(&tensor.contiguous().unwrap()).unwrap().iter().zip(expected) {
            assert!((a - b).abs() <= tolerance * b.abs(), "{file}: {name}: {a} for {b}");
        }
    }
    read
}

#[test]
fn names_of_classes_are_found_beside_the_weights() {
    let metadata = read("classes.pth").metadata;
    assert_eq!(metadata["class_to_idx"], r#"{"ant":0,"bee":1}"#);
    assert_eq!([&metadata["CLASSES"], &metadata["classes"]], [r#"["ant","bee"]"#; 2]);
}

#[test]
fn pytorch_files_of_every_kind() {
    for file in [
        "state_dict.pth",
        "legacy.pth",
        "module.pth",
        "legacy_module.pth",
        "parameters.pth",
        "strided.pth",
        "legacy_strided.pth",
        "script.pt",
        "no_checksums.pth",
        "f64.pth",
    ] {
        assert_eq!(check(file, "", &SHAPES, 0.0).format, Format::PyTorch);
    }
    for file in ["checkpoint.pth", "legacy_checkpoint.pth"] {
        let read = check(file, "module.", &SHAPES, 0.0);
        assert_eq!((read.metadata["epoch"].as_str(), read.metadata["best_acc1"].as_str()), ("90", "71.5"));
    }
    check("compiled.pth", "_orig_mod.", &SHAPES, 0.0);
    check("f16.pth", "", &SHAPES, 1e-3);
    check("legacy_f16.pth", "", &SHAPES, 1e-3);
    check("bf16.pth", "", &SHAPES, 4e-3);
}

#[test]
fn safetensors_and_npz_files() {
    assert_eq!(check("mixed.safetensors", "", &SHAPES, 4e-3).metadata["epoch"], "90");
    assert_eq!(check("stored.npz", "", &SHAPES, 0.0).format, Format::Npz);
    check("deflated.npz", "", &SHAPES, 0.0);
}

#[test]
fn caffe_models_of_every_generation() {
    let with_blobs: Vec<_> = SHAPES.into_iter().filter(|(name, _)| !name.starts_with("norm1")).collect();
    for file in ["v0", "v1", "v1_unpacked", "v2", "v2_unpacked", "v2_double"] {
        let read = check(&format!("{file}.caffemodel"), "", &with_blobs, 0.0);
        assert_eq!(read.format, Format::Caffe);
        let stated = ("norm1".to_owned(), Op::Lrn { size: 5, alpha: 1e-4, beta: 0.75, k: 1.0 });
        assert_eq!(read.constants, if file == "v0" { vec![] } else { vec![stated] });
    }
}

#[test]
fn pickles_that_mean_harm_are_refused_and_nothing_runs() {
    for file in ["hostile_0.pkl", "hostile_2.pkl", "hostile_4.pkl", "hostile.pth"] {
        let said = refusal(&fs::read(path(file)).unwrap());
        assert_eq!(said, "x calls os.system: not a weights file; nothing was run", "{file}");
    }
    assert!(!PathBuf::from("HARM").exists());
}

#[test]
fn a_zip_bomb_is_refused() {
    let said = refusal(&fs::read(path("bomb.npz")).unwrap());
    assert!(said.contains("bomb.npy would unpack to"), "{said}");
}

/// The network that the files' weights belong to.
fn graph() -> Graph {
    let mut net = Builder::new([3, 8, 8]);
    net.then("conv1", Op::Conv(Conv::new(4, 3)));
    net.then("norm1", Op::BatchNorm { eps: 1e-5 });
    net.then("avgpool", Op::AdaptiveAvgPool { size: [1, 1] });
    net.then("flatten", Op::Flatten);
    net.then("fc", Op::Linear { out: 5, bias: true });
    net.finish().unwrap()
}

#[test]
fn files_fit_their_network() {
    for file in
        ["state_dict.pth", "legacy_checkpoint.pth", "checkpoint.pth", "compiled.pth", "deflated.npz", "script.pt"]
    {
        let (graph, read) = weights::fit(read(file), graph()).unwrap();
        if let Err(error) = Network::new(graph, read.tensors, file, &Device::Cpu) {
            panic!("{error}");
        }
    }
}

#[test]
fn truncated_and_flipped_files_are_refused_or_read_but_never_panic() {
    for entry in fs::read_dir(path("")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let step = 1 + bytes.len() / 300;
        for end in (0..bytes.len()).step_by(step) {
            let said = refusal(&bytes[..end]);
            // A Caffe model has no end: one that is cut between two layers is a smaller one.
            let cut = said != "accepted" || path.extension().is_some_and(|extension| extension == "caffemodel");
            assert!(cut && said.lines().count() == 1, "{} cut at {end}: {said}", path.display());
        }
        for index in (0..bytes.len()).step_by(step) {
            let mut flipped = bytes.clone();
            flipped[index] ^= 1 << (index % 8);
            assert_eq!(refusal(&flipped).lines().count(), 1);
        }
    }
}

#[test]
fn flipped_values_in_archives_disagree_with_their_checksums() {
    let mut bytes = fs::read(path("state_dict.pth")).unwrap();
    let first = weights::uniform("conv1.weight", 1, 0)[0].to_le_bytes();
    let at = bytes.windows(4).position(|window| window == first).unwrap();
    bytes[at] ^= 1;
    let said = refusal(&bytes);
    assert!(
        said.starts_with("x is not a whole PyTorch file:") && said.ends_with("disagrees with its checksum"),
        "{said}"
    );
}

fn safetensors(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

#[test]
fn safetensors_headers_that_lie() {
    let mut long = safetensors("{}", 0);
    long[..8].copy_from_slice(&(1u64 << 60).to_le_bytes());
    assert!(refusal(&long).contains("its header claims 1152921504606846976 bytes of 2"));
    let tensor =
        |shape: &str, end: u64| format!(r#"{{"a":{{"dtype":"F32","shape":{shape},"data_offsets":[0,{end}]}}}}"#);
    for (header, data) in [
        (tensor("[4]", 16), 15),
        (tensor("[4]", 16), 17),
        (tensor("[1099511627776, 1099511627776]", 16), 16),
        (tensor("[4]", 1 << 60), 16),
        (tensor("[-4]", 16), 16),
        (r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#.into(), 12),
        ("{".repeat(100_000), 0),
        ("[".repeat(100_000), 0),
        ("{\"a\":".repeat(100_000), 0),
    ] {
        let said = refusal(&safetensors(&header, data));
        assert!(said.starts_with("x is") && said.lines().count() == 1 && said.len() < 400, "{said}");
    }
}

/// A `.pth` archive without checksums, of this pickle and one storage.
fn pth(pickle: &[u8], storage: &[u8]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    let files: [(&str, &[u8]); 2] = [("x/data.pkl", pickle), ("x/data/0", storage)];
    for (name, data) in files {
        let size = (data.len() as u32).to_le_bytes();
        let common =
            [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &size, &size, &[name.len() as u8, 0, 0, 0]].concat();
        let offset = (archive.len() as u32).to_le_bytes();
        directory.extend([b"PK\x01\x02\x14\x00", &common[..], &[0; 10], &offset, name.as_bytes()].concat());
        archive.extend([b"PK\x03\x04", &common[..], name.as_bytes(), data].concat());
    }
    let (start, size) = ((archive.len() as u32).to_le_bytes(), (directory.len() as u32).to_le_bytes());
    archive.extend(directory);
    archive.extend([b"PK\x05\x06\0\0\0\0\x02\0\x02\0", &size[..], &start, &[0, 0]].concat());
    archive
}

/// `{"a": tensor}` of a storage with four values, with this offset, shape and stride (as pickled integers).
fn pickled(offset: &str, shape: &str, stride: &str) -> Vec<u8> {
    format!(
        "(S'a'\nctorch._utils\n_rebuild_tensor_v2\n((S'storage'\nctorch\nFloatStorage\nS'0'\nS'cpu'\nI4\ntQ\
         {offset}({shape}t({stride}tI00\nNtRd."
    )
    .into_bytes()
}

#[test]
fn pickled_tensors_that_leave_their_storage() {
    let said = |offset, shape, stride| refusal(&pth(&pickled(offset, shape, stride), &[0; 16]));
    assert_eq!(said("I0\n", "I2\nI2\n", "I1\nI2\n"), "accepted");
    assert_eq!(said("I0\n", "I4\n", "I0\n"), "accepted");
    assert_eq!(said("I9\n", "I0\n", "I1\n"), "x is not a whole PyTorch file: a of shape [0] leaves its 4 values");
    for (offset, shape, stride) in [
        ("I1\n", "I2\nI2\n", "I2\nI1\n"),
        ("I0\n", "I4\n", "I-1\n"),
        ("I3\n", "I4\n", "I-1\n"),
        ("I-1\n", "I1\n", "I1\n"),
        ("I0\n", "I-4\n", "I1\n"),
        ("I0\n", "I9223372036854775807\nI9223372036854775807\n", "I1\nI1\n"),
        ("I0\n", "I4\n", "I9223372036854775807\n"),
        ("I0\n", "I1000000000\n", "I0\n"),
        ("I0\n", "I2\nI2\n", "I1\n"),
        ("I0\n", "I1\nI1\nI1\nI1\nI1\nI1\nI1\nI1\nI1\n", "I1\nI1\nI1\nI1\nI1\nI1\nI1\nI1\nI1\n"),
    ] {
        let said = said(offset, shape, stride);
        assert!(said.starts_with("x is not a whole PyTorch file: ") && said.lines().count() == 1, "{said}");
    }
    let short = refusal(&pth(&pickled("I0\n", "I4\n", "I1\n"), &[0; 15]));
    assert!(short.contains("16 bytes are needed where 15 are left"), "{short}");
}

#[test]
fn pickles_that_abuse_the_machine() {
    let deep = [&b"("[..], &b"]".repeat(500_000), &b"a".repeat(499_999), b"."].concat();
    // A dictionary in itself, twenty levels of a list with the one before it twice, and names kept a million times.
    let mut doubled = b"(lp0\n".to_vec();
    (1..40).for_each(|level| doubled.extend(format!("0(g{}\ng{0}\nlp{level}\n", level - 1).bytes()));
    doubled.push(b'.');
    for pickle in [
        deep,
        doubled,
        b"}p0\nS'state_dict'\ng0\ns.".to_vec(),
        [&b"]"[..], &b"\x94".repeat(2_000_000), b"."].concat(),
        [&b"N"[..], &b"2".repeat(9_000_000), b"."].concat(),
        b"(".repeat(2_000_000),
        b"j\xff\xff\xff\xff.".to_vec(),
        b"X\xff\xff\xff\x7fab.".to_vec(),
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7fab.".to_vec(),
        b"\x8b\xff\xff\xff\xffab.".to_vec(),
        b".".to_vec(),
        b"t.".to_vec(),
        b"(.".to_vec(),
        b"NNNb.".to_vec(),
        b"Na.".to_vec(),
        b"".to_vec(),
    ] {
        let said = refusal(&pth(&pickle, &[]));
        assert!(said.starts_with("x is ") && said.lines().count() == 1, "{said}");
    }
}

#[test]
fn files_that_are_something_else() {
    for (bytes, expected) in [
        (&b""[..], "x is empty"),
        (b"<!DOCTYPE html><html>", "x is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "x is a pointer of Git LFS"),
        (b"\x89HDF\r\n\x1a\n", "x is an HDF5 file"),
        (b"\x08\x07\x12\x07pytorch", "x is an ONNX model"),
        (b"hello, world", "x is no weights file"),
        (b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "x is a zip archive without"),
        (b"\x0a\x04tiny", "x is a Caffe model without any weights"),
        (b"{}", "x is no weights file"),
        (b"\x02\0\0\0\0\0\0\0{}", "x is a safetensors file without any weights"),
    ] {
        let said = refusal(bytes);
        assert!(said.starts_with(expected), "{said}");
    }
    let several = tempfile::tempdir().unwrap();
    for name in ["a.pth", "b.pth"] {
        fs::copy(path("f16.pth"), several.path().join(name)).unwrap();
    }
    let folder = weights::read_file(several.path(), &Watch::default()).err().unwrap().to_string();
    assert!(folder.contains("is a folder with several weights files: name one of "), "{folder}");
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&fs::read(path("v1.caffemodel")).unwrap()).unwrap();
    assert_eq!(weights::read_file(file.path(), &Watch::default()).unwrap().format, Format::Caffe, "named .tmp");
}

/// A zip archive as `torch.save` writes it: names with the file's stem in front, and zip64 records that are not needed.
fn saved_by_torch(stem: &str, pickle: &[u8], storage: &[u8]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    let files: [(String, &[u8]); 2] = [(format!("{stem}/data.pkl"), pickle), (format!("{stem}/data/0"), storage)];
    for (name, data) in &files {
        let size = (data.len() as u32).to_le_bytes();
        let length = (name.len() as u16).to_le_bytes();
        let common = [&[0; 14][..], &size, &size, &length, &[0, 0]].concat();
        let offset = (archive.len() as u32).to_le_bytes();
        directory.extend([b"PK\x01\x02\x14\x00", &common[..], &[0; 10], &offset, name.as_bytes()].concat());
        archive.extend([b"PK\x03\x04", &common[..], name.as_bytes(), data].concat());
    }
    let (start, size) = (archive.len() as u64, directory.len() as u64);
    archive.extend(directory);
    let end = archive.len() as u64;
    let two = 2_u64.to_le_bytes();
    archive.extend(b"PK\x06\x06\x2c\0\0\0\0\0\0\0\x1e\x03\x2d\0\0\0\0\0\0\0\0\0");
    archive.extend([&two[..], &two, &size.to_le_bytes(), &start.to_le_bytes()].concat());
    archive.extend([b"PK\x06\x07\0\0\0\0", &end.to_le_bytes()[..], &[1, 0, 0, 0]].concat());
    let [start, size] = [start, size].map(|n| (n as u32).to_le_bytes());
    archive.extend([b"PK\x05\x06\0\0\0\0\x02\0\x02\0", &size[..], &start, &[0, 0]].concat());
    archive
}

#[test]
fn archives_are_read_whatever_the_length_of_their_files_stem() {
    for length in 1..=80 {
        let file = saved_by_torch(&"s".repeat(length), &pickled("I0\n", "I2\nI2\n", "I1\nI2\n"), &[0; 16]);
        assert_eq!(refusal(&file), "accepted", "a stem of {length} characters");
    }
}

#[test]
fn weights_beside_a_call_of_anything_are_read_with_a_note() {
    let honest = pickled("I0\n", "I4\n", "I1\n");
    let notes = |pickle: &[u8]| {
        weights::read_bytes(&pth(pickle, &[0; 16]), "x").unwrap_or_else(|error| panic!("{error}")).notes
    };
    assert!(notes(&honest).is_empty());
    let call = b"S'extra'\ncos\nsystem\n(S'true'\ntRs.";
    let found = notes(&[&honest[..honest.len() - 1], call].concat());
    assert!(found.len() == 1 && found[0].starts_with("x also calls os.system: nothing of it was run"), "{found:?}");
    // An object of an unknown class is how a whole module is saved.
    assert!(
        weights::read_file(&path("module.pth"), &Watch::default())
            .unwrap_or_else(|error| panic!("{error}"))
            .notes
            .is_empty()
    );
}

#[test]
fn folders_and_files_in_several_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let tensor = |name: &str, value: f32| {
        let header = format!(r#"{{"{name}":{{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}}}"#);
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &value.to_le_bytes()].concat()
    };
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let read = |name: &str| weights::read_file(&folder.path().join(name), &Watch::default());
    let said = |name: &str| read(name).err().unwrap().to_string();
    let names = |name: &str| {
        let mut names: Vec<String> = read(name).unwrap_or_else(|error| panic!("{error}")).tensors.into_keys().collect();
        names.sort();
        names
    };
    assert!(said("").contains("is a folder without weights"));
    write("notes.txt", b"hello");
    write("pytorch_model.bin", &pth(&pickled("I0\n", "I4\n", "I1\n"), &[0; 16]));
    assert_eq!(names(""), ["a"]);
    write("m-00001-of-00002.safetensors", &tensor("x", 1.0));
    write("m-00002-of-00002.safetensors", &tensor("y", 2.0));
    for name in ["", "m-00002-of-00002.safetensors"] {
        assert_eq!(names(name), ["x", "y"], "{name}");
    }
    let index = |map: &str| {
        write("m.safetensors.index.json", format!(r#"{{"metadata":{{}},"weight_map":{{{map}}}}}"#).as_bytes());
    };
    index(r#""x":"m-00001-of-00002.safetensors","y":"m-00002-of-00002.safetensors""#);
    for name in ["", "m.safetensors.index.json"] {
        assert_eq!(names(name), ["x", "y"], "{name}");
    }
    index(r#""x":"m-00001-of-00002.safetensors","z":"m-00002-of-00002.safetensors""#);
    assert!(said("").ends_with("is no index of weights: z is in none of its files"));
    index(r#""x":"../m-00001-of-00002.safetensors""#);
    assert!(said("").contains("../m-00001-of-00002.safetensors is not the name of a file beside it"));
    index(r#""x":"none.safetensors""#);
    assert!(said("").contains("none.safetensors"));
    write("other.index.json", b"{}");
    assert!(said("").contains("name one of m.safetensors.index.json, other.index.json"));
    fs::remove_file(folder.path().join("m-00001-of-00002.safetensors")).unwrap();
    assert_eq!(names("m-00002-of-00002.safetensors"), ["y"]);
}

#[test]
fn reading_can_be_cancelled() {
    let watch = Watch::default();
    watch.cancel();
    for file in ["state_dict.pth", "legacy.pth", "mixed.safetensors", "stored.npz", "v2.caffemodel"] {
        assert!(matches!(weights::read_file(&path(file), &watch), Err(striate::Error::Cancelled)), "{file}");
    }
}
