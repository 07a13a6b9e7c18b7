//! Every command of the help pages, the book and the README runs; every link of the book leads somewhere.
#![allow(clippy::unwrap_used)]

mod cli_support;

use cli_support::{Desk, furnished};
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Commands that need the network, a display or another binary.
const LEFT_OUT: [&str; 3] = ["striate fetch", "--network resnet50", "cargo"];

/// Flags that make a command quick enough for a test: of the published number of steps, and for the few pictures here.
const QUICK: [(&str, &str, &str); 4] = [
    ("maximise", "--steps", "4"),
    ("invert", "--steps", "2"),
    ("probe", "--train", "4"),
    ("embed", "--perplexity", "3"),
];

/// The book's pages.
fn pages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src");
    let folders = [folder.clone(), folder.join("methods")].map(|folder| fs::read_dir(folder).unwrap());
    let files = folders.into_iter().flatten().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect()
}

/// The commands of a text, as a shell reads them: indented lines, and cells of tables.
fn commands(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
    let cells = text.lines().filter(|line| line.starts_with('|')).flat_map(|line| line.split('`').skip(1).step_by(2));
    lines.chain(cells).filter(|line| line.starts_with("striate ")).map(str::to_owned).collect()
}

/// The examples of a help page.
fn examples(desk: &Desk, command: &str) -> Vec<String> {
    let help = desk.said(&format!("{command} --help"));
    let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1).take_while(|line| !line.is_empty());
    let lines: Vec<String> = lines.map(|line| line.trim().to_owned()).collect();
    assert!(!lines.is_empty(), "{command} has no examples");
    lines
}

/// The names of the commands that take a first word.
fn names(desk: &Desk) -> Vec<String> {
    let help = desk.said("--help");
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<String> = lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    assert!(names.len() > 20, "{names:?}");
    names.into_iter().filter(|name| name != "help").collect()
}

#[test]
#[ignore = "takes minutes in the dev profile: cargo test --test book -- --ignored"]
fn every_command_of_the_documents_runs() {
    let desk = furnished();
    let names = names(&desk);
    let mut lines: Vec<String> = names.iter().flat_map(|name| examples(&desk, name)).collect();
    for page in pages() {
        lines.extend(commands(&fs::read_to_string(page).unwrap()));
    }
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    lines.extend(commands(&readme));
    // In their order: some read what others wrote.
    let mut seen = HashSet::new();
    lines.retain(|line| seen.insert(line.clone()));
    let mut failed = Vec::new();
    for line in lines {
        let word = line.split_whitespace().nth(1).unwrap().to_owned();
        if !names.contains(&word) || LEFT_OUT.iter().any(|left| line.contains(left)) {
            continue;
        }
        let line = line.split(" #").next().unwrap().trim_end().to_owned();
        let quick = QUICK.iter().find(|(command, flag, _)| *command == word && !line.contains(flag));
        let quick = quick.map_or_else(String::new, |(_, flag, value)| format!(" {flag} {value}"));
        let shell = line.replacen("striate", env!("CARGO_BIN_EXE_striate"), 1) + &quick;
        let output = Command::new("sh").args(["-c", &shell]).current_dir(desk.path("")).output().unwrap();
        if !output.status.success() {
            failed.push(format!("{line}: {}", String::from_utf8_lossy(&output.stderr)));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_page_is_listed_and_every_link_leads_somewhere() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src");
    let summary = fs::read_to_string(folder.join("SUMMARY.md")).unwrap();
    for page in pages() {
        let name = page.strip_prefix(&folder).unwrap().to_string_lossy().replace('\\', "/");
        assert!(name == "SUMMARY.md" || summary.contains(&format!("({name})")), "{name} is not in SUMMARY.md");
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let inside = !link.contains("://");
            assert!(
                !inside || page.parent().unwrap().join(link).exists(),
                "{name} links to {link}, which is not there"
            );
        }
    }
}
