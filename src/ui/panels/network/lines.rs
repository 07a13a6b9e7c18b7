//! The lines of the drawing, and the frames around unfolded blocks.

use super::drawn::{DrawingView, Drawn, READABLE};
use crate::{
    net::surgery::InPlace,
    ui::{
        model::{commands::Command, state::View},
        theme::RADIUS,
    },
};
use eframe::egui::{
    self, Align2, Color32, FontId, Pos2, Rect, RichText, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2,
    vec2,
};
use std::collections::BTreeSet;

impl Drawn {
    /// Lines from box to box; those of the selected layer stand out.
    pub(super) fn edges(&self, ui: &Ui, camera: DrawingView, view: View) {
        let here = self.folded.place[view.selection.layer];
        let mut marked = Vec::new();
        for (edge, points) in self.folded.edges.iter().zip(&self.layout.edges) {
            let (from, to) = (points[0], points[points.len() - 1]);
            let span = Rect::from_two_pos(camera.point(from), camera.point(to));
            let high = points.iter().fold(span, |span, &point| span.union(Rect::from_pos(camera.point(point))));
            if !high.expand(2.0).intersects(camera.area) {
                continue;
            }
            match edge.0 == here || edge.1 == here {
                true => marked.push(points),
                false => line(ui, camera, points, Stroke::new(1.0, view.palette.weak.gamma_multiply(0.55))),
            }
        }
        for points in marked {
            line(ui, camera, points, Stroke::new(1.8, view.palette.accent));
        }
    }

    /// Around every block that is unfolded, with a button that folds it.
    pub(super) fn frames(&self, ui: &mut Ui, camera: DrawingView, view: View) -> Option<String> {
        let mut toggled = None;
        for (index, block) in self.blocks.iter().enumerate() {
            let is_whole =
                block.nodes.iter().any(|&node| self.folded.boxes[self.folded.place[node]].block == Some(index));
            let inside = block.nodes.iter().map(|&node| self.folded.place[node]);
            // A block has no frame when it is folded, or when one box holds all of it.
            let hidden = is_whole || inside.clone().collect::<BTreeSet<_>>().len() < 2;
            if hidden {
                continue;
            }
            let around = inside.fold(Rect::NOTHING, |rect, index| rect.union(self.layout.boxes[index]));
            // Inner frames stand a little inside outer ones.
            let depth = block.name.matches('.').count() as f32;
            let rect = camera.rect(around.expand((9.0 - 2.0 * depth).max(3.0)));
            if !rect.intersects(camera.area) {
                continue;
            }
            let painter = ui.painter();
            painter.rect_filled(rect, RADIUS, view.palette.hovered.gamma_multiply(0.45));
            painter.rect_stroke(rect, RADIUS, Stroke::new(1.0, view.palette.line), StrokeKind::Inside);
            if camera.zoom < READABLE {
                continue;
            }
            let label = RichText::new(format!("fold {}", block.name)).small().color(view.palette.weak);
            // It stays in reach where the frame's corner is out of view.
            let corner = (rect.left_top() - vec2(0.0, 17.0)).max(camera.area.min + vec2(2.0, 1.0));
            let at = Rect::from_min_size(corner, vec2((rect.right() - corner.x).max(60.0), 16.0));
            let mut child = ui.new_child(egui::UiBuilder::new().id_salt(&block.name).max_rect(at));
            let button = egui::Button::new(label).frame(false).truncate();
            if child.add(button).accessible_name(format!("Fold {}", block.name)).clicked() {
                toggled = Some(block.name.clone());
            }
        }
        toggled
    }
}

/// A small plus at the end of a block's box; returns whether it was clicked.
pub(super) fn unfold(ui: &Ui, view: View, camera: DrawingView, rect: Rect, name: &str) -> bool {
    let side = 14.0 * camera.zoom;
    let place = Rect::from_min_size(rect.right_top() - vec2(side + 1.0, -1.0), Vec2::splat(side));
    let response = ui.interact(place, ui.scope_id().with(("unfold", name)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Unfold {name}")));
    let colour = if response.hovered() { view.palette.accent } else { view.palette.weak };
    ui.painter().rect_filled(place, RADIUS, view.palette.pane);
    ui.painter().text(place.center(), Align2::CENTER_CENTER, "+", FontId::proportional(side), colour);
    response.clicked()
}

/// A tick at the corner of a box: whether the part is at work. Returns the change that a click makes. The input, the scores and
/// what only changes brought have none.
pub(super) fn at_work(ui: &Ui, view: View, camera: DrawingView, rect: Rect, name: &str) -> Option<Command> {
    let base = view.run().model.unchanged().network.graph();
    let part = base.part(name).ok().filter(|part| part.output > 0 && part.output < base.scores())?;
    let off = view.surgery.off(name).is_some();
    if off {
        ui.painter().rect_filled(rect, RADIUS, view.palette.pane.gamma_multiply(0.6));
    }
    let side = 13.0 * camera.zoom;
    let corner = rect.right_bottom() - Vec2::splat(side + 3.0 * camera.zoom);
    let place = Rect::from_min_size(corner, Vec2::splat(side));
    let response = ui.interact(place.expand(2.0), ui.scope_id().with(("at work", name)), Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(egui::Role::CheckBox, true, !off, format!("{name} in the drawing at work"))
    });
    let colour = if response.hovered() { view.palette.accent } else { view.palette.weak };
    ui.painter().rect_filled(place, 2.0, view.palette.pane);
    ui.painter().rect_stroke(place, 2.0, Stroke::new(1.0, colour), StrokeKind::Inside);
    if !off {
        let at = |x: f32, y: f32| place.min + vec2(x, y) * side;
        let tick = vec![at(0.22, 0.55), at(0.42, 0.76), at(0.8, 0.26)];
        ui.painter().line(tick, Stroke::new(1.5 * camera.zoom.max(0.7), colour));
    }
    let with = InPlace::usual(base, &part.name);
    let hint = format!("{} {}", if off { "Switch on" } else { "Switch off" }, part.name);
    let clicked = response.on_hover_text(hint).clicked();
    clicked.then(|| Command::Operate(view.surgery.toggled(&part.name, with)))
}

fn line(ui: &Ui, camera: DrawingView, points: &[Pos2], stroke: Stroke) {
    for pair in points.windows(2) {
        let [from, to] = [camera.point(pair[0]), camera.point(pair[1])];
        if from.y == to.y {
            ui.painter().line_segment([from, to], stroke);
            continue;
        }
        let middle = (from.x + to.x) / 2.0;
        let corners = [from, pos2(middle, from.y), pos2(middle, to.y), to];
        let curve = egui::epaint::CubicBezierShape::from_points_stroke(corners, false, Color32::TRANSPARENT, stroke);
        ui.painter().add(Shape::CubicBezier(curve));
    }
}
