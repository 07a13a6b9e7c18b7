//! The map in `src/lib.rs`: which room may know which, and that every file of a registry's folder is registered.

use super::source::{code, root, rust_files};
use std::{collections::BTreeSet, fs};

/// For each room the rooms it may import from, besides `error`, `watch`, `memory` and `paths`.
const ARROWS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("watch", &[]),
    ("memory", &[]),
    ("paths", &[]),
    ("kernels", &[]),
    ("net", &["kernels"]),
    ("go", &[]),
    ("picture", &["go"]),
    ("paint", &[]),
    ("html", &[]),
    ("weights", &["net"]),
    ("zoo", &["net", "picture"]),
    ("formats", &["net", "picture", "weights", "zoo"]),
    ("methods", &["net", "kernels"]),
    ("synthesis", &["net", "picture", "methods"]),
    (
        "engine",
        &[
            "dataset",
            "formats",
            "kernels",
            "methods",
            "net",
            "paint",
            "picture",
            "synthesis",
            "train",
            "weights",
            "zoo",
        ],
    ),
    ("train", &["kernels", "net", "paint", "picture", "weights"]),
    ("dataset", &["kernels", "net", "paint"]),
    (
        "figures",
        &["dataset", "engine", "go", "kernels", "methods", "net", "paint", "picture", "synthesis", "train", "zoo"],
    ),
    ("tour", &["engine", "figures", "html", "methods", "net", "paint", "picture"]),
    ("atlas", &["dataset", "engine", "figures", "html", "kernels", "methods", "net", "paint", "picture", "synthesis"]),
    ("gpu", &["paint"]),
    (
        "ui",
        &[
            "dataset",
            "engine",
            "figures",
            "formats",
            "go",
            "gpu",
            "html",
            "kernels",
            "methods",
            "net",
            "paint",
            "picture",
            "synthesis",
            "tour",
            "train",
            "weights",
            "zoo",
        ],
    ),
    (
        "cli",
        &[
            "atlas",
            "dataset",
            "engine",
            "figures",
            "formats",
            "go",
            "html",
            "kernels",
            "methods",
            "net",
            "paint",
            "picture",
            "synthesis",
            "tour",
            "train",
            "weights",
            "zoo",
        ],
    ),
];

/// Files of the panels' folder that are parts of a panel, or shared by several.
const PANEL_PARTS: [&str; 24] = [
    "mod", "panel", "heat", "sides", "magnify", "drawn", "fold", "layout", "lines", "maps", "svg", "tools", "effect",
    "list", "parts", "units", "align", "cloud", "colours", "form", "live", "epochs", "change", "sums",
];

/// Registries: the folder, the file that lists, and the files in the folder that are no entries.
const REGISTRIES: &[(&str, &str, &[&str])] = &[
    ("src/zoo", "src/zoo/mod.rs", &["mod", "labels", "blocks"]),
    (
        "src/methods",
        "src/methods/mod.rs",
        &["mod", "lrp_rule", "maxflow", "method", "mixture", "noise", "preconditions", "resize"],
    ),
    ("src/engine/inquiry", "src/engine/inquiry/mod.rs", &["mod"]),
    ("src/ui/panels", "src/ui/panels/mod.rs", &PANEL_PARTS),
    (
        "src/ui/panels/lectures",
        "src/ui/panels/lectures/mod.rs",
        &["mod", "board", "batches", "blobs", "page", "small", "convolve", "options"],
    ),
];

/// The rooms that `source` names as `crate::ROOM`, alone or in a list `crate::{ROOM, ...}`.
fn imported(source: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    let code = code(source);
    for rest in code.split("crate::").skip(1) {
        let Some(list) = rest.strip_prefix('{') else {
            rooms.insert(word(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = true;
        for (index, character) in list.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                _ if start && character.is_alphabetic() => {
                    rooms.insert(word(&list[index..]));
                    start = false;
                }
                _ => {}
            }
        }
    }
    rooms
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn rooms_know_only_what_the_map_allows() {
    let rooms: Vec<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    for (room, allowed) in ARROWS {
        let path = root().join("src").join(room);
        let path = if path.is_dir() { path } else { path.with_extension("rs") };
        let files = rust_files(&path);
        assert!(!files.is_empty(), "the room {room} is empty");
        for file in files {
            for import in imported(&fs::read_to_string(&file).unwrap()) {
                let known = import == *room || allowed.contains(&import.as_str());
                let common = ["error", "watch", "memory", "paths", "Error", "Result"].contains(&import.as_str());
                assert!(
                    known || common || !rooms.contains(&import.as_str()),
                    "{} imports crate::{import}, which the room {room} may not know",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn every_room_is_in_the_table() {
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
        let listed = ARROWS.iter().any(|(room, _)| *room == name) || ["lib", "main"].contains(&name.as_str());
        assert!(listed, "src/{name} has no place in the map");
    }
}

#[test]
fn compute_never_touches_egui() {
    for (room, _) in ARROWS.iter().filter(|(room, _)| !["gpu", "ui"].contains(room)) {
        for file in rust_files(&root().join("src").join(room)) {
            let source = fs::read_to_string(&file).unwrap();
            assert!(!source.contains("egui::") && !source.contains("eframe"), "{} knows egui", file.display());
        }
    }
}

#[test]
fn every_file_of_a_registrys_folder_is_registered() {
    for (folder, list, others) in REGISTRIES {
        let listing = fs::read_to_string(root().join(list)).unwrap();
        let inner = REGISTRIES.iter().filter(|(other, ..)| other.len() > folder.len() && other.starts_with(folder));
        let inner: Vec<_> = inner.map(|(other, ..)| root().join(other)).collect();
        for file in rust_files(&root().join(folder)) {
            if inner.iter().any(|other| file.starts_with(other)) {
                continue;
            }
            let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
            let used = listing.matches(&format!("{stem}::")).count() > 0;
            assert!(others.contains(&stem.as_str()) || used, "{} is not registered in {list}", file.display());
        }
    }
}

#[test]
fn imports_are_found_alone_and_in_lists() {
    let source = "use crate::{Error, net::{Graph, zoo}, paint::Range};\nlet x = crate::kernels::lrn();\n// crate::ui";
    let expected = ["Error", "kernels", "net", "paint"].map(String::from);
    assert_eq!(imported(source), BTreeSet::from(expected));
}

#[test]
fn the_lists_name_files_that_exist() {
    for (folder, list, others) in REGISTRIES {
        for other in *others {
            let files = rust_files(&root().join(folder));
            let exists = files.iter().any(|file| file.file_stem().is_some_and(|stem| stem == *other));
            assert!(exists, "{folder} holds no {other}.rs");
        }
        assert!(root().join(list).exists(), "{list} does not exist");
    }
}
