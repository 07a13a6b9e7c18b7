//! Text whose terms explain themselves when the pointer rests on them.

use crate::ui::{
    model::glossary::{Piece, pieces},
    theme::Palette,
};
use eframe::egui::{self, RichText, Sense, Stroke, Ui};

/// Draws a paragraph that wraps. Each term is underlined and has its meaning as hover text.
pub fn explained(ui: &mut Ui, text: &str) {
    let line = Palette::of(ui.ctx()).weak;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.spacing_mut().item_spacing.y = 2.0;
        for piece in pieces(text) {
            match piece {
                Piece::Plain(text) => {
                    ui.label(text);
                }
                Piece::Term(text, term) => {
                    let response = ui.add(egui::Label::new(RichText::new(text)).sense(Sense::hover()));
                    let y = response.rect.bottom() - 1.0;
                    ui.painter().hline(response.rect.x_range(), y, Stroke::new(1.0, line));
                    response.on_hover_text(format!("{}: {}", term.word, term.meaning));
                }
            }
        }
    });
}
