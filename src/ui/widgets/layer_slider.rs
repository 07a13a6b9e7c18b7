//! The layer slider: a rail along the network, in the strip and below the drawing. Dragging along it goes through all
//! layers.

use crate::ui::model::{commands::Command, state::View};
use eframe::egui::{self, Align2, FontId, Pos2, Rect, Sense, Ui, WidgetInfo, accesskit, pos2, vec2};

/// The place of the slider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Along {
    /// Down the strip of layers.
    Strip,
    /// From left to right below the drawing, marked where maps become smaller.
    Drawing,
}

impl Along {
    fn name(self) -> &'static str {
        match self {
            Along::Strip => "Layer",
            Along::Drawing => "Layer along the drawing",
        }
    }

    fn rail(self, area: Rect) -> Rect {
        match self {
            Along::Strip => {
                Rect::from_center_size(area.center() - vec2(2.0, 0.0), vec2(4.0, area.height() - 2.0 * INSET))
            }
            Along::Drawing => Rect::from_center_size(
                pos2(area.center().x, area.top() + 11.0),
                vec2((area.width() - 20.0).max(1.0), 4.0),
            ),
        }
    }

    fn share(self, rail: Rect, at: Pos2) -> f32 {
        match self {
            Along::Strip => (at.y - rail.top()) / rail.height(),
            Along::Drawing => (at.x - rail.left()) / rail.width(),
        }
    }

    fn place(self, rail: Rect, share: f32) -> Pos2 {
        match self {
            Along::Strip => pos2(rail.center().x, rail.top() + share * rail.height()),
            Along::Drawing => pos2(rail.left() + share * rail.width(), rail.center().y),
        }
    }

    /// The part of the rail that lies behind the knob.
    fn behind(self, rail: Rect, knob: Pos2) -> Rect {
        match self {
            Along::Strip => Rect::from_min_max(rail.min, pos2(rail.right(), knob.y)),
            Along::Drawing => Rect::from_min_max(rail.min, pos2(knob.x, rail.bottom())),
        }
    }
}

/// From the end of the slider's area to the end of its rail, in points.
pub const INSET: f32 = 10.0;

/// Draws the slider along the drawing, with equal steps from layer to layer.
pub fn layer_slider(ui: &mut Ui, area: Rect, view: View, out: &mut Vec<Command>) {
    let last = view.shown.graph().nodes().len().saturating_sub(1);
    let stops: Vec<f32> = (0..=last).map(|layer| layer as f32 / last.max(1) as f32).collect();
    slider(ui, area, Along::Drawing, &stops, view, out);
}

/// Draws the slider along the strip; `stops` holds the place of each layer on the rail, 0 to 1 and rising.
pub fn layer_slider_along(ui: &mut Ui, area: Rect, stops: &[f32], view: View, out: &mut Vec<Command>) {
    slider(ui, area, Along::Strip, stops, view, out);
}

/// The stop nearest to a share of the rail.
fn nearest(stops: &[f32], share: f32) -> usize {
    let above = stops.partition_point(|&stop| stop < share).min(stops.len().saturating_sub(1));
    let below = above.saturating_sub(1);
    if share - stops[below] <= stops[above] - share { below } else { above }
}

/// Draws the slider and applies the pointer and the requests of a screen reader.
fn slider(ui: &mut Ui, area: Rect, along: Along, stops: &[f32], view: View, out: &mut Vec<Command>) {
    let last = stops.len() - 1;
    let rail = along.rail(area);
    let response = ui.interact(area, ui.scope_id().with("layer slider"), Sense::click_and_drag());
    let mut layer = view.selection.layer.min(last);
    let held = response.is_pointer_button_down_on() || response.clicked();
    if let Some(pointer) = response.interact_pointer_pos().filter(|_| held) {
        layer = nearest(stops, along.share(rail, pointer).clamp(0.0, 1.0));
    }
    layer = set(ui, &response, last).unwrap_or(layer);
    response.widget_info(|| WidgetInfo::slider(true, layer as f64, along.name()));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_min_numeric_value(0.0);
        node.set_max_numeric_value(last as f64);
        node.set_numeric_value_step(1.0);
        node.add_action(accesskit::Action::SetValue);
    });
    if layer != view.selection.layer {
        out.push(Command::SelectLayer(layer));
    }
    let knob = along.place(rail, stops[layer]);
    if along == Along::Drawing {
        marks(ui, rail, last, view);
    }
    let painter = ui.painter();
    painter.rect_filled(rail, 2.0, view.palette.line);
    painter.rect_filled(along.behind(rail, knob), 2.0, view.palette.accent);
    let active = response.hovered() || response.dragged();
    painter.circle_filled(knob, if active { 9.0 } else { 7.5 }, view.palette.accent);
    painter.circle_filled(knob, 3.0, view.palette.pane);
    let name = &view.shown.graph().node(layer).name;
    response.on_hover_text(format!("{name}, layer {layer} of {last}: drag to go through the network"));
}

/// The layer that a screen reader or a test requests.
fn set(ui: &Ui, response: &egui::Response, last: usize) -> Option<usize> {
    ui.input(|input| {
        let mut set = None;
        for request in input.accesskit_action_requests(response.id, accesskit::Action::SetValue) {
            if let Some(accesskit::ActionData::NumericValue(value)) = request.data {
                set = Some((value.max(0.0) as usize).min(last));
            }
        }
        set
    })
}

/// Marks on the rail where the maps become smaller than all before, with their new side.
fn marks(ui: &Ui, rail: Rect, last: usize, view: View) {
    let (mut least, mut free) = (usize::MAX, f32::NEG_INFINITY);
    for (id, node) in view.shown.graph().nodes().iter().enumerate() {
        let [_, rows, columns] = node.extent();
        if rows * columns >= least {
            continue;
        }
        least = rows * columns;
        let at = Along::Drawing.place(rail, id as f32 / last.max(1) as f32);
        let painter = ui.painter();
        painter.vline(at.x, at.y - 5.0..=at.y + 7.0, egui::Stroke::new(1.0, view.palette.weak));
        let text = if rows == columns { rows.to_string() } else { format!("{rows}x{columns}") };
        let galley = painter.layout_no_wrap(text, FontId::proportional(10.0), view.palette.weak);
        let corner = Align2::CENTER_TOP.anchor_size(pos2(at.x, at.y + 8.0), galley.size()).min;
        // A text that would cover the last one is left out.
        if corner.x >= free {
            free = corner.x + galley.size().x + 3.0;
            painter.galley(corner, galley, view.palette.weak);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_stop_is_found() {
        let stops = [0.0, 0.2, 0.9, 1.0];
        let found = [-1.0, 0.05, 0.15, 0.5, 0.6, 0.96, 2.0].map(|share| nearest(&stops, share));
        assert_eq!(found, [0, 0, 1, 1, 2, 3, 3]);
        assert_eq!(nearest(&[0.0], 0.7), 0);
    }
}
