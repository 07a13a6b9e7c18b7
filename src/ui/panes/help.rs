//! The page behind a pane's "?": what it shows, how to read it, the method's formula and paper, and where it misleads.

use super::pane::Pane;
use crate::ui::{theme::Palette, widgets::explained};
use eframe::egui::{self, RichText, ScrollArea, Ui};

/// Draws the page.
pub fn page(ui: &mut Ui, pane: &Pane) {
    ui.set_width(360.0);
    let kind = pane.kind();
    let most = (ui.ctx().content_rect().height() - 120.0).max(120.0);
    ScrollArea::vertical().max_height(most).show(ui, |ui| {
        ui.heading(kind.title);
        explained(ui, kind.about);
        heading(ui, "How to read it");
        explained(ui, kind.how);
        source(ui, kind.formula, kind.paper);
        let Some(method) = pane.method() else { return };
        heading(ui, method.title);
        explained(ui, method.about);
        source(ui, method.formula, method.paper);
        if !method.caution.is_empty() {
            let warning = Palette::of(ui.ctx()).warning;
            ui.add_space(6.0);
            ui.label(RichText::new("Where it misleads").strong().color(warning));
            explained(ui, method.caution);
            explained(
                ui,
                "The button ! tests it on this picture, as does striate saliency PICTURE --check: the weights are \
                 drawn anew, layer by layer, and the heatmaps compared.",
            );
        }
    });
}

/// A formula and where it was published, as far as there are any.
fn source(ui: &mut Ui, formula: &str, paper: &str) {
    if !formula.is_empty() {
        heading(ui, "Formula");
        ui.add(egui::Label::new(RichText::new(formula).monospace()).wrap());
        explained(ui, "S is the score, x the network's input, A the feature maps of the layer.");
    }
    if !paper.is_empty() {
        heading(ui, "Paper");
        ui.add(egui::Label::new(paper).wrap());
    }
}

fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(6.0);
    ui.label(RichText::new(text).strong());
}
