//! The kind of a file or a folder, by its ending or its content.

use super::variant_file::VARIANT;
use crate::{formats, picture, weights};
use std::path::Path;

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

/// The part behind the last dot of a weights file's name: `tar` of `.pth.tar`.
fn weights_endings() -> impl Iterator<Item = &'static str> {
    weights::ENDINGS.iter().filter_map(|ending| ending.rsplit('.').next())
}

/// Endings of files that open as a network: weights, and whole networks.
pub fn openable() -> Vec<&'static str> {
    weights_endings().chain(formats::ENDINGS).chain([VARIANT]).collect()
}

/// Endings of files with the names of classes.
pub const LABELS: &[&str] = &["txt", "json", "names", "labels"];

impl FileKind {
    /// The kind of the file or folder at a path: by its ending, else by its content.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        match ending.as_str() {
            ending if weights_endings().any(|known| known == ending) => FileKind::Weights,
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

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
