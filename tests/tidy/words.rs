//! Names and comments: a type name means one thing, and a comment says its subject first.

use super::source::{code, root, rust_files, sources};
use std::{collections::BTreeMap, fs};

/// Type names that several files may define, each with the reason.
const SHARED_NAMES: &[(&str, &str)] = &[("Args", "the arguments of a command, in the command's file")];

/// The words with which a noun clause begins a sentence that names no subject.
const RIDDLES: &[&str] = &["What", "Who", "Whose", "Whom", "How far", "How much", "How many", "Of two"];

#[test]
fn a_type_name_means_one_thing() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources() {
        for line in code(&source.text).lines() {
            if let Some(name) = defined_type(line) {
                places.entry(name).or_default().push(source.path.clone());
            }
        }
    }
    let shared = |name: &str| SHARED_NAMES.iter().any(|(listed, _)| *listed == name);
    let twice: Vec<String> = places
        .iter()
        .filter(|(name, files)| files.len() > 1 && !shared(name))
        .map(|(name, files)| format!("{name}: {}", files.join(", ")))
        .collect();
    assert!(twice.is_empty(), "{} type names are defined twice or more:\n{}", twice.len(), twice.join("\n"));
}

/// The name that a line defines as a struct, enum, trait or union. An alias (`type`) is none: traits ask for them.
fn defined_type(line: &str) -> Option<String> {
    let mut words = line.split_whitespace().peekable();
    while words.peek().is_some_and(|word| word.starts_with("pub") || word.ends_with(')') || *word == "unsafe") {
        words.next();
    }
    let kind = words.next()?;
    let name: String = words.next()?.chars().take_while(|c| c.is_alphanumeric()).collect();
    let is_type = ["struct", "enum", "trait", "union"].contains(&kind);
    (is_type && name.starts_with(char::is_uppercase)).then_some(name)
}

#[test]
fn comments_say_their_subject_first() {
    let mut found = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for path in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&path).unwrap();
            let shown = path.strip_prefix(root()).unwrap().display().to_string();
            for (index, line) in text.lines().enumerate() {
                if let Some(sentence) = riddle(line) {
                    found.push(format!("{shown}:{}: {sentence}", index + 1));
                }
            }
        }
    }
    assert!(found.is_empty(), "{} comments begin with a noun clause:\n{}", found.len(), found.join("\n"));
}

/// A comment line that opens a sentence with a noun clause. A question may begin so.
fn riddle(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("//")?;
    let text = rest.trim_start_matches(['/', '!']).trim();
    let begins = RIDDLES.iter().any(|word| text.strip_prefix(word).is_some_and(|rest| rest.starts_with(' ')));
    (begins && !text.contains('?')).then_some(text)
}

#[test]
fn riddles_are_found() {
    assert!(riddle("    /// What is asked of a trace.").is_some());
    assert!(riddle("    // Whatever comes next.").is_none());
    assert!(riddle("//! What excites a unit? One file a method.").is_none());
    assert_eq!(defined_type("pub(super) struct Kept<T> {"), Some("Kept".to_owned()));
    assert_eq!(defined_type("    type Output = f32;"), None);
}
