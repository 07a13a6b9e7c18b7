//! The user's choices about preparation and labels, remembered for each weights file.

use crate::{engine::Opening, picture::Preparation, weights::Source};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, path::PathBuf};

/// Choices that were made for one weights file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choices {
    /// About the preparation of pictures.
    pub preparation: Preparation,
    /// The file with the names of the classes.
    pub labels: Option<PathBuf>,
    /// The number of the change that made them: the most recent has the largest.
    changed: u64,
}

/// Choices by weights file. A file that is replaced by one of another size is another file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Remembered(BTreeMap<String, Choices>);

/// The most weights files that are remembered.
const MOST: usize = 100;

impl Remembered {
    /// The opening with the choices that were made for its weights, where it has none of its own.
    pub fn recall(&self, opening: Opening) -> Opening {
        if !opening.preparation.is_none() || opening.labels.is_some() {
            return opening;
        }
        match self.0.get(&key(&opening)) {
            Some(choices) => Opening {
                preparation: choices.preparation.clone(),
                // A file that is gone would keep the network from opening.
                labels: choices.labels.clone().filter(|path| path.is_file()),
                ..opening
            },
            None => opening,
        }
    }

    /// Remembers the choices of an opening; forgets its weights where it has none.
    pub fn keep(&mut self, opening: &Opening) {
        let key = key(opening);
        if opening.preparation.is_none() && opening.labels.is_none() {
            self.0.remove(&key);
            return;
        }
        let changed = self.0.values().map(|choices| choices.changed).max().unwrap_or(0) + 1;
        let (preparation, labels) = (opening.preparation.clone(), opening.labels.clone());
        self.0.insert(key, Choices { preparation, labels, changed });
        while self.0.len() > MOST {
            let Some(oldest) = self.0.iter().min_by_key(|(_, choices)| choices.changed).map(|(key, _)| key.clone())
            else {
                return;
            };
            self.0.remove(&oldest);
        }
    }
}

/// A weights file by its path and size; other weights by the network.
fn key(opening: &Opening) -> String {
    match &opening.weights {
        Source::File(path) => {
            let whole = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
            let bytes = fs::metadata(path).map_or(0, |info| info.len());
            format!("{} ({bytes} bytes)", whole.display())
        }
        weights => format!("{weights} for {}", opening.network),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn choices_are_remembered_for_a_file_and_its_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.pth");
        fs::write(&path, "abc").unwrap();
        let plain = Opening { weights: Source::File(path.clone()), ..Opening::of("photonet") };
        let preparation = Preparation { resize: Some(99), ..Preparation::default() };
        let chosen = Opening { preparation: preparation.clone(), ..plain.clone() };
        let mut remembered = Remembered::default();
        remembered.keep(&chosen);
        let text = serde_json::to_string(&remembered).unwrap();
        let remembered: Remembered = serde_json::from_str(&text).unwrap();
        assert_eq!(remembered.recall(plain.clone()), chosen);
        // Flags win over what was remembered, other weights have their own, and another file of this name is another.
        let flags = Opening { preparation: Preparation { whole: true, ..Preparation::default() }, ..plain.clone() };
        assert_eq!(remembered.recall(flags.clone()), flags);
        assert_eq!(remembered.recall(Opening::of("photonet")), Opening::of("photonet"));
        fs::write(&path, "abcd").unwrap();
        assert_eq!(remembered.recall(plain.clone()), plain);
        fs::write(&path, "abc").unwrap();
        let mut forgetful = remembered;
        forgetful.keep(&plain);
        assert_eq!(forgetful, Remembered::default());
    }

    #[test]
    fn the_oldest_choices_are_forgotten_first() {
        let mut remembered = Remembered::default();
        let of = |seed| Opening {
            weights: Source::Synthetic(seed),
            preparation: Preparation { whole: true, ..Preparation::default() },
            ..Opening::of("photonet")
        };
        (0..MOST as u64 + 5).for_each(|seed| remembered.keep(&of(seed)));
        assert_eq!(remembered.0.len(), MOST);
        let plain = |seed| Opening { preparation: Preparation::default(), ..of(seed) };
        assert_eq!(remembered.recall(plain(4)), plain(4));
        assert_eq!(remembered.recall(plain(5)), of(5));
    }
}
