//! The panes, one file each. [`PANELS`] lists them; the arrangement, the tabs and the menus are derived from it.
//!
//! Architecture invariant: a panel reads a [`View`] and asks by [`Command`]s; it changes nothing but its own options.

mod activations;
mod cam;
mod compare;
mod convolution;
mod deconvnet;
mod filters;
mod folder;
mod heat;
mod invariance;
mod layers;
mod magnifier;
mod network;
mod pad;
mod picture;
mod saliency;
mod scores;
mod sides;
mod synthesis;
mod unit;

use crate::ui::model::{commands::Command, export::Export, state::View};
use eframe::egui::Ui;
use serde_json::Value;

/// A pane at work.
pub trait Panel {
    /// Draws it.
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>);

    /// What saving it writes; `None` while it shows nothing.
    fn export(&self, view: View) -> Option<Export>;

    /// Its options, as they are kept between sessions.
    fn options(&self) -> Value {
        Value::Null
    }

    /// Takes up options of an earlier session, as far as they make sense.
    fn restore(&mut self, _options: Value) {}
}

/// A pane as the registry knows it.
pub struct Kind {
    /// Its name in saved arrangements.
    pub name: &'static str,
    /// On its tab.
    pub title: &'static str,
    /// What it shows, for whoever rests on the tab.
    pub about: &'static str,
    /// Makes one.
    pub make: fn() -> Box<dyn Panel>,
}

/// Every pane.
pub const PANELS: &[Kind] = &[
    activations::KIND,
    filters::KIND,
    network::KIND,
    layers::KIND,
    saliency::KIND,
    cam::KIND,
    deconvnet::KIND,
    picture::KIND,
    folder::KIND,
    unit::KIND,
    magnifier::KIND,
    compare::KIND,
    convolution::KIND,
    invariance::KIND,
    pad::KIND,
    scores::KIND,
    synthesis::KIND,
];

/// The pane called `name`.
pub fn find(name: &str) -> Option<&'static Kind> {
    PANELS.iter().find(|kind| kind.name == name)
}

/// A panel's options as they are kept.
fn keep<T: serde::Serialize>(options: &T) -> Value {
    serde_json::to_value(options).unwrap_or_default()
}

/// Kept options, or the usual ones where they make no sense.
fn take<T: serde::de::DeserializeOwned + Default>(options: Value) -> T {
    serde_json::from_value(options).unwrap_or_default()
}
