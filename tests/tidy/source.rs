//! The source files of the crate as text.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A source file.
pub struct Source {
    /// Path below the repository, with forward slashes: `src/net/graph.rs`.
    pub path: String,
    /// Its text without unit tests.
    pub text: String,
}

/// The repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file of the repository.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All Rust files below `path`, or the file itself.
pub fn rust_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .flat_map(|entry| rust_files(&entry.path()))
        .filter(|path| path.extension() == Some("rs".as_ref()))
        .collect();
    files.sort();
    files
}

/// Every file of `src`, without files that hold tests only.
pub fn sources() -> Vec<Source> {
    let files = rust_files(&root().join("src"));
    let named = files.into_iter().map(|path| {
        let text = fs::read_to_string(&path).unwrap();
        let path = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        Source { path, text: without_tests(&text) }
    });
    named.filter(|source| !source.path.contains("/tests/") && !source.path.ends_with("/testing.rs")).collect()
}

/// The text with every item behind `#[cfg(test)]` left out. Formatted code closes an item at its own indentation.
fn without_tests(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let rest = line.trim_start();
        if !rest.starts_with("#[cfg(test)]") && !rest.starts_with("#![cfg(test)]") {
            kept += line;
            kept.push('\n');
            continue;
        }
        let indent = &line[..line.len() - rest.len()];
        let mut first = true;
        for line in lines.by_ref() {
            let attribute = line.trim_start().starts_with("#[");
            if first && attribute {
                continue;
            }
            let ends = |close: &str| line.strip_prefix(indent).is_some_and(|rest| rest.starts_with(close));
            if (first && line.trim_end().ends_with(';')) || (!first && (ends("}") || ends(");"))) {
                break;
            }
            first = false;
        }
    }
    kept
}

/// The code without comment lines.
pub fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).fold(String::new(), |all, line| all + line + "\n")
}

#[test]
fn unit_tests_are_left_out() {
    let text =
        "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {\n    }\n}\nfn c() {}\n#[cfg(test)]\nmod more;\nfn d() {}\n";
    assert_eq!(without_tests(text), "fn a() {}\nfn c() {}\nfn d() {}\n");
}
