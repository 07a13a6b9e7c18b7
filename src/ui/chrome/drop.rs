//! The hint over the window while files are dragged over it.

use crate::ui::theme::Palette;
use eframe::egui::{self, Align2};

/// Whether files are being dragged over the window.
pub fn is_dropping(ctx: &egui::Context) -> bool {
    ctx.input(|input| !input.raw.hovered_files.is_empty())
}

/// Draws the hint that a drop opens the files.
pub fn drop_hint(ctx: &egui::Context, palette: &Palette) {
    let painter = ctx.layer_painter(egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("drop")));
    let rect = ctx.content_rect();
    painter.rect_filled(rect, 0.0, palette.backdrop.gamma_multiply(0.85));
    let font = egui::FontId::proportional(22.0);
    painter.text(
        rect.center(),
        Align2::CENTER_CENTER,
        "Drop a picture, a folder, a network, its weights or labels, or a run",
        font,
        palette.accent,
    );
}
