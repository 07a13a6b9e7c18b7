//! The bar of the panes about a folder: which folder, its progress, and the buttons that start and stop the index.

use crate::ui::{
    model::{commands::Command, state::View},
    widgets::controls::toolbar,
};
use eframe::egui::{self, RichText, Ui};

/// Draws the bar.
pub fn folder_bar(ui: &mut Ui, view: View, out: &mut Vec<Command>) {
    toolbar(ui, |ui| {
        let hint = "Run the network over a folder once, and keep the strongest activations of every unit. It goes on in \
                    the background; what was found before is not run again.";
        if ui.button("Index a folder…").on_hover_text(hint).clicked() {
            out.push(Command::ChooseIndex);
        }
        let path = view.run().original.as_ref().and_then(|picture| picture.path.as_ref());
        let here =
            path.and_then(|path| path.parent()).filter(|here| view.folder.is_none_or(|folder| folder.folder != *here));
        if let Some(here) = here
            && ui.button("Index this picture's folder").on_hover_text(here.display().to_string()).clicked()
        {
            out.push(Command::Index(here.to_owned()));
        }
        let Some(folder) = view.folder else { return };
        let state = &folder.state;
        let name = folder
            .folder
            .file_name()
            .map_or_else(|| folder.folder.display().to_string(), |name| name.to_string_lossy().into_owned());
        ui.label(RichText::new(name).small()).on_hover_text(folder.folder.display().to_string());
        if state.running {
            let share = state.done as f32 / state.total.max(1) as f32;
            let bar = egui::ProgressBar::new(share).desired_width(90.0).desired_height(6.0);
            ui.add(bar).accessible_name("Progress of the index");
            let words = match state.total {
                0 => "running the first pictures".to_owned(),
                total => format!("{} of {total}", state.done),
            };
            ui.label(RichText::new(words).small().weak());
            if ui.small_button("Stop").on_hover_text("What was found stays").clicked() {
                out.push(Command::StopIndex);
            }
            return;
        }
        if let Some(why) = &state.failed {
            ui.label(RichText::new(why).small().color(view.palette.warning));
        }
        let of = if folder.is_of(view) { "" } else { ", by another network" };
        ui.label(RichText::new(format!("{}{of}", pictures(state.done))).small().weak());
        let is_complete = state.index.as_ref().is_some_and(|index| index.is_complete());
        if (!is_complete || !folder.is_of(view)) && ui.small_button("Go on").on_hover_text(hint).clicked() {
            out.push(Command::Index(folder.folder.to_owned()));
        }
    });
}

/// "1 picture", "12 pictures".
fn pictures(count: usize) -> String {
    format!("{count} picture{}", if count == 1 { "" } else { "s" })
}
