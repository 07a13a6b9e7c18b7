//! Which file imports which, read from `use` lines and written-out paths, through what a `mod.rs` exports again.

use super::source::{Source, code};
use std::collections::{BTreeMap, BTreeSet};

/// For every file the files that it names something of.
pub fn imports(sources: &[Source]) -> BTreeMap<String, BTreeSet<String>> {
    let crate_map = CrateMap::new(sources);
    let of = |source: &Source| {
        let module = module_of(&source.path);
        let found = paths(&code(&source.text)).into_iter().filter_map(|path| {
            let file = crate_map.resolve(&absolute(&path, &module)?, 0)?;
            (file != source.path).then_some(file)
        });
        (source.path.clone(), found.collect())
    };
    sources.iter().map(of).collect()
}

/// `src/net/graph.rs` is module `["net", "graph"]`; a `mod.rs` is its folder.
pub fn module_of(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        parts.pop();
    }
    parts
}

/// The path from the crate's root, for a path that starts with `crate`, `super` or `self`.
fn absolute(path: &[String], module: &[String]) -> Option<Vec<String>> {
    let mut base = module.to_vec();
    let mut rest = path;
    match rest.first().map(String::as_str) {
        Some("crate") => {
            base.clear();
            rest = &rest[1..];
        }
        Some("self") => rest = &rest[1..],
        Some("super") => {
            while rest.first().is_some_and(|part| part == "super") {
                base.pop()?;
                rest = &rest[1..];
            }
        }
        _ => return None,
    }
    base.extend_from_slice(rest);
    Some(base)
}

/// Every module of the crate and every name that it exports again.
struct CrateMap {
    files: BTreeMap<Vec<String>, String>,
    /// (module, name) to the path that the name stands for.
    exports: BTreeMap<(Vec<String>, String), Vec<String>>,
}

impl CrateMap {
    fn new(sources: &[Source]) -> Self {
        let files: BTreeMap<Vec<String>, String> =
            sources.iter().map(|source| (module_of(&source.path), source.path.clone())).collect();
        let mut exports = BTreeMap::new();
        for source in sources {
            let module = module_of(&source.path);
            for tree in uses(&code(&source.text), true) {
                for (mut path, alias) in leaves(&tree) {
                    // `pub use child::Name` is relative to the module itself.
                    let child = path.first().is_some_and(|first| {
                        let mut inner = module.clone();
                        inner.push(first.clone());
                        files.contains_key(&inner)
                    });
                    if child {
                        path.insert(0, "self".to_owned());
                    }
                    if let Some(full) = absolute(&path, &module) {
                        exports.insert((module.clone(), alias), full);
                    }
                }
            }
        }
        CrateMap { files, exports }
    }

    /// The file that defines what the path names.
    fn resolve(&self, path: &[String], depth: usize) -> Option<String> {
        let mut length = path.len();
        while length > 0 && !self.files.contains_key(&path[..length]) {
            length -= 1;
        }
        let module = path[..length].to_vec();
        if length < path.len()
            && depth < 8
            && let Some(target) = self.exports.get(&(module.clone(), path[length].clone()))
        {
            let mut target = target.clone();
            target.extend_from_slice(&path[length + 1..]);
            return self.resolve(&target, depth + 1);
        }
        // A module that is only named (`use super::paint`) is no import of its own file's items.
        self.files.get(&module).cloned()
    }
}

/// Every path in the code that starts at `crate`, `super` or `self`, one for each name of a list.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> =
        uses(code, false).iter().flat_map(|tree| leaves(tree)).map(|(path, _)| path).collect();
    for start in ["crate::", "super::"] {
        for (index, _) in code.match_indices(start) {
            let before = code[..index].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let text: String =
                code[index..].chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':')).collect();
            let parts = text.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
            // The head of a `use` list: its names were read above.
            if !code[index + text.len()..].starts_with('{') {
                found.push(parts);
            }
        }
    }
    found
}

/// The trees of `use` statements; only those that are exported again where `exported`.
fn uses(code: &str, exported: bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("use ") {
        let line_start = rest[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let prefix = rest[line_start..at].trim();
        let after = &rest[at + 4..];
        let public = prefix.starts_with("pub");
        if (prefix.is_empty() || (public && !prefix.contains(' ')))
            && (!exported || public)
            && let Some(end) = after.find(';')
        {
            found.push(after[..end].split_whitespace().collect::<Vec<_>>().join(" "));
        }
        rest = after;
    }
    found
}

/// `a::{b, c::d as e}` as paths with the name that each is known by.
fn leaves(tree: &str) -> Vec<(Vec<String>, String)> {
    fn walk(prefix: &[String], tree: &str, found: &mut Vec<(Vec<String>, String)>) {
        let tree = tree.trim();
        let Some(open) = tree.find('{') else {
            let (path, alias) =
                tree.split_once(" as ").map_or((tree, None), |(path, alias)| (path, Some(alias.trim())));
            let mut full = prefix.to_vec();
            full.extend(path.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned));
            if full.last().is_some_and(|last| last == "self") && full.len() > 1 {
                full.pop();
            }
            let Some(name) = full.last().cloned() else { return };
            found.push((full, alias.map_or(name, str::to_owned)));
            return;
        };
        let mut inner = prefix.to_vec();
        inner.extend(tree[..open].split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned));
        let body = &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())];
        let (mut depth, mut start) = (0, 0);
        for (index, character) in body.char_indices() {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    walk(&inner, &body[start..index], found);
                    start = index + 1;
                }
                _ => {}
            }
        }
        if !body[start..].trim().is_empty() {
            walk(&inner, &body[start..], found);
        }
    }
    let mut found = Vec::new();
    walk(&[], tree, &mut found);
    found
}

#[test]
fn imports_go_through_what_a_folder_exports() {
    let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let sources = [
        source("src/net/mod.rs", "mod graph;\npub use graph::{Graph, Node as Layer};\n"),
        source("src/net/graph.rs", "pub struct Graph;\n"),
        source("src/zoo/mod.rs", "use crate::{Error, net::{Graph, Layer}};\n"),
        source("src/zoo/vgg.rs", "use super::*;\nfn f() -> crate::net::Graph { super::helper() }\n"),
    ];
    let found = imports(&sources);
    let list = |path: &str| found[path].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(list("src/net/mod.rs"), Vec::<&str>::new(), "a re-export of a child is no import");
    assert_eq!(list("src/zoo/mod.rs"), ["src/net/graph.rs"]);
    assert_eq!(list("src/zoo/vgg.rs"), ["src/net/graph.rs", "src/zoo/mod.rs"]);
}
