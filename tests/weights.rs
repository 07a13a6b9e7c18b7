//! Weights files of every format, as PyTorch, numpy and Caffe write them (`tests/make_weights.py`), whole and damaged.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, path::PathBuf};
use striate::{
    kernels::to_vec,
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
        assert_eq!(check(&format!("{file}.caffemodel"), "", &with_blobs, 0.0).format, Format::Caffe);
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
