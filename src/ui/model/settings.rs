//! What is kept between sessions. A file of another version, or a broken one, costs only what cannot be read of it.

use crate::ui::{
    model::state::Look,
    panes::{Pane, arrangement},
};
use egui_tiles::Tree;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// What was kept; usual values where nothing was, or nothing that makes sense.
#[derive(Default)]
pub struct Settings {
    /// The light theme.
    pub light: bool,
    /// How feature maps are coloured.
    pub look: Look,
    /// Where the last file was.
    pub folder: Option<PathBuf>,
    /// Files of pictures that ran, the newest first.
    pub recent: Vec<PathBuf>,
    /// The arrangement.
    pub panes: Option<Tree<Pane>>,
}

impl Settings {
    /// Reads them.
    pub fn read(text: &str) -> Self {
        let Ok(Value::Object(mut kept)) = serde_json::from_str(text) else { return Settings::default() };
        let mut panes = take::<Option<Tree<Pane>>>(&mut kept, "panes").filter(has_panes);
        if let Some(panes) = &mut panes {
            arrangement::complete(panes, &take::<Vec<String>>(&mut kept, "known"));
        }
        Settings {
            panes,
            light: take(&mut kept, "light"),
            look: take(&mut kept, "look"),
            folder: take(&mut kept, "folder"),
            recent: take(&mut kept, "recent"),
        }
    }
}

/// The same to be written, borrowed from whoever holds it.
#[derive(Serialize)]
pub struct Kept<'a> {
    /// See [`Settings`].
    pub light: bool,
    /// See [`Settings`].
    pub look: Look,
    /// See [`Settings`].
    pub folder: &'a Option<PathBuf>,
    /// See [`Settings`].
    pub recent: &'a [PathBuf],
    /// See [`Settings`].
    pub panes: &'a Tree<Pane>,
    /// The names of all panes there were: of those, what is not in the arrangement was closed.
    pub known: Vec<&'a str>,
}

/// Whether there is something to see: a root that is not among the tiles would leave the window empty for good.
fn has_panes(panes: &Tree<Pane>) -> bool {
    panes.root.is_some_and(|root| panes.tiles.get(root).is_some())
}

fn take<T: DeserializeOwned + Default>(kept: &mut Map<String, Value>, name: &str) -> T {
    kept.remove(name).and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ui::panes::arrangement::first_arrangement;

    fn kept(panes: &Tree<Pane>) -> String {
        let (folder, recent) = (Some(PathBuf::from("/somewhere")), vec![PathBuf::from("/somewhere/cat.png")]);
        let kept =
            Kept { light: true, look: Look::default(), folder: &folder, recent: &recent, panes, known: Vec::new() };
        serde_json::to_string(&kept).unwrap()
    }

    #[test]
    fn what_was_kept_is_read() {
        let settings = Settings::read(&kept(&first_arrangement(eframe::egui::vec2(1280.0, 800.0))));
        assert!(settings.light && settings.panes.is_some());
        assert_eq!(settings.recent, [PathBuf::from("/somewhere/cat.png")]);
        let tiles = |panes: &Tree<Pane>| panes.tiles.len();
        assert_eq!(tiles(&settings.panes.unwrap()), tiles(&first_arrangement(eframe::egui::vec2(1280.0, 800.0))));
    }

    #[test]
    fn a_broken_file_costs_only_what_is_broken() {
        let whole = kept(&first_arrangement(eframe::egui::vec2(1280.0, 800.0)));
        let other = whole.replace("\"activations\"", "\"a pane of another version\"");
        assert_ne!(whole, other);
        let settings = Settings::read(&other);
        assert!(settings.panes.is_none() && settings.light && settings.folder.is_some());
        let settings = Settings::read(&whole.replace("\"light\":true", "\"light\":\"yes\""));
        assert!(settings.panes.is_some() && !settings.light);
        // Cut off anywhere, or something else altogether.
        for end in (0..whole.len()).step_by(7) {
            assert!(whole.get(..end).is_none_or(|part| Settings::read(part).panes.is_none()));
        }
        for text in ["", "null", "[1]", "{\"panes\":{}}", "\u{0}\u{1}"] {
            assert!(Settings::read(text).panes.is_none());
        }
    }
}
