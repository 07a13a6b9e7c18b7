//! The trait of every panel, and its entry in the list of panels.
//!
//! Architecture invariant: a panel reads a [`View`] and returns [`Command`]s; it changes only its own options.

use crate::{
    methods::Method,
    ui::model::{commands::Command, export::Export, state::View},
};
use eframe::egui::Ui;
use serde_json::Value;

/// A panel: the code of one view.
pub trait Panel {
    /// Draws it.
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>);

    /// Its content, ready to be saved; `None` while it shows nothing.
    fn export(&self, view: View) -> Option<Export>;

    /// The method whose answer it shows, if there is one.
    fn method(&self) -> Option<&'static Method> {
        None
    }

    /// Its options, as they are kept between sessions.
    fn options(&self) -> Value {
        Value::Null
    }

    /// Takes up options of an earlier session, as far as they make sense.
    fn restore(&mut self, _options: Value) {}
}

/// A panel's entry in the list: its names, and how to make one.
pub struct PanelKind {
    /// Its name in saved arrangements.
    pub name: &'static str,
    /// On its tab.
    pub title: &'static str,
    /// Hover text of the tab.
    pub about: &'static str,
    /// How to read it.
    pub how: &'static str,
    /// The formula of what it shows; empty where there is none, or where its method has it.
    pub formula: &'static str,
    /// Where that was published; empty where there is none, or where its method has it.
    pub paper: &'static str,
    /// Makes one.
    pub make: fn() -> Box<dyn Panel>,
}

/// A panel's options as JSON, for the settings.
pub fn keep<T: serde::Serialize>(options: &T) -> Value {
    serde_json::to_value(options).unwrap_or_default()
}

/// Options read from JSON; the defaults where it does not parse.
pub fn take<T: serde::de::DeserializeOwned + Default>(options: Value) -> T {
    serde_json::from_value(options).unwrap_or_default()
}
