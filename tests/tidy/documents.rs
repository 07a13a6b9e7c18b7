//! Claims of the documents that the source can confirm.

use super::source::{code, read, sources};
use striate::{methods::METHODS, zoo::ZOO};

/// Files that may hold `unsafe` code, each with the reason. CONTRIBUTING.md says the same.
const UNSAFE: &[(&str, &str)] = &[
    ("src/kernels/blocked/", "vector instructions and uninitialised blocks of the CPU kernels"),
    ("src/engine/trim.rs", "malloc_trim, which gives freed memory back to the system"),
];

#[test]
fn unsafe_code_stands_only_where_the_documents_say() {
    for source in sources() {
        let has = code(&source.text).lines().any(|line| {
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.any(|word| word == "unsafe" || word == "unsafe_code")
        });
        let allowed = UNSAFE.iter().any(|(path, _)| source.path.starts_with(path));
        assert!(!has || allowed, "{} holds unsafe code", source.path);
    }
    let contributing = read("CONTRIBUTING.md");
    for (path, _) in UNSAFE {
        assert!(contributing.contains(path), "CONTRIBUTING.md does not say that {path} may hold unsafe code");
    }
}

#[test]
fn the_readme_counts_right() {
    let readme = read("README.md");
    let panels = read("src/ui/panels/mod.rs");
    let panes = panels.split("pub const PANELS").nth(1).map_or(0, |list| {
        let list = &list[..list.find("];").unwrap_or(list.len())];
        list.lines().filter(|line| line.trim_end().ends_with(',') && line.starts_with("    ")).count()
    });
    for (word, count) in [("networks", ZOO.len()), ("methods", METHODS.len()), ("panes", panes)] {
        for stated in numbers_before(&readme, word) {
            assert_eq!(stated, count, "README.md says {stated} {word}; there are {count}");
        }
    }
}

/// Every number that stands right before `word`.
fn numbers_before(text: &str, word: &str) -> Vec<usize> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is = |found: &str| found.trim_matches(|c: char| !c.is_alphanumeric()) == word;
    words.windows(2).filter(|pair| is(pair[1])).filter_map(|pair| pair[0].parse().ok()).collect()
}

#[test]
fn numbers_are_found() {
    assert_eq!(numbers_before("with 63 networks, and all 18\npanes: many methods", "panes"), [18]);
}
