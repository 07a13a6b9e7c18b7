//! The status line: running work with its progress, and the message.

use crate::{
    engine::Status,
    ui::{
        background::camera::Filming,
        model::{
            commands::{Action, Command},
            state::Message,
        },
        theme::Palette,
    },
};
use eframe::egui::{self, RichText, Ui};

/// Draws the status line.
pub fn status(
    ui: &mut Ui,
    work: &[Status],
    message: Option<&Message>,
    filming: Filming,
    palette: &Palette,
    out: &mut Vec<Command>,
) {
    ui.set_min_height(20.0);
    ui.horizontal(|ui| {
        // A person in front of the camera sees that it is on, and how to stop it.
        let stop = |ui: &mut Ui| ui.small_button("Stop webcam").on_hover_text("The last picture stays").clicked();
        if filming == Filming::On && stop(ui) {
            out.push(Action::Webcam.into());
        }
        if !work.is_empty() && ui.small_button("Cancel").on_hover_text(Action::Cancel.info().hint).clicked() {
            out.push(Action::Cancel.into());
        }
        // Long work stays at the left; short work comes and goes beside it.
        for status in work.iter().rev() {
            let bar = egui::ProgressBar::new(status.fraction).desired_width(120.0).desired_height(6.0);
            let name = format!("Progress of {}", status.what);
            ui.add(bar).on_hover_text(format!("{:.0}%", 100.0 * status.fraction)).accessible_name(name);
            ui.label(RichText::new(&status.what).small().color(palette.weak));
        }
        if let Some(message) = message {
            if ui.small_button("Dismiss").clicked() {
                out.push(Command::Dismiss);
            }
            let colour = if message.failed { palette.warning } else { ui.visuals().text_color() };
            ui.add(egui::Label::new(RichText::new(&message.text).color(colour)).truncate())
                .on_hover_text(&message.text);
        } else if work.is_empty() {
            let hint = "Drop or paste a picture, or press Ctrl+O   ·   [ ] layer   ·   arrows unit   ·   F1 keys";
            ui.add(egui::Label::new(RichText::new(hint).small().color(palette.weak)).truncate());
        }
    });
}
