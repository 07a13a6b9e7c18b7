//! Paths as people give them: typed, pasted as text, or copied in a file manager.

use std::path::PathBuf;

/// The path in a text; `None` for a text that is no path. A path begins with `/`, `~/`, `file://` or a drive letter, or
/// stands in quotes. File managers copy files as a list of `file://` lines, of which the first counts.
#[must_use]
pub fn parse(text: &str) -> Option<PathBuf> {
    let text = text.trim();
    if let Some(uri) = text.lines().find_map(|line| line.trim().strip_prefix("file://")) {
        // The host before the path is empty or this machine.
        let path = uri.find('/').map_or(uri, |at| &uri[at..]);
        return Some(PathBuf::from(decoded(path)));
    }
    let quoted = |mark: char| text.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
    let text = quoted('"').or_else(|| quoted('\'')).unwrap_or(text);
    if text.lines().count() > 1 || text.len() > 4096 {
        return None;
    }
    if let Some(rest) = text.strip_prefix("~/") {
        return std::env::home_dir().map(|home| home.join(rest));
    }
    let is_drive = text.as_bytes().get(1..3).is_some_and(|rest| matches!(rest, b":\\" | b":/"));
    (text.len() > 1 && text.starts_with('/') || is_drive).then(|| PathBuf::from(text))
}

/// A path of a URI with its `%` escapes replaced. Bytes that are not UTF-8 become replacement characters.
fn decoded(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut found = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%').then(|| path.get(at + 1..at + 3)).flatten();
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                found.push(byte);
                at += 3;
            }
            None => {
                found.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&found).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_other_texts() {
        let path = |text: &str| parse(text).map(|path| path.display().to_string());
        assert_eq!(path("/home/me/a cat.png\n").as_deref(), Some("/home/me/a cat.png"));
        assert_eq!(path("'/home/me/cat.png'").as_deref(), Some("/home/me/cat.png"));
        assert_eq!(path("file:///home/me/a%20caf%C3%A9.png").as_deref(), Some("/home/me/a café.png"));
        assert_eq!(path("copy\nfile:///a.png\nfile:///b.png").as_deref(), Some("/a.png"));
        assert_eq!(path("file://localhost/a.png").as_deref(), Some("/a.png"));
        assert_eq!(path("file:///100%.png").as_deref(), Some("/100%.png"));
        for text in ["", "/", "a cat", "conv1/relu", "https://example.org/cat.png", "/a\n/b"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
