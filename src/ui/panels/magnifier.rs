//! One value under the magnifier: the window of the input that it reads, the filter, the products, their sum.

use super::{Kind, Panel};
use crate::{
    net::NodeId,
    paint::{ColourMap, Range, Style, colour},
    ui::{
        commands::Command,
        describe,
        export::{Export, numbers_from},
        magnify::{Magnified, Part, Way, magnify},
        state::{View, layer_name},
        widgets::{caption, hollow, number},
    },
};
use eframe::egui::{
    self, Align2, Color32, FontId, Rect, RichText, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2,
};
use std::sync::Arc;

pub(super) const KIND: Kind = Kind {
    name: "magnifier",
    title: "Magnifier",
    about: "One value taken apart: the window of the input that it reads, times the filter, added up. Click a map to \
            choose the value.",
    make: || Box::<Magnifier>::default(),
};

type Key = (u64, NodeId, usize, [usize; 2]);

#[derive(Default)]
struct Magnifier {
    found: Option<(Key, Option<Arc<Magnified>>)>,
    /// The input unit whose part is shown; the largest part where `None`.
    chosen: Option<usize>,
}

const SIGNED: Style = Style { map: ColourMap::RedBlue, gamma: 1.0 };
/// Parts that have a button.
const LISTED: usize = 24;

impl Panel for Magnifier {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let at = view.position().unwrap_or([0, 0]);
        let (layer, unit) = (view.selection.layer, view.selection.unit);
        let key = (view.run().id, layer, unit, at);
        if self.found.as_ref().is_none_or(|(other, _)| *other != key) {
            let found = magnify(view.run(), layer, unit, at).ok().flatten();
            self.found = Some((key, found.map(Arc::new)));
        }
        let what = format!("{}  ·  {}", layer_name(view.node()), describe::value(view, unit, at));
        caption(ui, &what).on_hover_text(what);
        let Some(found) = self.found.as_ref().and_then(|(_, found)| found.clone()) else {
            hollow(ui, &format!("{} layers are no window on their input", view.node().op.kind()), false);
            let graph = view.shown.graph();
            let near = (0..layer).rev().find(|&id| !graph.node(id).inputs.is_empty() && is_window(view, id));
            if let Some(near) = near
                && ui.button(format!("Go to {}", layer_name(graph.node(near)))).clicked()
            {
                out.push(Command::SelectLayer(near));
            }
            return;
        };
        let part = self.chosen.and_then(|unit| found.parts.iter().find(|part| part.unit == unit));
        let Some(part) = part.or(found.parts.first()) else { return };
        if found.parts.len() > 1 {
            self.choose(ui, view, &found, part.unit);
        }
        egui::ScrollArea::both().auto_shrink(false).show(ui, |ui| {
            grids(ui, view, &found, part);
            ui.add_space(6.0);
            for line in sentences(view, &found, part) {
                ui.add(egui::Label::new(RichText::new(line).monospace()).extend());
            }
        });
    }

    fn export(&self, view: View) -> Option<Export> {
        let (_, found) = self.found.as_ref()?;
        let found = found.as_ref()?;
        let products: Vec<f32> = found.parts.iter().flat_map(products).collect();
        let [height, width] = found.kernel;
        let count = found.parts.len();
        let numbers = numbers_from(&Arc::new(products.clone()), &[count, height, width]);
        let name = format!("{} unit {} products", view.node().name, view.selection.unit);
        let export = Export::new(view, &name, numbers, move |_| {
            let maps = crate::paint::Maps { values: &products, units: count, height, width };
            let k = (64 / width.max(height)).max(1);
            let layout = crate::paint::Layout::square(count, ((width * k) as u32, (height * k) as u32), 2);
            Ok(crate::paint::mosaic(&maps, &layout, crate::paint::Scaling::Symmetric, &SIGNED))
        });
        Some(export.with("Layer", layer_name(view.node())).with("Unit", view.selection.unit.to_string()))
    }
}

fn is_window(view: View, layer: NodeId) -> bool {
    magnify(view.run(), layer, 0, [0, 0]).is_ok_and(|found| found.is_some())
}

impl Magnifier {
    /// A button an input unit, the largest part first.
    fn choose(&mut self, ui: &mut Ui, view: View, found: &Magnified, shown: usize) {
        let strip = egui::ScrollArea::horizontal().id_salt("parts").max_height(30.0).min_scrolled_height(30.0);
        strip.auto_shrink([false, false]).show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.set_height(22.0);
                ui.spacing_mut().item_spacing.x = 3.0;
                let name = layer_name(view.shown.graph().node(found.input));
                let text = format!("{} inputs from {name}, largest part first", found.parts.len());
                ui.add(egui::Label::new(RichText::new(text).small().weak()).extend());
                for part in found.parts.iter().take(LISTED) {
                    let text = RichText::new(part.unit.to_string()).monospace();
                    let response = ui.add(egui::Button::selectable(part.unit == shown, text).small());
                    let response = response.on_hover_text(format!("input {} adds {}", part.unit, number(part.sum)));
                    if response.accessible_name(format!("part of input {}", part.unit)).clicked() {
                        self.chosen = Some(part.unit);
                    }
                }
            });
        });
    }
}

fn products(part: &Part) -> Vec<f32> {
    match part.weights.is_empty() {
        true => part.window.iter().map(|value| value.unwrap_or(0.0)).collect(),
        false => part.window.iter().zip(&part.weights).map(|(value, weight)| value.unwrap_or(0.0) * weight).collect(),
    }
}

/// Window, filter and products side by side, with their numbers.
fn grids(ui: &mut Ui, view: View, found: &Magnified, part: &Part) {
    let [rows, columns] = found.kernel;
    let is_sum = found.way == Way::Sum;
    let count = if is_sum { 3.0 } else { 1.0 };
    let room = vec2(ui.available_width() / count - 30.0, ui.available_height() - 110.0);
    let cell = (room.x / columns as f32).min(room.y / rows as f32).clamp(14.0, 64.0).floor();
    // Behind a rectifier all is positive: the same colours as the maps have, else zero in the middle.
    let input = view.run().layers[found.input].ranges.get(part.unit).copied().unwrap_or_default();
    let window =
        Grid { title: "window of the input", values: part.window.clone(), range: input, style: view.look.style };
    let mut all = vec![window];
    if is_sum {
        let (weights, values) = (&part.weights, products(part));
        let (of_weights, of_products) = (Range::of(weights).symmetric(), Range::of(&values).symmetric());
        let some = |values: &[f32]| values.iter().copied().map(Some).collect();
        all.push(Grid { title: "times the filter", values: some(weights), range: of_weights, style: SIGNED });
        all.push(Grid { title: "gives products", values: some(&values), range: of_products, style: SIGNED });
    }
    let best = (found.way == Way::Max).then(|| {
        let value = |index: usize| part.window[index].unwrap_or(f32::NEG_INFINITY);
        (0..part.window.len()).fold(0, |best, index| if value(index) > value(best) { index } else { best })
    });
    ui.horizontal(|ui| {
        for (index, grid) in all.iter().enumerate() {
            if index > 0 {
                ui.label(RichText::new(if index == 1 { "x" } else { "=" }).heading().weak());
            }
            ui.vertical(|ui| grid.show(ui, view, columns, cell, best));
        }
    });
}

struct Grid {
    title: &'static str,
    /// Row by row; `None` beyond the edge of the input.
    values: Vec<Option<f32>>,
    range: Range,
    style: Style,
}

impl Grid {
    fn show(&self, ui: &mut Ui, view: View, columns: usize, cell: f32, marked: Option<usize>) {
        ui.label(RichText::new(self.title).small().weak());
        let rows = self.values.len().div_ceil(columns);
        let size = vec2(cell * columns as f32, cell * rows as f32).max(vec2(40.0, 0.0));
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, format!("numbers: {}", self.title)));
        let at = |index: usize| {
            let corner = vec2((index % columns) as f32, (index / columns) as f32) * cell;
            Rect::from_min_size(rect.min + corner, Vec2::splat(cell)).shrink(0.5)
        };
        let painter = ui.painter();
        for (index, value) in self.values.iter().enumerate() {
            let place = at(index);
            let Some(value) = value else {
                // Beyond the edge: a zero that is nobody's.
                painter.rect_stroke(place, 0.0, Stroke::new(1.0, view.palette.line), StrokeKind::Inside);
                painter.text(place.center(), Align2::CENTER_CENTER, "0", FontId::monospace(9.0), view.palette.weak);
                continue;
            };
            let [r, g, b] = colour(*value, self.range, &self.style);
            painter.rect_filled(place, 0.0, Color32::from_rgb(r, g, b));
            if cell >= 34.0 {
                let bright = 0.3 * f32::from(r) + 0.59 * f32::from(g) + 0.11 * f32::from(b) > 140.0;
                let ink = if bright { Color32::BLACK } else { Color32::WHITE };
                let text = if cell >= 46.0 { number(*value) } else { format!("{value:.2}") };
                painter.text(
                    place.center(),
                    Align2::CENTER_CENTER,
                    text,
                    FontId::monospace(if cell >= 46.0 { 10.0 } else { 9.0 }),
                    ink,
                );
            }
        }
        if let Some(index) = marked {
            painter.rect_stroke(at(index), 0.0, Stroke::new(2.5, view.palette.accent), StrokeKind::Inside);
        }
        if let Some(pointer) = response.hover_pos() {
            let place = ((pointer - rect.min) / cell).floor();
            let (row, column) = (place.y as usize, place.x as usize);
            if let Some(value) = self.values.get(row * columns + column).filter(|_| column < columns) {
                let value = value.map_or_else(|| "beyond the edge: 0".into(), |value| value.to_string());
                response.on_hover_text(format!("row {row}, column {column}: {value}"));
            }
        }
    }
}

/// The arithmetic in words, to the value and to what the next layer makes of it.
fn sentences(view: View, found: &Magnified, part: &Part) -> Vec<String> {
    let mut lines = Vec::new();
    match found.way {
        Way::Sum => {
            let others: f32 = found.parts.iter().filter(|other| other.unit != part.unit).map(|other| other.sum).sum();
            lines.push(format!("products of input {:<5} {:>10}", part.unit, number(part.sum)));
            if found.parts.len() > 1 {
                lines.push(format!(
                    "{:<23} {:>10}",
                    format!("the other {} inputs", found.parts.len() - 1),
                    number(others)
                ));
            }
            lines.push(format!("{:<23} {:>10}", "bias", number(found.bias)));
            lines.push(format!("{:<23} {:>10}", "sum: the value", number(found.value)));
        }
        Way::Max => lines.push(format!("{:<23} {:>10}", "the largest", number(found.value))),
        Way::Mean => lines.push(format!("{:<23} {:>10}", "the mean", number(found.value))),
    }
    let (layer, unit) = (view.selection.layer, view.selection.unit);
    let nodes = view.shown.graph().nodes();
    let next = nodes.iter().enumerate().skip(layer + 1).find(|(_, node)| node.inputs == [layer]);
    if let Some((id, node)) = next.filter(|(_, node)| node.shape == view.node().shape) {
        let [_, height, width] = node.extent();
        let [row, column] = view.position().unwrap_or([0, 0]);
        let value = view.run().layers[id].with_values(|values| values[(unit * height + row) * width + column]);
        lines.push(format!(
            "{:<23} {:>10}",
            format!("{} ({})", node.op.kind(), node.name),
            number(value.unwrap_or(f32::NAN))
        ));
    }
    lines
}
