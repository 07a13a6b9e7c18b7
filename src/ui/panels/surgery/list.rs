//! The list of changes: each can be taken back, and the values in place of a part chosen.

use crate::{
    engine::{Inquiry, MeansInquiry},
    net::surgery::{Edit, InPlace, Surgery},
    ui::{
        model::{commands::Command, state::View},
        panels::surgery::effect::is_of_unchanged,
        widgets::caption,
    },
};
use eframe::egui::{RichText, Ui};
use std::sync::Arc;

/// The list, and the part whose mean is being measured.
#[derive(Default)]
pub(super) struct EditList {
    awaited: Option<String>,
    failed: Option<String>,
}

impl EditList {
    /// Draws the list.
    pub fn show(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let surgery = view.surgery;
        self.measure(view, out);
        for (at, edit) in surgery.edits.iter().enumerate() {
            ui.horizontal_wrapped(|ui| {
                let undo = ui.small_button("x").on_hover_text("Take this change back");
                if undo.accessible_name(format!("Take back: {}", edit.words())).clicked() {
                    out.push(Command::Operate(surgery.without(at)));
                }
                match edit {
                    Edit::Off { part, with } => {
                        ui.label(RichText::new(format!("{part} off")).strong());
                        self.in_place(ui, view, part, with, out);
                    }
                    other => drop(ui.label(RichText::new(other.words()).strong())),
                }
            });
        }
        if let Some(part) = &self.awaited {
            caption(ui, format!("Measuring the mean of {part} over the folder"));
        }
        if let Some(why) = &self.failed {
            ui.colored_label(view.palette.warning, why);
        }
    }

    /// The choice of the values in place of a part.
    fn in_place(&mut self, ui: &mut Ui, view: View, part: &str, with: &InPlace, out: &mut Vec<Command>) {
        let mut put = |with: InPlace| {
            out.push(Command::Operate(view.surgery.with(Edit::Off { part: part.to_owned(), with })));
        };
        let zero = ui.selectable_label(*with == InPlace::Zero, "zero").on_hover_text("Zeros in its place");
        if zero.accessible_name(format!("{part}: zero")).clicked() {
            put(InPlace::Zero);
        }
        let graph = view.run().model.unchanged().network.graph();
        let alone = Surgery::default().toggled(part, InPlace::Input);
        let fits = alone.operation(graph).and_then(|operation| operation.fits(graph, false));
        let button = eframe::egui::Button::selectable(*with == InPlace::Input, "input");
        let input = ui.add_enabled(fits.is_ok(), button).on_hover_text("Its input in its place");
        let input = input.on_disabled_hover_text(fits.err().map(|why| why.to_string()).unwrap_or_default());
        if input.accessible_name(format!("{part}: input")).clicked() {
            put(InPlace::Input);
        }
        let has_folder = view.folder.is_some_and(|folder| is_of_unchanged(folder, view) && !folder.state.running);
        let button = eframe::egui::Button::selectable(matches!(with, InPlace::Mean(_)), "mean");
        let mean = ui.add_enabled(has_folder, button).on_hover_text("The mean of every unit over the indexed folder");
        let mean =
            mean.on_disabled_hover_text("Index a folder with the unchanged network first, in Top pictures or Mistakes");
        if mean.accessible_name(format!("{part}: mean")).clicked() {
            (self.awaited, self.failed) = (Some(part.to_owned()), None);
        }
    }

    /// Asks for the mean that is awaited, and puts it in place when it is there.
    fn measure(&mut self, view: View, out: &mut Vec<Command>) {
        let Some(part) = self.awaited.clone() else { return };
        let base = view.run().model.unchanged();
        let index = view.folder.filter(|folder| is_of_unchanged(*folder, view));
        let index = index.and_then(|folder| folder.state.index.clone());
        let (Some(index), Ok(found)) = (index, base.network.graph().part(&part)) else {
            self.awaited = None;
            return;
        };
        let inquiry = MeansInquiry { model: Arc::clone(base), index, layer: found.output };
        match view.answers.get(&inquiry.key()) {
            None => out.push(Command::Need(inquiry.into())),
            Some(Ok(means)) => {
                let with = InPlace::Mean(means.as_ref().clone());
                out.push(Command::Operate(view.surgery.with(Edit::Off { part, with })));
                self.awaited = None;
            }
            Some(Err(why)) => (self.awaited, self.failed) = (None, Some(why.clone())),
        }
    }
}
