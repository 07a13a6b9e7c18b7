//! Files of one to three screens and functions that fit on one: what is longer stands here by name, with its reason.

use super::source::{root, sources};

/// Lines a file may have, unit tests left out.
const FILE_LIMIT: usize = 400;
/// Lines a function may have, from its signature to its closing brace.
const FUNCTION_LIMIT: usize = 60;
/// Lines that half of all files must not exceed.
const MEDIAN_LIMIT: usize = 120;

/// Longer files, each with the reason.
const LONG_FILES: &[(&str, &str)] = &[];
/// Longer functions as `file: name`, each with the reason.
const LONG_FUNCTIONS: &[(&str, &str)] = &[
    ("src/cli/sheet.rs: run", "one sheet from its first tile to its report, with what is cleared on the way out"),
    ("src/net/fast/reverse.rs: node", "one match over the operators that have a fast reverse"),
    ("src/ui/app/apply.rs: apply", "one match over all commands, a line or two each"),
    ("src/ui/model/commands.rs: info", "one match over all commands: label, tooltip and shortcut of each"),
    ("src/ui/panels/deconvnet.rs: pair", "the layout of one pane, read from top to bottom"),
    ("src/ui/panels/invariance.rs: plot", "the layout of one plot, read from axes to legend"),
    ("src/ui/panels/layers/mod.rs: layers", "the columns of one table, side by side"),
    ("src/ui/panels/network/drawn.rs: paint_box", "one box of the drawing, from frame to thumbnail"),
    ("src/ui/panels/picture/mod.rs: ui", "the layout of one pane, read from top to bottom"),
    ("src/ui/panels/scores.rs: row", "the cells of one row"),
    ("src/ui/strip/row.rs: layer_row", "the cells of one row"),
];

#[test]
fn files_are_short() {
    let sources = sources();
    let mut lengths: Vec<usize> = sources.iter().map(|source| source.text.lines().count()).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= MEDIAN_LIMIT, "half of the files have more than {median} lines");
    let long: Vec<String> = sources
        .iter()
        .map(|source| (&source.path, source.text.lines().count()))
        .filter(|(path, lines)| *lines > FILE_LIMIT && !LONG_FILES.iter().any(|(listed, _)| listed == path))
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "files of more than {FILE_LIMIT} lines:\n{}", long.join("\n"));
}

#[test]
fn functions_are_short() {
    let mut long = Vec::new();
    for source in sources() {
        for (name, lines) in functions(&source.text) {
            let entry = format!("{}: {name}", source.path);
            if lines > FUNCTION_LIMIT && !LONG_FUNCTIONS.iter().any(|(listed, _)| *listed == entry) {
                long.push(format!("{entry}, {lines} lines"));
            }
        }
    }
    assert!(long.is_empty(), "functions of more than {FUNCTION_LIMIT} lines:\n{}", long.join("\n"));
}

#[test]
fn exceptions_are_needed() {
    for (path, reason) in LONG_FILES {
        let lines = std::fs::read_to_string(root().join(path)).map_or(0, |text| text.lines().count());
        assert!(lines > FILE_LIMIT && !reason.is_empty(), "{path} needs no exception");
    }
    let sources = sources();
    for (entry, reason) in LONG_FUNCTIONS {
        let found = sources.iter().any(|source| {
            functions(&source.text)
                .iter()
                .any(|(name, lines)| *lines > FUNCTION_LIMIT && format!("{}: {name}", source.path) == *entry)
        });
        assert!(found && !reason.is_empty(), "{entry} needs no exception");
    }
}

/// Every function with a body, and its length. Formatted code closes a function at its own indentation.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let rest = line.trim_start();
        let Some(at) = rest.find("fn ").filter(|at| *at == 0 || rest[..*at].ends_with(' ')) else { continue };
        let words = rest[..at].split_whitespace();
        let modifier = |word: &str| {
            word.starts_with("pub") || ["const", "unsafe", "async", "extern", "\"C\"", "in"].contains(&word)
        };
        if !words.into_iter().all(|word| modifier(word) || word.ends_with(')')) || rest.ends_with(';') {
            continue;
        }
        let name: String = rest[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let close = format!("{}}}", &line[..line.len() - rest.len()]);
        let length = lines[index..].iter().position(|line| *line == close);
        found.push((name, length.map_or(1, |length| length + 1)));
    }
    found
}

#[test]
fn lengths_are_counted() {
    let text = "impl A {\n    pub(super) fn f(\n        x: u8,\n    ) {\n        g();\n    }\n}\nfn g() {\n}\n";
    assert_eq!(functions(text), [("f".to_owned(), 5), ("g".to_owned(), 2)]);
}
