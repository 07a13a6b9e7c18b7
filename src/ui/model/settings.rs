//! The settings that the window keeps between sessions. An entry that does not parse falls back to its
//! default; the others are kept.

use crate::ui::model::{arrangement::Arrangement, remembered::Remembered, state::Colouring};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, path::PathBuf};

/// The window's settings as they are stored.
#[derive(Debug, Default, Serialize)]
pub struct Preferences {
    /// Whether the theme is light.
    pub light: bool,
    /// The colours of feature maps.
    pub look: Colouring,
    /// The folder of the file that was opened or saved last.
    pub folder: Option<PathBuf>,
    /// Files of pictures that ran, the newest first.
    pub recent: Vec<PathBuf>,
    /// Whether the user has gone from layer to layer before.
    pub slid: bool,
    /// Weights files that were opened, the newest first.
    pub models: Vec<PathBuf>,
    /// Choices about preparation and labels, by weights file.
    pub prepared: Remembered,
    /// The arrangement on screen.
    pub arrangement: Arrangement,
    /// The panes of every arrangement that was changed, as JSON: see [`crate::ui::panes::arrangement`].
    pub panes: BTreeMap<Arrangement, Value>,
    /// The names of all panels of the version that wrote this. One of these that is missing in `panes` was closed.
    pub known: Vec<String>,
}

impl Preferences {
    /// Reads settings from JSON.
    pub fn read(text: &str) -> Self {
        let Ok(Value::Object(mut kept)) = serde_json::from_str(text) else { return Preferences::default() };
        Preferences {
            light: take(&mut kept, "light"),
            look: take(&mut kept, "look"),
            folder: take(&mut kept, "folder"),
            recent: take(&mut kept, "recent"),
            slid: take(&mut kept, "slid"),
            models: take(&mut kept, "models"),
            prepared: take(&mut kept, "prepared"),
            arrangement: take(&mut kept, "arrangement"),
            panes: take(&mut kept, "panes"),
            known: take(&mut kept, "known"),
        }
    }
}

fn take<T: DeserializeOwned + Default>(kept: &mut Map<String, Value>, name: &str) -> T {
    kept.remove(name).and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn kept() -> String {
        let kept = Preferences {
            light: true,
            folder: Some(PathBuf::from("/somewhere")),
            recent: vec![PathBuf::from("/somewhere/cat.png")],
            panes: BTreeMap::from([(Arrangement::Unit, serde_json::json!({"root": 1}))]),
            ..Preferences::default()
        };
        serde_json::to_string(&kept).unwrap()
    }

    #[test]
    fn settings_survive_a_round_trip() {
        let settings = Preferences::read(&kept());
        assert!(settings.light && !settings.panes.is_empty());
        assert_eq!(settings.recent, [PathBuf::from("/somewhere/cat.png")]);
    }

    #[test]
    fn a_broken_entry_costs_only_itself() {
        let whole = kept();
        let settings = Preferences::read(&whole.replace("\"light\":true", "\"light\":\"yes\""));
        assert!(!settings.light && settings.folder.is_some() && !settings.panes.is_empty());
        // Cut off anywhere, or another kind of JSON.
        for end in (0..whole.len()).step_by(7) {
            assert!(whole.get(..end).is_none_or(|part| Preferences::read(part).panes.is_empty()));
        }
        for text in ["", "null", "[1]", "\u{0}\u{1}"] {
            assert!(!Preferences::read(text).light);
        }
    }
}
