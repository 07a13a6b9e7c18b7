//! Data flows one way: no file imports from a file that imports from it, directly or round about.

use super::{imports::imports, source::sources};
use std::collections::{BTreeMap, BTreeSet};

/// What lies directly in `folder` of this path: a file of it, or a folder below it.
fn child(folder: &str, path: &str) -> Option<String> {
    let rest = path.strip_prefix(folder)?.strip_prefix('/')?;
    Some(rest.split('/').next().unwrap_or(rest).to_owned())
}

/// The groups of names that reach each other along the arrows.
fn loops(arrows: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reach = |start: &String| {
        let mut seen = BTreeSet::new();
        let mut open = vec![start];
        while let Some(name) = open.pop() {
            for next in arrows.get(name).into_iter().flatten() {
                if seen.insert(next.clone()) {
                    open.push(next);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> = arrows.keys().map(|name| (name, reach(name))).collect();
    let mut groups = BTreeSet::new();
    for (name, seen) in &reached {
        if seen.contains(*name) {
            let group: Vec<String> = seen
                .iter()
                .filter(|other| reached.get(other).is_some_and(|back| back.contains(*name)))
                .cloned()
                .collect();
            groups.insert(group);
        }
    }
    groups.into_iter().collect()
}

#[test]
fn no_file_is_part_of_an_import_loop() {
    let found = loops(&imports(&sources()));
    assert!(found.is_empty(), "files that import each other:\n{}", describe(&found));
}

#[test]
fn no_folder_holds_parts_that_import_each_other() {
    let files = imports(&sources());
    let folders: BTreeSet<&str> =
        files.keys().filter_map(|path| path.rsplit_once('/').map(|(folder, _)| folder)).collect();
    for folder in folders {
        let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (path, targets) in &files {
            let Some(from) = child(folder, path) else { continue };
            // A folder's mod.rs gathers what its children define and gives it to those outside.
            if from == "mod.rs" || from == "lib.rs" || from == "main.rs" {
                continue;
            }
            for to in targets.iter().filter_map(|target| child(folder, target)).filter(|to| *to != from) {
                if to != "mod.rs" {
                    arrows.entry(from.clone()).or_default().insert(to);
                }
            }
        }
        let found = loops(&arrows);
        assert!(found.is_empty(), "parts of {folder} that import each other:\n{}", describe(&found));
    }
}

fn describe(groups: &[Vec<String>]) -> String {
    groups.iter().map(|group| format!("  {}\n", group.join(", "))).collect()
}

#[test]
fn a_loop_is_found() {
    let arrows = |pairs: &[(&str, &str)]| {
        let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in pairs {
            arrows.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        arrows
    };
    assert!(loops(&arrows(&[("a", "b"), ("b", "c"), ("a", "c")])).is_empty());
    assert_eq!(loops(&arrows(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")])), [["a", "b", "c"]]);
}
