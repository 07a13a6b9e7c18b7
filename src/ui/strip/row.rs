//! One row of the strip.

use super::rows::{StripGroup, is_low};
use crate::{
    net::NodeId,
    ui::{
        model::{commands::Command, state::View},
        theme::{RADIUS, THUMBNAIL},
        widgets::{describe, kinds::kind_colour},
    },
};
use eframe::egui::{self, Align2, Color32, Rect, Sense, TextStyle, Ui, Vec2, WidgetInfo, pos2, vec2};

/// Indent of a row in a group, in points.
const INDENT: f32 = 10.0;

/// Draws the heading of a group; returns whether it was clicked.
pub fn group_row(ui: &Ui, rect: Rect, group: &StripGroup, view: View) -> bool {
    let response = ui.interact(rect, ui.scope_id().with(("group", &group.name)), Sense::click());
    let name = format!("{} {}", if group.open { "fold" } else { "unfold" }, group.name);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let inner = rect.shrink2(vec2(2.0, 1.0));
    if response.hovered() {
        painter.rect_filled(inner, RADIUS, view.palette.hovered);
    }
    let left = inner.left() + 8.0 + INDENT * group.depth as f32;
    let strong = ui.visuals().strong_text_color();
    let small = TextStyle::Small.resolve(ui.style());
    let at = |x: f32| pos2(x, inner.center().y);
    // Drawn, since the font has no such sign: down while the group is open, else right.
    let corners =
        if group.open { [[0.0, -3.0], [8.0, -3.0], [4.0, 3.0]] } else { [[1.0, -4.0], [7.0, 0.0], [1.0, 4.0]] };
    let corners = corners.map(|corner| at(left) + Vec2::from(corner)).to_vec();
    painter.add(egui::Shape::convex_polygon(corners, view.palette.weak, egui::Stroke::NONE));
    let font = TextStyle::Body.resolve(ui.style());
    let title = painter.text(at(left + 14.0), Align2::LEFT_CENTER, &group.name, font, strong);
    let last = view.shown.graph().node(group.layers.end - 1);
    let output = describe::short_output(last);
    let about = format!("{} layers  {output}", group.layers.len());
    // Text that does not fit is left out; the hover text has it.
    let width = |text: &str| painter.layout_no_wrap(text.to_owned(), small.clone(), strong).size().x;
    let room = inner.right() - 4.0 - (title.right() + 8.0);
    if let Some(text) = [&about, &output].into_iter().find(|text| width(text) <= room) {
        painter.text(at(title.right() + 8.0), Align2::LEFT_CENTER, text, small.clone(), view.palette.weak);
    }
    response.on_hover_text(format!("{name}\n{about}")).clicked()
}

/// Draws the heading of a stage: the size of its maps.
pub fn stage_row(ui: &Ui, rect: Rect, size: &str, view: View) {
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let small = TextStyle::Small.resolve(ui.style());
    let at = pos2(rect.left() + 10.0, rect.center().y);
    let shown = painter.text(at, Align2::LEFT_CENTER, format!("{size} maps"), small, view.palette.weak);
    let line = shown.right() + 8.0..=rect.right() - 6.0;
    painter.hline(line, rect.center().y, egui::Stroke::new(1.0, view.palette.line));
}

/// Draws the row of a layer; returns whether it was clicked.
pub fn layer_row(ui: &Ui, rect: Rect, (id, depth): (NodeId, usize), view: View, out: &mut Vec<Command>) -> bool {
    let node = view.shown.graph().node(id);
    let picked = id == view.selection.layer;
    let response = ui.interact(rect, ui.scope_id().with(("layer", id)), Sense::click());
    let name = format!("layer {}", node.name);
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, picked, &name));
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let mut inner = rect.shrink2(vec2(2.0, 1.0));
    inner.min.x += INDENT * depth as f32;
    if picked || response.hovered() {
        painter.rect_filled(inner, RADIUS, if picked { view.palette.picked } else { view.palette.hovered });
    }
    if picked {
        let edge = Rect::from_min_size(inner.min, vec2(3.0, inner.height()));
        painter.rect_filled(edge, 1.0, view.palette.accent);
    }
    let low = is_low(&node.op);
    let size = if low { Vec2::splat(18.0) } else { THUMBNAIL };
    let picture = Rect::from_center_size(pos2(inner.left() + 8.0 + THUMBNAIL.x / 2.0, inner.center().y), size);
    match view.pictures() {
        Some(pictures) => {
            let (texture, uv) = pictures.thumbnail(id);
            painter.image(texture, picture, uv, Color32::WHITE);
        }
        None => {
            painter.rect_filled(picture, 0.0, view.palette.hovered);
        }
    }
    if let Some(colour) = kind_colour(&node.op) {
        let edge = Rect::from_min_size(pos2(picture.left() - 5.0, picture.top()), vec2(3.0, picture.height()));
        painter.rect_filled(edge, 1.0, colour);
    }
    let left = inner.left() + 8.0 + THUMBNAIL.x + 8.0;
    let (body, small) = (TextStyle::Body.resolve(ui.style()), TextStyle::Small.resolve(ui.style()));
    let strong = if picked { ui.visuals().strong_text_color() } else { ui.visuals().text_color() };
    let text = |at: egui::Pos2, align, text: &str, font: &egui::FontId, colour| {
        painter.text(at, align, text, font.clone(), colour)
    };
    let middle = inner.center().y;
    // Text that does not fit is left out; the hover text has it.
    let fits = |from: f32, text: &str| {
        let width = painter.layout_no_wrap(text.to_owned(), small.clone(), strong).size().x;
        from + width <= inner.right() - 4.0
    };
    let beside = |shown: Rect, what: &str| {
        if fits(shown.right() + 8.0, what) {
            text(shown.right_center() + vec2(8.0, 0.0), Align2::LEFT_CENTER, what, &small, view.palette.weak);
        }
    };
    if low {
        beside(text(pos2(left, middle), Align2::LEFT_CENTER, &node.name, &small, strong), node.op.kind());
    } else {
        let shown = text(pos2(left, middle - 8.0), Align2::LEFT_CENTER, &node.name, &body, strong);
        beside(shown, node.title.unwrap_or_default());
        let (kind, shape) = (describe::kind(node), describe::short_output(node));
        let about = format!("{kind}  {shape}");
        let about = if fits(left, &about) { about } else { shape };
        text(pos2(left, middle + 8.0), Align2::LEFT_CENTER, &about, &small, view.palette.weak);
    }
    let clicked = response.clicked();
    if clicked {
        out.push(Command::SelectLayer(id));
    }
    let title = node.title.map_or_else(String::new, |title| format!(" ({title})"));
    response.on_hover_text(format!("{}{title}\n{}\n{}", node.name, describe::kind(node), describe::output(node)));
    clicked
}
