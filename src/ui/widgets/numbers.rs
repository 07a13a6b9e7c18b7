//! Small grids of numbers, a coloured cell a value: what the magnifier and the lectures' pages draw.

use crate::{
    figures::words::number,
    paint::{Range, Style, colour},
    ui::theme::Palette,
};
use eframe::egui::{
    self, Align2, Color32, CornerRadius, FontId, Rect, Response, RichText, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, vec2,
};

/// No number fits into smaller cells than this.
pub const READABLE: f32 = 24.0;

/// Values row by row, to be drawn as cells.
pub struct NumberGrid<'a> {
    /// The title above them.
    pub title: &'a str,
    /// Row by row; `None` beyond the edge of an input.
    pub values: &'a [Option<f32>],
    /// Cells a row.
    pub columns: usize,
    /// The side of a cell in points.
    pub cell: f32,
    /// The range of the colours.
    pub range: Range,
    /// The colours.
    pub style: Style,
    /// Whether the numbers are written in the cells.
    pub written: bool,
}

/// Where numbers were drawn.
pub struct Placed {
    /// To the pointer.
    pub response: Response,
    /// All cells.
    pub rect: Rect,
    columns: usize,
    cell: f32,
}

impl Placed {
    /// One cell, without the gap around it.
    pub fn cell(&self, index: usize) -> Rect {
        let corner = vec2((index % self.columns) as f32, (index / self.columns) as f32) * self.cell;
        Rect::from_min_size(self.rect.min + corner, Vec2::splat(self.cell)).shrink(0.5)
    }

    /// The cell under the pointer, as row and column.
    pub fn under(&self, at: egui::Pos2) -> [usize; 2] {
        let place = ((at - self.rect.min) / self.cell).floor().max(Vec2::ZERO);
        let rows = (self.rect.height() / self.cell).round() as usize;
        [(place.y as usize).min(rows.saturating_sub(1)), (place.x as usize).min(self.columns - 1)]
    }

    /// A frame around a cell.
    pub fn mark(&self, ui: &Ui, index: usize, palette: &Palette) {
        ui.painter().rect_stroke(self.cell(index), 0.0, Stroke::new(2.5, palette.accent), StrokeKind::Inside);
    }

    /// The cells from one to another, which is its opposite corner.
    pub fn cells(&self, first: usize, last: usize) -> Rect {
        self.cell(first).union(self.cell(last)).expand(0.5)
    }
}

impl NumberGrid<'_> {
    /// Draws them below their title; the pointer reads any of them.
    pub fn show(&self, ui: &mut Ui, palette: &Palette, sense: Sense) -> Placed {
        ui.add(egui::Label::new(RichText::new(self.title).small().weak()).extend());
        let rows = self.values.len().div_ceil(self.columns);
        let size = vec2(self.columns as f32, rows as f32) * self.cell;
        let (rect, response) = ui.allocate_exact_size(size.max(vec2(40.0, 0.0)), sense);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, format!("numbers: {}", self.title)));
        let rect = Rect::from_min_size(rect.min, size);
        let mut placed = Placed { response, rect, columns: self.columns, cell: self.cell };
        let painter = ui.painter();
        for (index, value) in self.values.iter().enumerate() {
            let place = placed.cell(index);
            let Some(value) = value else {
                // Beyond the edge: a zero that is nobody's.
                painter.rect_stroke(place, 0.0, Stroke::new(1.0, palette.line), StrokeKind::Inside);
                painter.text(place.center(), Align2::CENTER_CENTER, "0", FontId::monospace(9.0), palette.weak);
                continue;
            };
            let (fill, ink) = self.colours(*value);
            painter.rect_filled(place, 0.0, fill);
            if self.written && self.cell >= READABLE {
                let text = short(*value, self.cell);
                let font = font(&text, self.cell);
                painter.text(place.center(), Align2::CENTER_CENTER, text, font, ink);
            }
        }
        if let Some(pointer) = placed.response.hover_pos().filter(|at| rect.contains(*at)) {
            let [row, column] = placed.under(pointer);
            if let Some(value) = self.values.get(row * self.columns + column) {
                let value = value.map_or_else(|| "beyond the edge: 0".into(), |value| value.to_string());
                placed.response = placed.response.on_hover_text(format!("row {row}, column {column}: {value}"));
            }
        }
        placed
    }

    /// Makes a cell one that can be changed: dragged, or clicked and typed. Says whether it was.
    pub fn edit(&self, ui: &mut Ui, placed: &Placed, at: usize, value: &mut f32, name: &str) -> bool {
        let (rect, cell) = (placed.cell(at), self.cell);
        let (_, ink) = self.colours(*value);
        let mut child = ui.new_child(egui::UiBuilder::new().id_salt(name).max_rect(rect));
        let style = child.style_mut();
        style.override_font_id = Some(font(&short(*value, cell), cell));
        style.spacing.button_padding = Vec2::ZERO;
        style.spacing.interact_size = rect.size();
        style.visuals.override_text_color = Some(ink);
        let widgets = &mut style.visuals.widgets;
        for widget in [&mut widgets.inactive, &mut widgets.hovered, &mut widgets.active] {
            (widget.weak_bg_fill, widget.bg_fill) = (Color32::TRANSPARENT, Color32::TRANSPARENT);
            (widget.corner_radius, widget.expansion) = (CornerRadius::ZERO, 0.0);
        }
        widgets.inactive.bg_stroke = Stroke::NONE;
        // Where the number does not fit, its colour has to do.
        let shown = move |value: f64, _| if cell < READABLE { String::new() } else { short(value as f32, cell) };
        let hint = format!("{name}: {value}\nDrag, or click and type");
        let drag = egui::DragValue::new(value).speed(0.05).range(-999.0..=999.0).custom_formatter(shown);
        let response = child.add_sized(rect.size(), drag);
        response.on_hover_text(hint).accessible_name(name).changed()
    }

    /// The colour of a cell, and one that can be read on it.
    pub fn colours(&self, value: f32) -> (Color32, Color32) {
        let [r, g, b] = colour(value, self.range, &self.style);
        let bright = 0.3 * f32::from(r) + 0.59 * f32::from(g) + 0.11 * f32::from(b) > 140.0;
        (Color32::from_rgb(r, g, b), if bright { Color32::BLACK } else { Color32::WHITE })
    }
}

/// The font in which a number fills a cell without touching its sides.
pub fn font(text: &str, cell: f32) -> FontId {
    FontId::monospace((cell / (0.66 * text.len().max(3) as f32)).clamp(8.0, 15.0))
}

/// A number as long as a cell is wide. Below 1 a decimal takes the place of the zero: .06.
pub fn short(value: f32, cell: f32) -> String {
    if cell >= 46.0 {
        return number(value);
    }
    let decimals = if cell >= 34.0 { 2 } else { 1 };
    let (text, longer) = (rounded(value, decimals), rounded(value, decimals + 1));
    if value.abs() < 1.0 && text != longer { longer.replacen("0.", ".", 1) } else { text }
}

/// A number without trailing zeros.
fn rounded(value: f32, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text.is_empty() || text == "-0" || text == "-" { "0".into() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_their_cells_are_wide() {
        assert_eq!([1.0, 0.25, -0.004, 10.0, 0.0].map(|value| short(value, 36.0)), ["1", "0.25", "-.004", "10", "0"]);
        assert_eq!([1.0, 0.25, -1.25, 0.06, 0.004].map(|value| short(value, 26.0)), ["1", ".25", "-1.2", ".06", "0"]);
        assert_eq!(short(0.012345, 50.0), "0.01235");
    }
}
