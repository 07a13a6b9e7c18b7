//! The binary in an empty folder, for tests of the command line.
#![allow(clippy::unwrap_used, dead_code, unused_imports)]

mod furnished;

pub use furnished::furnished;

use candle_core::Device;
use serde_json::Value;
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
};
use striate::{
    engine::{Model, Opening, Run},
    kernels::to_vec,
    paint::read_npy,
    picture::Picture,
    watch::Watch,
};
use tempfile::TempDir;

/// The binary in an empty folder of its own.
pub struct Desk(TempDir);

/// Commands that take `--network`.
const ON_NETWORKS: [&str; 11] = [
    "classify",
    "activations",
    "filters",
    "saliency",
    "cam",
    "units",
    "deconvnet",
    "maximise",
    "invert",
    "tour",
    "evaluate",
];

impl Desk {
    pub fn new() -> Self {
        Desk(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_striate"));
        command.args(arguments.split_whitespace()).current_dir(self.0.path());
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("RUST_BACKTRACE");
        command
    }

    /// Runs a command; on photonet, which is small, where the arguments name no network.
    pub fn run(&self, arguments: &str) -> Output {
        let by_file = arguments.contains("--weights") && !arguments.contains("synthetic:");
        let named = by_file || ["--network", "--help"].iter().any(|flag| arguments.contains(flag));
        let first = arguments.split_whitespace().next().unwrap_or_default();
        let mut command = self.command(arguments);
        if !named && ON_NETWORKS.contains(&first) {
            command.args(["--network", "photonet"]);
        }
        command.output().unwrap()
    }

    /// Standard output of a run that must succeed.
    pub fn said(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn json(&self, arguments: &str) -> Value {
        serde_json::from_str(&self.said(&format!("{arguments} --json"))).unwrap()
    }

    /// The one line on standard error of a run that must fail, leaving the folder as it was.
    pub fn refused(&self, arguments: &str, code: i32) -> String {
        let before = self.files();
        let output = self.run(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments}: {said}");
        let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with("note: ")).collect();
        assert_eq!(lines.len(), 1, "{arguments}: {said}");
        assert!(lines[0].starts_with("striate: ") && !said.contains("panicked"), "{arguments}: {said}");
        assert!(!lines[0].contains("Usage:") && lines[0].len() < 500, "{arguments}: {said}");
        assert_eq!(self.files(), before, "{arguments}");
        assert!(output.stdout.is_empty(), "{arguments}");
        lines[0].to_owned()
    }

    pub fn files(&self) -> Vec<PathBuf> {
        fn below(folder: &Path) -> Vec<PathBuf> {
            let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
        }
        let mut files = below(self.0.path());
        files.sort();
        files
    }
}

pub fn run(network: &str) -> Run {
    let watch = Watch::default();
    let model = Arc::new(Model::open(&Opening::of(network), &Device::Cpu, &watch).unwrap());
    Run::picture(&model, Picture::from_source("sample:chelsea").unwrap(), &watch).unwrap()
}

pub fn assert_same(path: &Path, dims: &[usize], values: &[f32]) {
    let tensor = read_npy(path).unwrap();
    assert_eq!(tensor.dims(), dims, "{}", path.display());
    let largest = values.iter().fold(0f32, |most, value| most.max(value.abs()));
    let found = to_vec(&tensor).unwrap();
    let apart = found.iter().zip(values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(apart <= 1e-6 * largest, "{}: {apart} of {largest}", path.display());
}

pub fn texts(path: &Path) -> HashMap<String, String> {
    let reader = png::Decoder::new(std::io::BufReader::new(fs::File::open(path).unwrap())).read_info().unwrap();
    let info = reader.info();
    let latin = info.uncompressed_latin1_text.iter().map(|chunk| (chunk.keyword.clone(), chunk.text.clone()));
    let utf8 = info.utf8_text.iter().map(|chunk| (chunk.keyword.clone(), chunk.get_text().unwrap()));
    latin.chain(utf8).collect()
}
