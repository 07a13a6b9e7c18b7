//! One value under the magnifier: the window of the input that it reads, the filter, the products, their sum.

mod magnify;

use crate::{
    figures::Scale,
    net::NodeId,
    paint::{FeatureMaps, Range, Scaling, Style, mosaic},
    ui::{
        model::{
            commands::Command,
            export::{Export, numbers_from},
            state::{View, layer_name},
        },
        panels::{
            magnifier::magnify::{Magnified, Part, Reduction, magnify},
            panel::{Panel, PanelKind},
        },
        widgets::{caption, describe, hollow, number, numbers::NumberGrid},
    },
};
use eframe::egui::{self, RichText, Sense, Ui, vec2};
use std::sync::Arc;

pub(super) const KIND: PanelKind = PanelKind {
    name: "magnifier",
    title: "Magnifier",
    about: "One value taken apart: the window of the input that it reads, times the filter, added up. Click a map to \
            choose the value.",
    how: "The numbers behind the pixels under the pointer.",
    formula: "A[k, y, x] = b[k] + Σ w[k, c, i, j] · A'[c, y + i, x + j]",
    paper: "LeCun, Bottou, Bengio and Haffner 1998",
    make: || Box::<Magnifier>::default(),
};

type MagnifiedValue = (u64, NodeId, usize, [usize; 2]);

#[derive(Default)]
struct Magnifier {
    found: Option<(MagnifiedValue, Option<Arc<Magnified>>)>,
    /// The input unit whose part is shown; the largest part where `None`.
    chosen: Option<usize>,
}

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
        let part = self.chosen.and_then(|unit| found.of_unit(unit));
        let Some(part) = part.or_else(|| found.largest.first().map(|&first| found.part(first))) else { return };
        if found.sums.len() > 1 {
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
        let products: Vec<f32> = found.parts().flat_map(|part| part.products()).collect();
        let [height, width] = found.kernel;
        let count = found.sums.len();
        let numbers = numbers_from(&Arc::new(products.clone()), &[count, height, width]);
        let range = Range::of(&products);
        let name = format!("{} unit {} products", view.node().name, view.selection.unit);
        let export = Export::new(view, &name, numbers, move |_| {
            let maps = FeatureMaps { values: &products, units: count, height, width };
            let layout = Scale::Pleasant.mosaic(count, width, height);
            Ok(mosaic(&maps, &layout, Scaling::Symmetric, &Style::SIGNED))
        });
        let (model, selection) = (&view.run().model, view.selection);
        let shape = [count, height, width];
        Some(export.about(|facts| facts.layer(model, selection.layer).unit(selection.unit).values(&shape, range)))
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
                let text = format!("{} inputs from {name}, largest part first", found.sums.len());
                ui.add(egui::Label::new(RichText::new(text).small().weak()).extend());
                for part in found.largest.iter().map(|&index| found.part(index)) {
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

/// Window, filter and products side by side, with their numbers.
fn grids(ui: &mut Ui, view: View, found: &Magnified, part: Part) {
    let [rows, columns] = found.kernel;
    let is_sum = found.way == Reduction::Sum;
    let count = if is_sum { 3.0 } else { 1.0 };
    let room = vec2(ui.available_width() / count - 30.0, ui.available_height() - 110.0);
    let cell = (room.x / columns as f32).min(room.y / rows as f32).clamp(14.0, 64.0).floor();
    // Behind a rectifier all is positive: the same colours as the maps have, else zero in the middle.
    let of_input = view.run().layers[found.input].ranges.get(part.unit).copied().unwrap_or_default();
    let some = |values: &[f32]| values.iter().copied().map(Some).collect::<Vec<_>>();
    let mut all = vec![("window of the input", part.window.to_vec(), of_input, view.look.style)];
    if is_sum {
        let (weights, values) = (part.weights, part.products());
        let (of_weights, of_products) = (Range::of(weights).symmetric(), Range::of(&values).symmetric());
        all.push(("times the filter", some(weights), of_weights, Style::SIGNED));
        all.push(("gives products", some(&values), of_products, Style::SIGNED));
    }
    let best = (found.way == Reduction::Max).then(|| {
        let value = |index: usize| part.window[index].unwrap_or(f32::NEG_INFINITY);
        (0..part.window.len()).fold(0, |best, index| if value(index) > value(best) { index } else { best })
    });
    ui.horizontal(|ui| {
        for (index, (title, values, range, style)) in all.iter().enumerate() {
            if index > 0 {
                ui.label(RichText::new(if index == 1 { "x" } else { "=" }).heading().weak());
            }
            ui.vertical(|ui| {
                let (range, style) = (*range, *style);
                let grid = NumberGrid { title, values, columns, cell, range, style, written: true };
                let placed = grid.show(ui, view.palette, Sense::hover());
                best.inspect(|&best| placed.mark(ui, best, view.palette));
            });
        }
    });
}

/// The arithmetic in words, to the value and to what the next layer makes of it.
fn sentences(view: View, found: &Magnified, part: Part) -> Vec<String> {
    let mut lines = Vec::new();
    match found.way {
        Reduction::Sum => {
            let others = found.parts().filter(|other| other.unit != part.unit).map(|other| other.sum).sum();
            lines.push(format!("products of input {:<5} {:>10}", part.unit, number(part.sum)));
            if found.sums.len() > 1 {
                lines.push(format!(
                    "{:<23} {:>10}",
                    format!("the other {} inputs", found.sums.len() - 1),
                    number(others)
                ));
            }
            lines.push(format!("{:<23} {:>10}", "bias", number(found.bias)));
            lines.push(format!("{:<23} {:>10}", "sum: the value", number(found.value)));
        }
        Reduction::Max => lines.push(format!("{:<23} {:>10}", "the largest", number(found.value))),
        Reduction::Mean => lines.push(format!("{:<23} {:>10}", "the mean", number(found.value))),
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
