//! The pieces that pages are drawn with: rows of numbers, formulas, sliders and curves, large enough for a projector.

use crate::{
    figures::Spreadsheet,
    net::Padding,
    paint::{Range, Style},
    ui::{
        model::state::View,
        widgets::numbers::{NumberGrid, Placed},
    },
};
use eframe::egui::{
    self, Align2, Color32, FontId, Pos2, Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo,
    pos2, vec2,
};

/// Sizes of letters in points.
const FORMULA: f32 = 13.5;
const TEXT: f32 = 13.5;
/// Room for the name before a bar and for the number after it, in points.
pub(super) const AROUND: [f32; 2] = [92.0, 112.0];
/// Sides of cells in points: the least, and the most.
const CELL: [f32; 2] = [27.0, 52.0];

/// The side of cells with which `columns` of them and `gaps` signs fit beside each other.
pub(super) fn cell(ui: &Ui, columns: usize, gaps: usize) -> f32 {
    let room = ui.available_width() - gaps as f32 * 36.0 - 16.0;
    (room / columns.max(1) as f32).clamp(CELL[0], CELL[1]).floor()
}

/// The same where `rows` of them, below each other under `titles`, are to be in sight without scrolling as well.
pub(super) fn cell_in_sight(ui: &Ui, columns: usize, gaps: usize, rows: usize, titles: usize) -> f32 {
    let down = (in_sight(ui) - 26.0 * titles as f32) / rows.max(1) as f32;
    cell(ui, columns, gaps).min(down.max(CELL[0]).floor())
}

/// Height of a page in sight, without its heading, controls and formulas. A page that scrolls has any room it asks for.
pub(super) fn in_sight(ui: &Ui) -> f32 {
    ui.clip_rect().height() - 210.0
}

/// Grids and signs beside each other; those that do not fit into a narrow pane go on below, and what is wider than the pane
/// is scrolled.
pub(super) fn row<R>(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    let scrolled = ScrollArea::horizontal().id_salt(name).auto_shrink([false, true]).show(ui, |ui| {
        let inner = line(ui, add);
        ui.add_space(4.0);
        inner
    });
    scrolled.inner
}

/// The same without a bar to scroll.
pub(super) fn line<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    let size = vec2(ui.available_width(), ui.spacing().interact_size.y);
    let layout = egui::Layout::left_to_right(egui::Align::TOP).with_main_wrap(true);
    let inner = ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.spacing_mut().item_spacing = vec2(10.0, 4.0);
        add(ui)
    });
    inner.inner
}

/// A grid with its title as a block that stays together: its columns, rows, and the side of a cell.
fn block<R>(ui: &mut Ui, title: &str, [columns, rows]: [usize; 2], side: f32, add: impl FnOnce(&mut Ui) -> R) -> R {
    let font = egui::TextStyle::Small.resolve(ui.style());
    let title = ui.painter().layout_no_wrap(title.to_owned(), font, Color32::PLACEHOLDER).size();
    let size = vec2((columns as f32 * side).max(title.x), rows as f32 * side + title.y + 4.0);
    ui.allocate_ui_with_layout(size, egui::Layout::top_down(egui::Align::LEFT), add).inner
}

/// The colours of numbers: those of the maps, or with zero in the middle.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum CellColours {
    /// Values of maps.
    Values,
    /// Weights and gradients.
    Signed,
}

impl CellColours {
    fn range(self, values: &[f32]) -> Range {
        let own = Range::of(values);
        if self == CellColours::Signed { own.symmetric() } else { own.union(Range::default()) }
    }

    fn style(self, view: View) -> Style {
        if self == CellColours::Signed { Style::SIGNED } else { view.look.style }
    }
}

/// Numbers that can be changed, with zeros around them.
pub(super) struct EditGrid<'a> {
    /// Above them.
    pub title: &'a str,
    /// Before the row and the column in the name of each.
    pub name: &'a str,
    /// Numbers in a row.
    pub columns: usize,
    /// The side of a cell in points.
    pub side: f32,
    /// The zeros.
    pub padding: Padding,
    /// The colours.
    pub colours: CellColours,
}

impl EditGrid<'_> {
    /// Draws them. Says where, and whether one was changed.
    pub fn show(&self, ui: &mut Ui, view: View, values: &mut [f32]) -> (Placed, bool) {
        let EditGrid { title, name, columns, side, padding, colours } = *self;
        let (rows, width) = (values.len() / columns, columns + padding.left + padding.right);
        let inside = |at: usize| {
            let row = (at / width).checked_sub(padding.top).filter(|row| *row < rows)?;
            let column = (at % width).checked_sub(padding.left).filter(|column| *column < columns)?;
            Some(row * columns + column)
        };
        let count = (rows + padding.top + padding.bottom) * width;
        let shown: Vec<Option<f32>> = (0..count).map(|at| inside(at).map(|at| values[at])).collect();
        let (range, style) = (colours.range(values), colours.style(view));
        let grid = NumberGrid { title, values: &shown, columns: width, cell: side, range, style, written: false };
        block(ui, title, [width, count / width.max(1)], side, |ui| {
            let placed = grid.show(ui, view.palette, Sense::hover());
            let mut changed = false;
            for at in 0..count {
                if let Some(own) = inside(at) {
                    let name = format!("{name} {}, {}", own / columns, own % columns);
                    changed |= grid.edit(ui, &placed, at, &mut values[own], &name);
                }
            }
            (placed, changed)
        })
    }
}

/// Numbers that can be changed, below their title, which names them. Says whether one was.
pub(super) fn editable(
    ui: &mut Ui,
    view: View,
    title: &str,
    values: &mut [f32],
    [columns, side]: [usize; 2],
    colours: CellColours,
) -> bool {
    let padding = Padding::default();
    EditGrid { title, name: title, columns, side: side as f32, padding, colours }.show(ui, view, values).1
}

/// Numbers that follow from others, below their title.
pub(super) fn computed(
    ui: &mut Ui,
    view: View,
    title: &str,
    values: &[f32],
    [columns, side]: [usize; 2],
    colours: CellColours,
) -> Placed {
    let shown: Vec<Option<f32>> = values.iter().copied().map(Some).collect();
    let (range, style) = (colours.range(values), colours.style(view));
    let grid = NumberGrid { title, values: &shown, columns, cell: side as f32, range, style, written: true };
    let rows = values.len().div_ceil(columns.max(1));
    block(ui, title, [columns, rows], side as f32, |ui| grid.show(ui, view.palette, Sense::hover()))
}

/// Before a grid of so many columns and this side of a cell, at the height of the middle of `rows` cells. Where the grid goes on
/// below, so does the sign.
pub(super) fn sign(ui: &mut Ui, text: &str, rows: usize, [columns, side]: [usize; 2]) {
    let above = 8.0 + (rows * side) as f32 / 2.0;
    let size = vec2(10.5 * text.chars().count() as f32, above + 20.0);
    let both = size.x + ui.spacing().item_spacing.x + (columns * side) as f32;
    if ui.available_size_before_wrap().x < both {
        ui.end_row();
    }
    ui.allocate_ui_with_layout(size, egui::Layout::top_down(egui::Align::LEFT), |ui| {
        ui.add_space(above);
        // The monospaced font has arrows.
        ui.add(egui::Label::new(RichText::new(text).monospace().size(17.0).weak()).extend());
    });
}

/// A formula with its numbers.
pub(super) fn formula(ui: &mut Ui, text: impl Into<String>) {
    ui.add(egui::Label::new(RichText::new(text).monospace().size(FORMULA).strong()).wrap());
}

/// A sentence about what the numbers show.
pub(super) fn say(ui: &mut Ui, text: impl Into<String>) {
    ui.add(egui::Label::new(RichText::new(text).size(TEXT)).wrap());
}

/// A slider for a number of its own, with the number after it.
pub(super) fn amount(
    ui: &mut Ui,
    name: &str,
    hint: &str,
    value: &mut f32,
    range: std::ops::RangeInclusive<f32>,
) -> bool {
    let was = *value;
    let width = 96.0;
    together(ui, name, width + 62.0, |ui| {
        ui.spacing_mut().slider_width = width;
        let slider = egui::Slider::new(value, range).max_decimals(2);
        ui.add(slider).on_hover_text(hint).accessible_name(name);
    });
    *value != was
}

/// A whole number that is dragged or typed.
pub(super) fn size(ui: &mut Ui, name: &str, hint: &str, value: &mut usize, range: std::ops::RangeInclusive<usize>) {
    let digits = value.to_string().len() as f32;
    together(ui, name, 24.0 + 9.0 * digits, |ui| {
        ui.add(egui::DragValue::new(value).range(range).speed(0.2)).on_hover_text(hint).accessible_name(name);
    });
}

/// A control with its name before it; the two stay on one line where others wrap.
fn together(ui: &mut Ui, name: &str, width: f32, add: impl FnOnce(&mut Ui)) {
    let text = RichText::new(name).size(TEXT);
    let font = FontId::proportional(TEXT);
    let before = ui.painter().layout_no_wrap(name.to_owned(), font, Color32::PLACEHOLDER).size().x;
    let size = vec2(before + 8.0 + width, ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
        ui.add(egui::Label::new(text).extend());
        add(ui);
    });
}

/// One of a few choices, side by side.
pub(super) fn choose<T: PartialEq + Copy>(ui: &mut Ui, chosen: &mut T, choices: &[(T, &str, &str)]) {
    for (choice, label, hint) in choices {
        ui.selectable_value(chosen, *choice, RichText::new(*label).size(TEXT)).on_hover_text(*hint);
    }
}

/// Why there are no numbers.
pub(super) fn fault(ui: &mut Ui, view: View, why: &str) {
    ui.label(RichText::new(format!("There is no output: {why}.")).size(TEXT).color(view.palette.warning));
}

/// A bar with its name and its number, in so many points `before` and `after` it; `share` of the room is filled.
pub(super) fn bar(ui: &mut Ui, [name, number]: [&str; 2], [before, after]: [f32; 2], share: f32, colour: Color32) {
    let height = 22.0;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width().min(620.0), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, format!("{name}: {number}")));
    let font = FontId::proportional(TEXT);
    let ink = ui.visuals().text_color();
    let painter = ui.painter();
    painter.text(rect.left_center(), Align2::LEFT_CENTER, name, font.clone(), ink);
    let room = Rect::from_min_max(rect.min + vec2(before, 3.0), rect.max - vec2(after, 3.0));
    let width = room.width().max(0.0) * share.clamp(0.0, 1.0);
    painter.rect_filled(Rect::from_min_size(room.min, vec2(width, room.height())), 2.0, colour);
    painter.text(pos2(room.left() + width + 6.0, rect.center().y), Align2::LEFT_CENTER, number, font, ink);
}

/// A curve of a plot.
pub(super) struct PlotCurve<'a> {
    /// In the legend.
    pub name: &'a str,
    /// From left to right.
    pub points: &'a [[f32; 2]],
    /// Its colour.
    pub colour: Color32,
}

/// Room for the names of the curves above a plot, in points.
const LEGEND: f32 = 20.0;

/// Curves over axes; a mark on each at `mark`. Returns the place of the pointer along x where it is dragged.
pub(super) fn plot(ui: &mut Ui, view: View, size: Vec2, curves: &[PlotCurve], mark: Option<f32>) -> Option<f32> {
    let all = || curves.iter().flat_map(|curve| curve.points.iter().copied());
    let span = |axis: usize| Range::of(&all().map(|point| point[axis]).collect::<Vec<_>>());
    let (x, mut y) = (span(0), span(1));
    let pad = 0.06 * (y.high - y.low).max(1e-6);
    (y.low, y.high) = (y.low - pad, y.high + pad);
    let (area, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let names: Vec<&str> = curves.iter().map(|curve| curve.name).collect();
    let label = format!("curves: {}", names.join(", "));
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &label));
    let plot = Rect::from_min_max(area.min + vec2(38.0, LEGEND), area.max - vec2(6.0, 20.0));
    let place = |[px, py]: [f32; 2]| {
        let share = [(px - x.low) / (x.high - x.low).max(1e-9), (py - y.low) / (y.high - y.low).max(1e-9)];
        pos2(plot.left() + share[0] * plot.width(), plot.bottom() - share[1] * plot.height())
    };
    let painter = ui.painter();
    painter.rect_stroke(plot, 0.0, Stroke::new(1.0, view.palette.line), StrokeKind::Inside);
    let thin = Stroke::new(1.0, view.palette.weak.gamma_multiply(0.6));
    if y.low < 0.0 && y.high > 0.0 {
        painter.hline(plot.x_range(), place([x.low, 0.0]).y, thin);
    }
    if x.low < 0.0 && x.high > 0.0 {
        painter.vline(place([0.0, y.low]).x, plot.y_range(), thin);
    }
    let small = FontId::proportional(12.0);
    let number = crate::ui::widgets::number;
    // Along a count a tick in the middle stands for nothing.
    let middle = Some((x.low + x.high) / 2.0).filter(|middle| middle.fract() == 0.0);
    let ticks = [(Some(x.low), Align2::LEFT_TOP), (middle, Align2::CENTER_TOP), (Some(x.high), Align2::RIGHT_TOP)];
    for (value, align) in ticks.into_iter().filter_map(|(value, align)| Some((value?, align))) {
        let at = pos2(place([value, y.low]).x, plot.bottom() + 3.0);
        painter.text(at, align, number(value), small.clone(), view.palette.weak);
    }
    for value in [y.low + pad, y.high - pad] {
        painter.text(
            pos2(plot.left() - 4.0, place([x.low, value]).y),
            Align2::RIGHT_CENTER,
            number((value * 100.0).round() / 100.0),
            small.clone(),
            view.palette.weak,
        );
    }
    let clipped = painter.with_clip_rect(plot.expand(1.0));
    let mut legend = plot.left();
    for curve in curves {
        let points: Vec<Pos2> = curve.points.iter().copied().map(place).collect();
        clipped.line(points, Stroke::new(2.2, curve.colour));
        let at = pos2(legend, area.top());
        legend =
            painter.text(at, Align2::LEFT_TOP, curve.name, FontId::proportional(TEXT), curve.colour).right() + 16.0;
        let near = |point: &&[f32; 2]| mark.map_or(f32::INFINITY, |mark| (point[0] - mark).abs());
        let nearest = curve.points.iter().min_by(|a, b| near(a).total_cmp(&near(b)));
        if let (Some(point), true) = (nearest, mark.is_some()) {
            clipped.circle(place(*point), 5.0, view.palette.pane, Stroke::new(2.2, curve.colour));
        }
    }
    let at = response.interact_pointer_pos()?;
    Some(x.low + ((at.x - plot.left()) / plot.width()).clamp(0.0, 1.0) * (x.high - x.low))
}

/// Numbers as a table: a line for each, with its place.
pub(super) fn table(grids: &[(&str, &[f32], usize)]) -> Spreadsheet {
    let mut cells = Spreadsheet::new(["grid", "row", "column", "value"]);
    for (name, values, columns) in grids {
        for (at, value) in values.iter().enumerate() {
            let place = [at / columns, at % columns].map(|place| place.to_string());
            cells.add(std::iter::once((*name).to_owned()).chain(place).chain([value.to_string()]));
        }
    }
    cells
}
