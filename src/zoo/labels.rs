//! The meaning of a network's outputs.

use crate::{Error, Result, error::nearest};
use serde::Deserialize;
use std::sync::{Arc, OnceLock};

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

/// The classes of a network: a list that ships with the program, or one of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Classes that a file names.
    Own(Arc<[Label]>),
}

impl Labels {
    /// Classes that were read from a file.
    pub fn own(labels: Vec<Label>) -> Self {
        Labels::Own(labels.into())
    }

    /// The classes in output order.
    pub fn all(&self) -> &[Label] {
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
    pub fn short(&self, index: usize) -> &str {
        self.all().get(index).map_or("?", Label::short)
    }

    /// Labels for `count` classes without names: `class 0`, `class 1`, and so on.
    pub fn indexed(count: usize) -> Self {
        Labels::own((0..count).map(|index| Label { wnid: None, name: format!("class {index}") }).collect())
    }

    /// The class that `text` means: a label, else a WordNet id, else an index. Where the labels are numbers, a number
    /// is a label only. A label is a whole entry or one of its comma-separated names.
    ///
    /// # Errors
    /// [`Error::Usage`] when no class has this name, with the nearest names, or when several have it, with their indices.
    pub fn find(&self, text: &str) -> Result<usize> {
        self.look_up(text)?.ok_or_else(|| {
            let near = nearest(text, self.all().iter().map(Label::short));
            let hint = if near.is_empty() { "give an index or a label".to_owned() } else { near.join(" or ") + "?" };
            match text.trim().parse::<usize>() {
                Ok(index) if !self.are_numbers() => {
                    let last = self.all().len().saturating_sub(1);
                    Error::Usage(format!("class {index} does not exist: the classes are 0 to {last}"))
                }
                _ => Error::Usage(format!("unknown class '{text}': {hint}")),
            }
        })
    }

    /// As [`Labels::find`], but `None` when no class has this name.
    ///
    /// # Errors
    /// [`Error::Usage`] when several classes have it, with their indices.
    pub fn look_up(&self, text: &str) -> Result<Option<usize>> {
        let (labels, text) = (self.all(), text.trim());
        let is = |name: &str| name.trim().eq_ignore_ascii_case(text);
        let any = |fits: &dyn Fn(&Label) -> bool| {
            let found = labels.iter().enumerate().filter(|(_, label)| fits(label));
            found.map(|(index, _)| index).collect::<Vec<_>>()
        };
        if text.is_empty() {
            return Ok(None);
        }
        let mut found = any(&|label| is(&label.name) || label.name.split(',').any(is));
        if found.is_empty() {
            found = any(&|label| label.wnid.as_deref().is_some_and(is));
        }
        match *found {
            [] if self.are_numbers() => Ok(None),
            [] => Ok(text.parse().ok().filter(|&index: &usize| index < labels.len())),
            [index] => Ok(Some(index)),
            _ => {
                let shown: Vec<String> = found.iter().take(8).map(usize::to_string).collect();
                let more = if found.len() > shown.len() { " and others" } else { "" };
                let classes = format!("{}{more}", shown.join(" and "));
                Err(Error::Usage(format!("several classes are called '{text}': {classes}; give the index of one")))
            }
        }
    }

    /// Whether a label is a whole number, so that a number can not be told from an index.
    fn are_numbers(&self) -> bool {
        self.all().iter().any(|label| label.name.trim().parse::<u64>().is_ok())
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
        assert_eq!(Labels::indexed(3).find("2").unwrap(), 2);
        assert_eq!(Labels::indexed(3).short(2), "class 2");
    }

    #[test]
    fn a_name_of_several_classes_is_refused_with_their_indices() {
        for (name, indices) in [("crane", ["134", "517"]), ("maillot", ["638", "639"])] {
            let said = Labels::ImageNet.find(name).unwrap_err().to_string();
            assert!(indices.iter().all(|index| said.contains(index)), "{said}");
        }
        assert_eq!(Labels::ImageNet.find("517").unwrap(), 517);
        assert_eq!(Labels::ImageNet.find("maillot, tank suit").unwrap(), 639);
    }

    #[test]
    fn labels_that_are_numbers_come_before_indices() {
        let own = |names: &[&str]| {
            Labels::own(names.iter().map(|name| Label { wnid: None, name: (*name).to_owned() }).collect())
        };
        let reversed = own(&["2", "1", "0"]);
        assert_eq!(["0", "1", "2"].map(|name| reversed.find(name).unwrap()), [2, 1, 0]);
        // An index would be read as another class's label.
        assert!(own(&["10", "20"]).find("1").unwrap_err().to_string().contains("unknown class '1'"));
        assert_eq!(own(&["cat", "n02123045"]).find("n02123045").unwrap(), 1);
    }
}
