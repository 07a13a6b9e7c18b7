//! The glossary: every term with its meaning.

use crate::ui::{
    model::{commands::Command, export::Export, glossary::TERMS, state::View},
    panels::panel::{Panel, PanelKind},
    widgets::{explained, search},
};
use eframe::egui::{RichText, ScrollArea, Ui};

pub(super) const KIND: PanelKind = PanelKind {
    name: "glossary",
    title: "Glossary",
    about: "The terms of the field as this window uses them.",
    how: "Type a part of a term. Underlined terms explain themselves when the pointer rests on them, here and wherever \
          they stand.",
    formula: "",
    paper: "",
    make: || Box::<Glossary>::default(),
};

#[derive(Default)]
struct Glossary {
    search: String,
}

impl Panel for Glossary {
    fn ui(&mut self, ui: &mut Ui, _: View, _: &mut Vec<Command>) {
        search(ui, "Search terms", &mut self.search, 200.0);
        ui.add_space(4.0);
        let wanted = self.search.to_lowercase();
        let holds = |text: &str| text.to_lowercase().contains(&wanted);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            for term in TERMS.iter().filter(|term| holds(term.word) || holds(term.meaning)) {
                ui.label(RichText::new(term.word).strong());
                explained(ui, term.meaning);
                ui.add_space(6.0);
            }
        });
    }

    fn export(&self, view: View) -> Option<Export> {
        let lines: Vec<String> = TERMS.iter().map(|term| format!("{}: {}", term.word, term.meaning)).collect();
        Some(Export::plain(view, "glossary", lines.join("\n") + "\n"))
    }
}
