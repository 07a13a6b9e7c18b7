//! Where a method is known to mislead, and the test of its heatmap on the picture that is open.

use crate::{
    engine::{AttributionInquiry, Inquiry, RandomisationInquiry},
    methods::Randomised,
    ui::{
        model::{
            commands::Command,
            state::{View, layer_name},
        },
        widgets::{explained, staying},
    },
};
use eframe::egui::{self, RichText, Ui};
use egui::containers::menu::MenuButton;

/// A button that opens the method's caution and the weight-randomisation test of its heatmap.
pub fn trust(ui: &mut Ui, view: View, about: &AttributionInquiry, out: &mut Vec<Command>) {
    let caution = about.method.caution;
    let text = match caution {
        "" => RichText::new("test"),
        _ => RichText::new(" ! ").strong().color(view.palette.warning),
    };
    let response = MenuButton::new(text).config(staying()).ui(ui, |ui| page(ui, view, about, out)).0;
    let hint =
        if caution.is_empty() { "Tests whether the heatmap depends on what the network learned" } else { caution };
    response.on_hover_text(hint).accessible_name(format!("Trust in {}", about.method.title));
}

/// The number of the test in a caption, where it was run.
pub fn trust_said(view: View, about: &AttributionInquiry) -> Option<String> {
    let key = RandomisationInquiry(about.clone()).key();
    let first = view.answers.get(&key)?.as_ref().ok()?.first().copied()?;
    let layer = layer_name(view.shown.graph().node(first.layer));
    let alike = first.correlation.map_or_else(|| "empty".to_owned(), |value| format!("{value:.2} alike"));
    Some(format!("{alike} with the weights from {layer} on drawn anew"))
}

fn page(ui: &mut Ui, view: View, about: &AttributionInquiry, out: &mut Vec<Command>) {
    ui.set_width(320.0);
    if !about.method.caution.is_empty() {
        ui.label(RichText::new("Where it misleads").strong().color(view.palette.warning));
        explained(ui, about.method.caution);
        ui.separator();
    }
    ui.label(RichText::new("Does it depend on what was learned?").strong());
    let inquiry = RandomisationInquiry(about.clone());
    match view.answers.get(&inquiry.key()) {
        Some(Ok(found)) => results(ui, view, found),
        Some(Err(why)) => explained(ui, why),
        None => match view.status(inquiry.lane()) {
            Some(status) => {
                ui.add(egui::ProgressBar::new(status.fraction).desired_height(8.0))
                    .accessible_name("Progress of the test");
            }
            None => {
                explained(
                    ui,
                    "The test draws the weights anew, from the last layer down, and compares the heatmaps by rank \
                     correlation: 1 is the same heatmap, 0 another. A heatmap that stays the same shows nothing that the \
                     network learned (Adebayo et al. 2018).",
                );
                let slow = if about.method.slow { ". It takes seven times as long as the heatmap" } else { "" };
                if ui.button("Test it on this picture").on_hover_text(format!("Six heatmaps{slow}")).clicked() {
                    out.push(Command::Ask(inquiry.into()));
                }
            }
        },
    }
}

/// The correlations, from the last layer down.
fn results(ui: &mut Ui, view: View, found: &[Randomised]) {
    explained(ui, "Rank correlation with the heatmap of the trained network, with the weights drawn anew down to");
    egui::Grid::new("randomisation").num_columns(2).spacing([16.0, 2.0]).show(ui, |ui| {
        for step in found {
            ui.label(layer_name(view.shown.graph().node(step.layer)));
            ui.label(step.correlation.map_or_else(|| "nothing left".to_owned(), |value| format!("{value:.2}")));
            ui.end_row();
        }
    });
}
