//! A drop-down of classes.

use crate::ui::{
    model::{commands::Command, state::View},
    widgets::controls::{self, combo},
};
use eframe::egui::Ui;

/// A list of classes, narrowed by what is typed, behind the selected unit: `unit` says whether that is chosen.
pub fn class_picker(ui: &mut Ui, name: &str, view: View, search: &mut String, unit: &mut bool, out: &mut Vec<Command>) {
    let model = &view.run().model;
    let shown = match view.selection.class {
        _ if *unit => "selected unit".to_owned(),
        Some(class) => model.class_name(class),
        None => "predicted".to_owned(),
    };
    combo(ui, name, &shown, 96.0, |ui| {
        controls::search(ui, "Search classes", search, 180.0);
        let hint = "Explain the selected unit instead of a class";
        if ui.selectable_label(*unit, "selected unit").on_hover_text(hint).clicked() {
            *unit = true;
        }
        let mut chosen = None;
        let class_is_chosen = |class: Option<usize>| !*unit && view.selection.class == class;
        if ui.selectable_label(class_is_chosen(None), "predicted").clicked() {
            chosen = Some(None);
        }
        let wanted = search.to_lowercase();
        let matches = |class: usize| wanted.is_empty() || model.class_name(class).to_lowercase().contains(&wanted);
        for &class in view.shown.ranking.iter().filter(|class| matches(**class)).take(200) {
            if ui.selectable_label(class_is_chosen(Some(class)), model.class_name(class)).clicked() {
                chosen = Some(Some(class));
            }
        }
        if let Some(class) = chosen {
            *unit = false;
            out.push(Command::SelectClass(class));
        }
    });
}
