//! File names as users give them, and other people's text as the program shows it.
//!
//! A file name is bytes: it need not be UTF-8, and it may hold what a terminal takes for commands. So may labels, the
//! headers of pictures and the names in weights files.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// The path that a user means by `text`: `~` alone or before a slash is the home folder, unless a file of that name
/// exists. Shells leave it alone behind `=` and in what is pasted into a window.
pub fn from_user(text: impl AsRef<OsStr>) -> PathBuf {
    expand(Path::new(text.as_ref()), env::var_os("HOME").or_else(|| env::var_os("USERPROFILE")).as_deref())
}

fn expand(path: &Path, home: Option<&OsStr>) -> PathBuf {
    let home = home.filter(|home| !home.is_empty());
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) if !path.exists() => match rest.as_os_str().is_empty() {
            true => PathBuf::from(home),
            false => Path::new(home).join(rest),
        },
        _ => path.to_owned(),
    }
}

/// `text` without what a terminal would obey or show out of order: control characters and marks of writing direction
/// become U+FFFD. Line feeds and tabs stay.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if is_harmless(c) || matches!(c, '\n' | '\t') { c } else { char::REPLACEMENT_CHARACTER })
        .collect()
}

/// At most `most` characters of `text`, all on one line and [`printable`]; what was cut is shown as `…`.
pub fn brief(text: &str, most: usize) -> String {
    let mut line: String =
        text.chars().take(most).map(|c| if is_harmless(c) { c } else { char::REPLACEMENT_CHARACTER }).collect();
    if text.chars().nth(most).is_some() {
        line.pop();
        line.push('…');
    }
    line
}

fn is_harmless(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !c.is_control() && !turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_the_home_folder_only_at_the_start_and_alone() {
        let home = |text: &str| expand(Path::new(text), Some(OsStr::new("/home/ada"))).display().to_string();
        let texts = ["~", "~/a.png", "~ada/a.png", "a~/b", "/~/a", "~/"];
        assert_eq!(texts.map(home), ["/home/ada", "/home/ada/a.png", "~ada/a.png", "a~/b", "/~/a", "/home/ada"]);
        assert_eq!(expand(Path::new("~/a"), None), Path::new("~/a"));
        assert_eq!(expand(Path::new("~/a"), Some(OsStr::new(""))), Path::new("~/a"));
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_printable() {
        assert_eq!(
            printable("a\x1b[31mb\x07\u{9b}c\u{202e}d\r\n\te"),
            "a\u{fffd}[31mb\u{fffd}\u{fffd}c\u{fffd}d\u{fffd}\n\te"
        );
        assert_eq!(printable("Mönch, 修道士"), "Mönch, 修道士");
        assert_eq!(brief("abc", 3), "abc");
        assert_eq!(brief("ab\ncd", 4), "ab\u{fffd}…");
        assert_eq!(brief(&"a".repeat(70_000), 100).chars().count(), 100);
    }
}
