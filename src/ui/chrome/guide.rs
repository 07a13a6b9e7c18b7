//! The card of the guided tour.

use crate::ui::{
    model::{
        commands::{Action, Command},
        guide::{STEPS, layer_at},
        state::Shown,
    },
    theme::Palette,
    widgets::explained,
};
use eframe::egui::{self, Align2, RichText, Ui};

/// Draws the card of a step; moves to another step, or ends the tour where that is `None` afterwards.
pub fn guide(
    ctx: &egui::Context,
    step: &mut Option<usize>,
    shown: Option<&Shown>,
    palette: &Palette,
    out: &mut Vec<Command>,
) {
    let Some(at) = *step else { return };
    let area = egui::Area::new(egui::Id::unique("guide")).order(egui::Order::Foreground);
    area.anchor(Align2::RIGHT_BOTTOM, [-18.0, -44.0]).show(ctx, |ui| {
        let frame = egui::Frame::popup(ui.style()).stroke(egui::Stroke::new(1.5, palette.accent)).inner_margin(14);
        frame.show(ui, |ui| {
            ui.set_width(330.0);
            *step = card(ui, at, palette);
        });
    });
    if let Some(next) = *step
        && next != at
    {
        enter(next, shown, out);
    }
}

/// The commands that show what a step is about.
pub fn enter(step: usize, shown: Option<&Shown>, out: &mut Vec<Command>) {
    let Some(step) = STEPS.get(step) else { return };
    out.push(Action::Arrange(step.arrangement).into());
    out.push(Command::ShowPane(step.pane));
    if let (Some(depth), Some(shown)) = (step.depth, shown) {
        out.push(Command::SelectLayer(layer_at(shown.graph(), depth)));
    }
}

/// The card's content; returns the step to be at, or `None` to end.
fn card(ui: &mut Ui, at: usize, palette: &Palette) -> Option<usize> {
    let step = STEPS.get(at)?;
    ui.label(RichText::new(format!("Step {} of {}", at + 1, STEPS.len())).small().color(palette.weak));
    ui.heading(step.title);
    ui.add_space(2.0);
    explained(ui, step.text);
    ui.add_space(8.0);
    let mut next = Some(at);
    ui.horizontal(|ui| {
        let last = at + 1 == STEPS.len();
        let label = if last { "Finish" } else { "Next step" };
        if ui.button(RichText::new(label).strong()).clicked() {
            next = (!last).then_some(at + 1);
        }
        if ui.add_enabled(at > 0, egui::Button::new("Step back")).clicked() {
            next = Some(at.saturating_sub(1));
        }
        if !last && ui.button("Skip the tour").clicked() {
            next = None;
        }
    });
    next
}
