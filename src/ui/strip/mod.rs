//! The network as a strip: a row per layer with its strongest map, and the layer slider beside the rows.

mod known;
mod picker;
mod row;
mod rows;

use crate::{
    engine::Model,
    net::{Graph, NodeId},
    ui::{
        model::{commands::Command, state::View},
        widgets::layer_slider::{INSET, layer_slider_along},
    },
};
use eframe::egui::{self, Rect, Ui, pos2, vec2};
use picker::NetworkPicker;
use row::{group_row, layer_row, stage_row};
use rows::{StripRow, folds, rows};
use std::{collections::BTreeMap, path::PathBuf};

/// The strip's own state.
#[derive(Default)]
pub struct LayerStrip {
    picker: NetworkPicker,
    /// The run's network and the layer that the rows were last scrolled to.
    scrolled_to: Option<(usize, NodeId)>,
    /// Whether a row was clicked: it stays under the pointer, and moves to the slider's knob when the pointer has left.
    clicked: bool,
    /// Space above and below the rows, so that any of them can stand beside the knob.
    margins: [f32; 2],
    /// Groups that the user opened or closed.
    toggled: BTreeMap<String, bool>,
}

/// Width of the slider.
const SLIDER: f32 = 26.0;

impl LayerStrip {
    /// Draws the network picker, the slider and the layers. `own` are the user's weights files; while the slider `is_new`
    /// to the user, it says what it is for.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        model: Option<&Model>,
        own: &[PathBuf],
        is_new: bool,
        view: Option<View>,
        out: &mut Vec<Command>,
    ) {
        ui.set_min_width(ui.available_width());
        self.picker.ui(ui, model, own, out);
        if let Some(view) = view.filter(|view| !view.run().model.surgery.is_empty()) {
            changed(ui, view, out);
        }
        ui.add_space(4.0);
        if let Some(view) = view {
            let area = ui.available_rect_before_wrap();
            let (slider, list) = area.split_left_right_at_x(area.left() + SLIDER);
            let stops = stops(view.shown.graph());
            // Where all rows are in view, the slider is as long as they are, and its knob stands beside the row.
            let graph = view.shown.graph();
            let rows = rows(graph, view.selection.layer, &self.toggled);
            let all: f32 = rows.iter().map(|row| row.height(graph)).sum();
            let length = if folds(view.shown.graph()) { area.height() } else { all.min(area.height()) };
            let slider = Rect::from_min_size(slider.min, vec2(slider.width(), length));
            layer_slider_along(ui, slider, &stops, view, out);
            let knob = INSET + stops[view.selection.layer] * (length - 2.0 * INSET);
            self.layers(ui, list, knob, view, out);
            if is_new {
                invitation(ui, pos2(slider.right(), slider.top() + knob), view);
            }
            // The strip is as wide as the user made it, whatever its content.
            ui.expand_to_include_rect(area);
        }
    }

    /// The rows, scrolled so that the selected one stands beside the slider's knob, `knob` points below the top.
    fn layers(&mut self, ui: &mut Ui, area: Rect, knob: f32, view: View, out: &mut Vec<Command>) {
        let (graph, selected) = (view.shown.graph(), view.selection.layer);
        let here = (std::ptr::from_ref(graph) as usize, selected);
        let is_over = ui.rect_contains_pointer(area);
        let moved = self.scrolled_to.replace(here) != Some(here) || self.clicked && !is_over;
        if moved {
            // The selected layer is in sight, even in a group that was closed.
            let name = &graph.node(selected).name;
            self.toggled.retain(|group, open| *open || !name.starts_with(&format!("{group}.")));
        }
        let rows = rows(graph, selected, &self.toggled);
        let heights: Vec<f32> = rows.iter().map(|row| row.height(graph)).collect();
        let total: f32 = heights.iter().sum();
        let mut scroll = egui::ScrollArea::vertical().auto_shrink(false).id_salt("layers");
        let at = rows.iter().position(|row| matches!(row, StripRow::Layer(layer, _) if *layer == selected));
        if let Some(at) = at.filter(|_| moved) {
            self.clicked = false;
            let middle = heights[..at].iter().sum::<f32>() + heights[at] / 2.0;
            let below = (area.height() - knob) - (total - middle);
            self.margins = [(knob - middle).max(0.0), below.max(0.0)].map(f32::round);
            scroll = scroll.vertical_scroll_offset((middle + self.margins[0] - knob).round().max(0.0));
        }
        let [above, below] = self.margins;
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(area));
        scroll.show_viewport(&mut child, |ui, viewport| {
            ui.set_height(above + total + below);
            let (left, origin) = (ui.max_rect().left(), ui.max_rect().top());
            let (width, mut top) = (ui.max_rect().width(), origin + above);
            for (row, &height) in rows.iter().zip(&heights) {
                let rect = Rect::from_min_size(pos2(left, top), vec2(width, height));
                top += height;
                // Only rows in view are drawn: a network may have a thousand layers.
                let at = rect.translate(vec2(0.0, -origin));
                if at.bottom() >= viewport.top() && at.top() <= viewport.bottom() {
                    self.row(ui, rect, row, view, out);
                }
            }
        });
    }

    fn row(&mut self, ui: &Ui, rect: Rect, row: &StripRow, view: View, out: &mut Vec<Command>) {
        match row {
            StripRow::Group(group) => {
                if group_row(ui, rect, group, view) {
                    self.toggled.insert(group.name.clone(), !group.open);
                }
            }
            StripRow::Stage(size) => stage_row(ui, rect, size, view),
            StripRow::Layer(layer, depth) => {
                if layer_row(ui, rect, (*layer, *depth), view, out) {
                    self.clicked = true;
                    self.scrolled_to = Some((std::ptr::from_ref(view.shown.graph()) as usize, *layer));
                }
            }
        }
    }
}

/// Says that the network is changed; a click shows how.
fn changed(ui: &mut Ui, view: View, out: &mut Vec<Command>) {
    let surgery = &view.run().model.surgery;
    let count = surgery.edits.len();
    let words =
        if count == 1 { "1 change to the network".to_owned() } else { format!("{count} changes to the network") };
    let text = egui::RichText::new(words).small().color(view.palette.warning);
    if ui.add(egui::Button::new(text).frame(false)).on_hover_text(surgery.words()).clicked() {
        out.push(Command::ShowPane("surgery"));
    }
}

/// Words beside the slider's knob for who has not used it yet.
fn invitation(ui: &Ui, at: egui::Pos2, view: View) {
    let font = egui::TextStyle::Small.resolve(ui.style());
    let words = "Drag me through the layers";
    let galley = ui.painter().layout_no_wrap(words.to_owned(), font, view.palette.backdrop);
    let body = Rect::from_min_size(at + vec2(6.0, 14.0), galley.size() + vec2(16.0, 8.0));
    let painter = ui.painter();
    let tip = vec![at + vec2(-4.0, 6.0), body.left_top() + vec2(4.0, 0.0), body.left_top() + vec2(18.0, 0.0)];
    painter.add(egui::Shape::convex_polygon(tip, view.palette.accent, egui::Stroke::NONE));
    painter.rect_filled(body, 4.0, view.palette.accent);
    painter.galley(body.min + vec2(8.0, 4.0), galley, view.palette.backdrop);
}

/// Where each layer stands along the slider, 0 to 1: at the middle of its row in the unfolded list.
fn stops(graph: &Graph) -> Vec<f32> {
    let unfolded = || -> Vec<StripRow> { (0..graph.nodes().len()).map(|layer| StripRow::Layer(layer, 0)).collect() };
    let rows = if folds(graph) { unfolded() } else { rows(graph, 0, &BTreeMap::new()) };
    let length = (rows.iter().map(|row| row.height(graph)).sum::<f32>() - 2.0 * INSET).max(1.0);
    let mut top = -INSET;
    let mut stops = Vec::with_capacity(graph.nodes().len());
    for row in rows {
        let height = row.height(graph);
        if let StripRow::Layer(..) = row {
            stops.push(((top + height / 2.0) / length).clamp(0.0, 1.0));
        }
        top += height;
    }
    stops
}
