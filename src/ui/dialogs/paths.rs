//! Paths as people give them: typed, pasted as text, or copied in a file manager.

use crate::{engine::VARIANT, formats};
use std::path::{Path, PathBuf};

/// The kind of a file, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A picture, or a folder of pictures.
    Picture,
    /// Weights for a network.
    Weights,
    /// A network with its weights.
    Network,
}

/// Endings of weights files.
pub const WEIGHTS: &[&str] = &["safetensors", "pth", "pt", "npz", "caffemodel"];
/// Endings of files that open as a network: weights, and whole networks.
pub fn openable() -> Vec<&'static str> {
    [WEIGHTS, &formats::ENDINGS, &[VARIANT]].concat()
}

/// Endings of files with the names of classes.
pub const LABELS: &[&str] = &["txt", "json", "names", "labels"];

impl FileKind {
    /// The kind of the file at a path.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        match ending.as_str() {
            ending if WEIGHTS.contains(&ending) => FileKind::Weights,
            ending if formats::ENDINGS.contains(&ending) || ending == VARIANT => FileKind::Network,
            _ => FileKind::Picture,
        }
    }
}

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

    #[test]
    fn kinds_are_told_by_the_ending() {
        for (name, kind) in [
            ("vgg16.PTH", FileKind::Weights),
            ("a/model.safetensors", FileKind::Weights),
            ("net.onnx", FileKind::Network),
            ("less.variant", FileKind::Network),
            ("cat.jpg", FileKind::Picture),
            ("folder", FileKind::Picture),
        ] {
            assert_eq!(FileKind::of(Path::new(name)), kind, "{name}");
        }
    }
}
