//! The book's pages about methods and panes are written from the program's own registries, so that a fact has one copy.
//!
//!     STRIATE_BLESS=1 cargo test --test book_pages        writes the pages anew
//!
//! The example pictures in docs/src/pictures/methods are made by the commands on the pages, with `sample:chelsea`.
#![allow(clippy::unwrap_used)]

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};
use striate::methods::{CAMS, METHODS, Method};

fn book() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src")
}

/// Compares a page of the book with what it should say, or writes it.
fn check(page: &str, text: &str) {
    let path = book().join(page);
    if std::env::var_os("STRIATE_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default().replace('\r', "");
    assert!(found == text, "{page} is not what the program says: STRIATE_BLESS=1 cargo test --test book_pages");
}

/// The page of a method that `striate COMMAND` runs.
fn page(command: &str, pane: &str, method: &Method) -> String {
    let Method { name, title, about, formula, paper, caution, .. } = method;
    let mut text = format!(
        "# {title}\n\n{about}\n\n    striate {command} photo.jpg --method {name} --out {name}.png\n\n\
         In the window: the {pane} pane, *{title}* in its bar.\n\n\
         ![{title} of a cat](../pictures/methods/{name}.jpg)\n\n\
         ## Formula\n`{formula}`\n\nS is the score, x the network's input, A the feature maps of the layer.\n\n\
         ## Paper\n{paper}\n\n## When to believe it\n"
    );
    text += match *caution {
        "" => "No fault of its own is known.",
        known => known,
    };
    text += " [Three tests](../trust.md) say more about one picture: `--check` runs them.\n";
    if !method.parameters.is_empty() {
        text += "\n## Parameters\n`--set NAME=VALUE` sets one, as do the controls of the pane.\n\n";
        text += "| name | default (possible values) | effect |\n|---|---|---|\n";
        for parameter in method.parameters {
            writeln!(text, "| {} | {parameter} | {} |", parameter.name, parameter.about).unwrap();
        }
    }
    text
}

/// Every method of the two registries, with its command and its pane.
fn methods() -> impl Iterator<Item = (&'static str, &'static str, &'static Method)> {
    let pixels = METHODS.iter().map(|method| ("saliency", "Saliency", method));
    pixels.chain(CAMS.iter().map(|method| ("cam", "CAM", method)))
}

#[test]
fn every_method_has_its_page_and_picture() {
    for (command, pane, method) in methods() {
        check(&format!("methods/{}.md", method.name), &page(command, pane, method));
    }
    let picture = |method: &Method| book().join(format!("pictures/methods/{}.jpg", method.name));
    let missing: Vec<_> = methods().filter(|(_, _, method)| !picture(method).exists()).map(|one| one.2.name).collect();
    assert!(missing.is_empty(), "docs/src/pictures/methods lacks {}", missing.join(", "));
}

#[test]
fn the_list_of_methods_is_complete() {
    let mut text =
        String::from("# All methods\n\nEach has a page. The command is `striate saliency` or `striate cam`.\n");
    for (heading, list) in [("Which pixels matter", METHODS), ("Where a class is seen", CAMS)] {
        write!(text, "\n## {heading}\n| method | formula | paper |\n|---|---|---|\n").unwrap();
        for Method { name, title, formula, paper, .. } in list {
            let formula = formula.replace('|', "\\|");
            writeln!(text, "| [{title}](methods/{name}.md) | `{formula}` | {paper} |").unwrap();
        }
    }
    check("methods.md", &text);
    let summary = fs::read_to_string(book().join("SUMMARY.md")).unwrap();
    for (_, _, Method { name, title, .. }) in methods() {
        let line = format!("  - [{title}](methods/{name}.md)");
        assert!(summary.lines().any(|own| own == line), "SUMMARY.md lacks the line '{line}'");
    }
}

#[cfg(feature = "gui")]
#[test]
fn the_list_of_panes_is_complete() {
    let mut text = String::from(
        "# Panes of the window\n\nCtrl+P opens a pane by its name. The \"?\" of a pane shows what stands here.\n",
    );
    for kind in striate::ui::panels::PANELS {
        write!(text, "\n## {}\n{}\n\n{}\n", kind.title, kind.about, kind.how).unwrap();
        if !kind.formula.is_empty() {
            write!(text, "\nFormula: `{}`\n", kind.formula).unwrap();
        }
        if !kind.paper.is_empty() {
            write!(text, "\nPaper: {}.\n", kind.paper).unwrap();
        }
    }
    check("panes.md", &text);
    // A pane without a formula shows a method, which has its own, or computes nothing.
    let without = striate::ui::panels::PANELS.iter().filter(|kind| kind.formula.is_empty() || kind.paper.is_empty());
    let without: Vec<&str> = without.filter(|kind| (kind.make)().method().is_none()).map(|kind| kind.name).collect();
    assert_eq!(without, ["folder", "glossary"]);
}
