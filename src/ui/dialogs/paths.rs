//! Paths as people give them: typed, pasted as text, or copied in a file manager.

use crate::{engine::VARIANT, formats, picture, weights};
use std::path::{Path, PathBuf};

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A picture, or a folder of pictures.
    Picture,
    /// Weights for a network.
    Weights,
    /// A network with its weights.
    Network,
    /// The names of classes.
    Labels,
}

/// Endings of weights files; `tar` is that of `.pth.tar`.
pub const WEIGHTS: &[&str] = &["safetensors", "pth", "pt", "bin", "ckpt", "tar", "npz", "caffemodel"];
/// Endings of files that open as a network: weights, and whole networks.
pub fn openable() -> Vec<&'static str> {
    [WEIGHTS, &formats::ENDINGS, &[VARIANT]].concat()
}

/// Endings of files with the names of classes.
pub const LABELS: &[&str] = &["txt", "json", "names", "labels"];

impl FileKind {
    /// The kind of the file or folder at a path: by its ending, else by its content.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        match ending.as_str() {
            ending if WEIGHTS.contains(&ending) => FileKind::Weights,
            ending if formats::ENDINGS.contains(&ending) || ending == VARIANT => FileKind::Network,
            ending if picture::ENDINGS.contains(&ending) => FileKind::Picture,
            _ if weights::is_checkpoint(path) && !holds_pictures(path) => FileKind::Weights,
            _ if path.is_file() && formats::is_network(path) => FileKind::Network,
            ending if LABELS.contains(&ending) => FileKind::Labels,
            _ => FileKind::Picture,
        }
    }
}

fn holds_pictures(folder: &Path) -> bool {
    folder.is_dir() && picture::pictures_in(folder).is_ok_and(|found| !found.is_empty())
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
    #![allow(clippy::unwrap_used)]
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
            ("best.pth.tar", FileKind::Weights),
            ("pytorch_model.bin", FileKind::Weights),
            ("classes.txt", FileKind::Labels),
            ("cat.jpg", FileKind::Picture),
            ("folder", FileKind::Picture),
        ] {
            assert_eq!(FileKind::of(Path::new(name)), kind, "{name}");
        }
    }

    #[test]
    fn other_kinds_are_told_by_the_content() {
        let root = tempfile::tempdir().unwrap();
        let made = |name: &str, bytes: &[u8]| {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let checkpoint = b"\x02\0\0\0\0\0\0\0{}";
        let kind = |path: &Path| FileKind::of(path);
        assert_eq!(kind(&made("last", checkpoint)), FileKind::Weights);
        assert_eq!(kind(&made("model.safetensors.index.json", b"{}")), FileKind::Weights);
        assert_eq!(kind(&made("classes.json", b"{}")), FileKind::Labels);
        assert_eq!(kind(&made("cat", b"GIF89a")), FileKind::Picture);
        assert_eq!(kind(made("hub/model.safetensors", checkpoint).parent().unwrap()), FileKind::Weights);
        made("pets/notes.pth", checkpoint);
        assert_eq!(kind(made("pets/cat.jpg", b"").parent().unwrap()), FileKind::Picture);
    }
}
