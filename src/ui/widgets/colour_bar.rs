//! The colours of a map with the numbers that they stand for.

use crate::{
    figures::words::number,
    paint::{Range, Style, colour},
    ui::theme::Palette,
};
use eframe::egui::{self, Align2, Color32, Mesh, Rect, Sense, TextStyle, Ui, WidgetInfo, pos2};

/// Height of a colour bar with its numbers, in points.
pub const BAR: f32 = 24.0;

/// The numbers at the ends of a colour bar.
pub enum Ends {
    /// The range of all maps.
    Values(Range),
    /// Every map has a range of its own.
    OfEachMap,
}

/// Draws the bar in a rectangle of height [`BAR`]: the colours, and the numbers at its ends and in its middle below them.
pub fn colour_bar(ui: &Ui, rect: Rect, style: &Style, ends: &Ends) {
    let range = match ends {
        Ends::Values(range) => *range,
        Ends::OfEachMap => Range { low: 0.0, high: 1.0 },
    };
    let bar = Rect::from_min_max(rect.min, pos2(rect.right(), rect.top() + 8.0));
    let mut mesh = Mesh::default();
    const STEPS: u32 = 48;
    for step in 0..=STEPS {
        let share = step as f32 / STEPS as f32;
        let [r, g, b] = colour(range.low + share * (range.high - range.low), range, style);
        let x = egui::lerp(bar.x_range(), share);
        mesh.colored_vertex(pos2(x, bar.top()), Color32::from_rgb(r, g, b));
        mesh.colored_vertex(pos2(x, bar.bottom()), Color32::from_rgb(r, g, b));
        if step > 0 {
            mesh.add_triangle(2 * step - 2, 2 * step - 1, 2 * step);
            mesh.add_triangle(2 * step - 1, 2 * step, 2 * step + 1);
        }
    }
    ui.painter().add(mesh);
    let (font, weak) = (TextStyle::Small.resolve(ui.style()), Palette::of(ui.ctx()).weak);
    let words = match ends {
        Ends::Values(range) => [range.low, 0.5 * (range.low + range.high), range.high].map(number),
        Ends::OfEachMap => ["least of each map", "", "most of each map"].map(str::to_owned),
    };
    let places =
        [(bar.left(), Align2::LEFT_TOP), (bar.center().x, Align2::CENTER_TOP), (bar.right(), Align2::RIGHT_TOP)];
    for (text, (x, align)) in words.iter().zip(places) {
        ui.painter().text(pos2(x, bar.bottom() + 1.0), align, text, font.clone(), weak);
    }
    let response = ui.interact(rect, ui.scope_id().with("colour bar"), Sense::hover());
    let said = words.iter().filter(|word| !word.is_empty()).cloned().collect::<Vec<_>>().join(", ");
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, format!("colour bar: {said}")));
}
