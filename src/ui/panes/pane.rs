//! A pane: an open panel with its options and pins, and its form in the settings.

use crate::{
    methods::Method,
    ui::{
        model::{
            commands::Command,
            export::Export,
            pin::{Pin, Pinned},
            state::{Selection, Shown, View},
        },
        panels::{
            self,
            panel::{Panel, PanelKind},
        },
    },
};
use eframe::egui::Ui;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value;
use std::sync::Arc;

/// A panel with its place in the registry.
pub struct Pane {
    kind: &'static PanelKind,
    panel: Box<dyn Panel>,
    pin: Pin,
}

impl Pane {
    /// One with the usual options.
    pub fn new(kind: &'static PanelKind) -> Self {
        Pane { kind, panel: (kind.make)(), pin: Pin::default() }
    }

    /// One with options in JSON; the usual ones where that is empty.
    pub fn with(kind: &'static PanelKind, options: &str) -> Self {
        let mut pane = Pane::new(kind);
        if let Ok(options) = serde_json::from_str(options) {
            pane.panel.restore(options);
        }
        pane
    }

    /// Another with the same options and pins.
    pub fn twin(&self) -> Self {
        let mut twin = Pane { pin: self.pin.clone(), ..Pane::new(self.kind) };
        twin.panel.restore(self.panel.options());
        twin
    }

    /// Its content, ready to be saved.
    pub fn export(&self, view: View) -> Option<Export> {
        let own = self.pin.selection(view);
        self.panel.export(View { shown: self.pin.shown(view.shown), selection: &own, ..view })
    }

    /// The method whose answer it shows, if there is one.
    pub fn method(&self) -> Option<&'static Method> {
        self.panel.method()
    }

    /// Its panel.
    pub fn kind(&self) -> &'static PanelKind {
        self.kind
    }

    /// Its pins.
    pub fn pin(&self) -> &Pin {
        &self.pin
    }

    /// Brings the run of an earlier session that it is pinned to.
    pub fn bring(&mut self, shown: Arc<Shown>) {
        self.pin.to_run(shown);
    }

    /// Pins what it shows, or lets it follow.
    pub fn toggle_pin(&mut self, part: Pinned, view: View, shown: &Arc<Shown>) {
        self.pin.toggle(part, view, shown);
    }

    /// Draws the panel, with the pane's pins in place of the selection.
    pub fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        if !self.pin.is_any() {
            return self.panel.ui(ui, view, out);
        }
        let own = self.pin.selection(view);
        let mut asked = Vec::new();
        // Only the present picture is compared.
        let other = view.other.filter(|_| !self.pin.holds(Pinned::Run));
        self.panel.ui(ui, View { shown: self.pin.shown(view.shown), other, selection: &own, ..view }, &mut asked);
        out.extend(asked.into_iter().filter_map(|command| keep(&mut self.pin, command, &own, view.shown)));
    }
}

/// Applies a command to the pane's own pin where it concerns only the pane; returns every other command.
fn keep(pin: &mut Pin, command: Command, own: &Selection, present: &Shown) -> Option<Command> {
    let keeps_place = pin.keeps_place(present);
    match command {
        Command::SelectLayer(layer) if keeps_place => pin.set_layer(layer, present),
        Command::SelectUnit(unit, position) if keeps_place => pin.set_unit(own.layer, unit, position),
        Command::SelectClass(Some(class)) if pin.keeps_class(present) => pin.set_class(Some(class)),
        Command::SelectClass(None) if pin.holds(Pinned::Class) => pin.set_class(None),
        // A pinned picture stays as it is.
        Command::Alter(_) if pin.run().is_some() => {}
        // The arrow keys walk over the grid of a pane that follows the selection.
        Command::ShowGrid(_) if keeps_place => {}
        other => return Some(other),
    }
    None
}

/// A pane as settings hold it.
#[derive(Serialize, Deserialize)]
struct KeptPane {
    panel: String,
    options: Value,
    #[serde(default)]
    pin: Value,
}

impl Serialize for Pane {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pin = serde_json::to_value(self.pin.kept()).unwrap_or_default();
        KeptPane { panel: self.kind.name.into(), options: self.panel.options(), pin }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Pane {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let kept = KeptPane::deserialize(deserializer)?;
        let kind = panels::find(&kept.panel).ok_or_else(|| D::Error::custom("a pane of another version"))?;
        let mut pane = Pane::new(kind);
        pane.panel.restore(kept.options);
        // A pin that makes no sense costs no more than itself.
        pane.pin = Pin::restored(serde_json::from_value(kept.pin).unwrap_or_default());
        Ok(pane)
    }
}
