//! What the outputs of a network mean.

use crate::{Error, Result, error::nearest};
use serde::Deserialize;
use std::sync::OnceLock;

/// One class.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Label {
    /// WordNet id, where the classes are ImageNet's.
    #[serde(default)]
    pub wnid: Option<String>,
    /// The class's names, comma-separated, the usual one first.
    pub name: String,
}

impl Label {
    /// The first of the names.
    pub fn short(&self) -> &str {
        self.name.split(',').next().unwrap_or(&self.name).trim()
    }
}

/// A list of classes that ships with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// ImageNet's 1000 classes, in torchvision's order.
    ImageNet,
    /// The 200 classes of Tiny-ImageNet.
    TinyImageNet,
    /// The ten classes of CIFAR-10.
    Cifar10,
    /// The ten digits.
    Digits,
    /// The 361 points of a Go board, row by row from the top: A19 to T1, without I.
    GoBoard,
    /// The classes of a network of one's own, kept for the life of the program.
    Own(&'static [Label]),
}

impl Labels {
    /// Classes that were read from a file.
    pub fn own(labels: Vec<Label>) -> Self {
        Labels::Own(labels.leak())
    }

    /// The classes in output order.
    pub fn all(self) -> &'static [Label] {
        static IMAGENET: OnceLock<Vec<Label>> = OnceLock::new();
        static TINY_IMAGENET: OnceLock<Vec<Label>> = OnceLock::new();
        static CIFAR10: OnceLock<Vec<Label>> = OnceLock::new();
        static DIGITS: OnceLock<Vec<Label>> = OnceLock::new();
        static GO_BOARD: OnceLock<Vec<Label>> = OnceLock::new();
        // A list that does not parse would be a defect of the build; a test reads them all.
        let read = |text: &str| serde_json::from_str(text).unwrap_or_default();
        match self {
            Labels::ImageNet => IMAGENET.get_or_init(|| read(include_str!("../../assets/labels/imagenet.json"))),
            Labels::TinyImageNet => {
                TINY_IMAGENET.get_or_init(|| read(include_str!("../../assets/labels/photonet.json")))
            }
            Labels::Cifar10 => CIFAR10.get_or_init(|| read(include_str!("../../assets/labels/cifar10.json"))),
            Labels::Digits => DIGITS.get_or_init(|| read(include_str!("../../assets/labels/digits.json"))),
            Labels::GoBoard => GO_BOARD.get_or_init(go_board),
            Labels::Own(labels) => labels,
        }
    }

    /// The short name of class `index`.
    pub fn short(self, index: usize) -> &'static str {
        self.all().get(index).map_or("?", Label::short)
    }

    /// The class that `text` names: an index, a WordNet id, a whole name or one of its comma-separated names.
    ///
    /// # Errors
    /// [`Error::Usage`] with the nearest names.
    pub fn find(self, text: &str) -> Result<usize> {
        let labels = self.all();
        if let Ok(index) = text.parse::<usize>() {
            let last = labels.len().saturating_sub(1);
            return (index < labels.len())
                .then_some(index)
                .ok_or_else(|| Error::Usage(format!("class {index} does not exist: the classes are 0 to {last}")));
        }
        let is = |name: &str| name.trim().eq_ignore_ascii_case(text.trim());
        let exact = |label: &Label| label.wnid.as_deref().is_some_and(is) || is(&label.name);
        let found = labels.iter().position(exact);
        found.or_else(|| labels.iter().position(|label| label.name.split(',').any(is))).ok_or_else(|| {
            let near = nearest(text, labels.iter().map(Label::short));
            let hint = if near.is_empty() { "give an index or a label".to_owned() } else { near.join(" or ") + "?" };
            Error::Usage(format!("unknown class '{text}': {hint}"))
        })
    }
}

fn go_board() -> Vec<Label> {
    let row = |row: usize| "ABCDEFGHJKLMNOPQRST".chars().map(move |column| format!("{column}{row}"));
    (1..=19).rev().flat_map(row).map(|name| Label { wnid: None, name }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lists_parse_and_classes_are_found_by_index_name_and_wordnet_id() {
        assert_eq!(Labels::ImageNet.all().len(), 1000);
        assert_eq!(Labels::TinyImageNet.all().len(), 200);
        assert_eq!(Labels::Cifar10.short(9), "truck");
        assert_eq!(Labels::Digits.all().len(), 10);
        assert_eq!(Labels::GoBoard.all().len(), 361);
        assert_eq!(Labels::GoBoard.find("Q16").unwrap(), 3 * 19 + 15);
        assert_eq!(Labels::GoBoard.short(360), "T1");
        assert_eq!(Labels::ImageNet.short(281), "tabby");
        let lemon = Labels::ImageNet.find("lemon").unwrap();
        assert_eq!(Labels::ImageNet.find("n07749582").unwrap(), lemon);
        assert_eq!(Labels::ImageNet.find("951").unwrap(), lemon);
        assert!(Labels::ImageNet.find("1000").is_err());
        assert!(Labels::ImageNet.find("lemmon").unwrap_err().to_string().contains("lemon"));
    }
}
