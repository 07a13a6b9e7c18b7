//! Pages over the window: the keys, the finder, and the program's name and version.

use super::{finder, keys::keys_page};
use crate::ui::{
    background::camera::Filming,
    model::{commands::Command, state::Shown},
    theme::Palette,
};
use eframe::egui::{self, Align2, RichText, Ui};

/// A page over the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Overlay {
    /// None.
    #[default]
    None,
    /// The list of keys.
    Keys,
    /// The name and version of the program.
    About,
    /// The search for commands, layers, classes and more.
    Finder(finder::FinderState),
}

/// Draws the page over the window, if there is one.
pub fn overlay(
    ctx: &egui::Context,
    overlay: &mut Overlay,
    shown: Option<&Shown>,
    filming: Filming,
    palette: &Palette,
    out: &mut Vec<Command>,
) {
    if *overlay == Overlay::None {
        return;
    }
    let id = egui::Id::unique("overlay");
    let mut modal = egui::Modal::new(id);
    if let Overlay::Finder(_) = overlay {
        // The text field stays in place however many matches the search lists.
        modal = modal.area(egui::Modal::default_area(id).anchor(Align2::CENTER_TOP, [0.0, 96.0]));
    }
    let response = modal.show(ctx, |ui| {
        ui.set_width(if *overlay == Overlay::Keys { 680.0 } else { 420.0 });
        match overlay {
            Overlay::None => false,
            Overlay::Keys => {
                keys_page(ui, palette);
                false
            }
            Overlay::About => {
                about_page(ui, palette);
                false
            }
            Overlay::Finder(search) => finder::page(ui, search, shown, filming, out),
        }
    });
    if response.should_close() || response.inner {
        *overlay = Overlay::None;
    }
}

fn about_page(ui: &mut Ui, palette: &Palette) {
    ui.heading("Striate");
    ui.label(format!("Version {}", env!("CARGO_PKG_VERSION")));
    ui.label("See, layer by layer, what a convolutional network does with a picture.");
    ui.label(RichText::new("Named after the striate cortex, where Hubel and Wiesel found the receptive fields that convolutional networks imitate.").color(palette.weak));
    ui.label(RichText::new("MIT or Apache-2.0").small().color(palette.weak));
}
