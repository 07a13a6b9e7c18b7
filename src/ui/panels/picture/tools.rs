//! The tools that alter the picture: their buttons, the effect of a drag with each, their numbers, and the preview of the
//! altered picture before the network has run.

use crate::{
    picture::Alteration,
    ui::{
        model::{
            commands::{Action, Command},
            state::View,
            viewport,
        },
        widgets::{
            WHOLE,
            icons::{self, Icon},
        },
    },
};
use eframe::egui::{self, Color32, CursorIcon, DragValue, Mesh, Painter, Rect, TextureId, Ui, vec2};
use std::ops::RangeInclusive;

/// The effect of dragging on the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tool {
    /// Nothing to the picture.
    #[default]
    Look,
    Shift,
    Scale,
    Rotate,
    Crop,
    Occlude,
}

/// Limits of the picture's scale.
const SCALES: RangeInclusive<f32> = 0.1..=20.0;

/// A crop or a cover is at least so large, in shares of the frame: less is a click.
const LEAST: f32 = 0.02;

impl Tool {
    pub(super) const ALL: [Tool; 6] = [Tool::Look, Tool::Shift, Tool::Scale, Tool::Rotate, Tool::Crop, Tool::Occlude];

    /// Its name, its sign, and what it does.
    fn info(self) -> (&'static str, Icon, &'static str) {
        match self {
            Tool::Look => (
                "look",
                icons::LENS,
                "Click to find the units that are strongest there; scroll to zoom, drag to move, double-click for the whole",
            ),
            Tool::Shift => ("shift", icons::MOVE, "Drag to shift the picture"),
            Tool::Scale => ("scale", icons::SCALE, "Drag outwards to enlarge the picture, inwards to make it smaller"),
            Tool::Rotate => ("rotate", icons::TURN, "Drag about the middle to rotate the picture"),
            Tool::Crop => ("crop", icons::CROP, "Drag a square: it will be all that the network sees"),
            Tool::Occlude => ("occlude", icons::BLOCK, "Drag a rectangle to cover; click to take it away"),
        }
    }

    pub(super) fn cursor(self) -> CursorIcon {
        match self {
            Tool::Look => CursorIcon::Default,
            Tool::Shift => CursorIcon::Move,
            Tool::Scale => CursorIcon::ResizeNwSe,
            Tool::Rotate => CursorIcon::Alias,
            Tool::Crop | Tool::Occlude => CursorIcon::Crosshair,
        }
    }

    /// The alteration that a drag from a place to another leads to, in shares of the frame. A crop is made at the end.
    pub(super) fn dragged(self, start: Alteration, from: [f32; 2], to: [f32; 2]) -> Alteration {
        let [from_middle, to_middle] = [from, to].map(|at| vec2(at[0] - 0.5, at[1] - 0.5));
        match self {
            Tool::Look | Tool::Crop => start,
            Tool::Shift => start.shifted([to[0] - from[0], to[1] - from[1]]),
            Tool::Scale => scaled(start, start.scale * to_middle.length() / from_middle.length().max(LEAST)),
            Tool::Rotate => start.turned((to_middle.angle() - from_middle.angle()).to_degrees()),
            Tool::Occlude => Alteration { cover: rectangle(from, to), ..start },
        }
    }
}

fn scaled(from: Alteration, scale: f32) -> Alteration {
    from.scaled(scale.clamp(*SCALES.start(), *SCALES.end()) / from.scale)
}

/// The part of the frame between two places; none where it is hardly any.
fn rectangle(from: [f32; 2], to: [f32; 2]) -> Option<[f32; 4]> {
    let [from, to] = [from, to].map(|at| at.map(|share| share.clamp(0.0, 1.0)));
    let found = [from[0].min(to[0]), from[1].min(to[1]), from[0].max(to[0]), from[1].max(to[1])];
    (found[2] - found[0] >= LEAST && found[3] - found[1] >= LEAST).then_some(found)
}

/// The square that a drag from a place to another spans, in shares of the frame; none where that is hardly any.
pub(super) fn square(from: [f32; 2], to: [f32; 2]) -> Option<[f32; 4]> {
    let (across, down) = (to[0] - from[0], to[1] - from[1]);
    let side = across.abs().max(down.abs());
    let corner = [from[0] + side * across.signum(), from[1] + side * down.signum()];
    let least = LEAST.max(1.0 / SCALES.end());
    (side >= least)
        .then(|| [from[0].min(corner[0]), from[1].min(corner[1]), from[0].max(corner[0]), from[1].max(corner[1])])
}

/// The row of tools.
pub(super) fn row(ui: &mut Ui, tool: &mut Tool, view: View, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        // All in one row, however narrow the pane: two flips and a gap besides.
        let width = (ui.available_width() / (Tool::ALL.len() as f32 + 2.5)).clamp(14.0, 26.0);
        for other in Tool::ALL {
            let (name, icon, hint) = other.info();
            if icons::button(ui, width, icon, &format!("Tool {name}"), hint, *tool == other).clicked() {
                *tool = other;
            }
        }
        ui.add_space(width / 2.0);
        let now = view.selection.alteration;
        for (name, icon, altered) in
            [("Flip across", icons::ACROSS, now.flipped()), ("Flip down", icons::DOWN, now.flipped().turned(180.0))]
        {
            if icons::button(ui, width, icon, name, name, false).clicked() {
                out.push(Command::Alter(altered));
            }
        }
    });
}

/// Takes back whatever was done, where something was.
pub(super) fn reset(ui: &mut Ui, view: View, out: &mut Vec<Command>) {
    let info = Action::Unalter.info();
    if view.selection.alteration.is_none() {
        return;
    }
    let button = ui.small_button("reset").on_hover_text(info.hint);
    if button.accessible_name(info.label).clicked() {
        out.push(Action::Unalter.into());
    }
}

/// The numbers of a tool, to be typed or dragged.
pub(super) fn numbers(ui: &mut Ui, tool: Tool, view: View, out: &mut Vec<Command>) {
    let now = view.selection.alteration;
    let mut next = now;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        ui.spacing_mut().interact_size.x = 30.0;
        ui.spacing_mut().button_padding.x = 4.0;
        if matches!(tool, Tool::Rotate) {
            let mut turn = now.turn;
            if number(ui, "Rotate by", DragValue::new(&mut turn).suffix("°").max_decimals(0).range(-180.0..=180.0)) {
                next = now.turned(turn - now.turn);
            }
        }
        if matches!(tool, Tool::Scale | Tool::Crop) {
            let mut scale = now.scale;
            let value = DragValue::new(&mut scale).suffix(" times").speed(0.01).max_decimals(2).range(SCALES);
            if number(ui, "Scale by", value) {
                next = scaled(now, scale);
            }
        }
        if matches!(tool, Tool::Shift | Tool::Crop) {
            for (axis, name, sign) in [(0, "Shift across", "x "), (1, "Shift down", "y ")] {
                let mut share = 100.0 * next.shift[axis];
                let value = DragValue::new(&mut share).prefix(sign).suffix("%").max_decimals(0);
                if number(ui, name, value.range(-1000.0..=1000.0)) {
                    next.shift[axis] = share / 100.0;
                }
            }
        }
        if tool == Tool::Occlude {
            occluder(ui, view, &mut next);
        }
    });
    if next != now {
        out.push(Command::Alter(next));
    }
}

/// Where the occluder is and how large, in pixels of the network's input.
fn occluder(ui: &mut Ui, view: View, next: &mut Alteration) {
    let [_, height, width] = view.shown.graph().input_shape();
    let sides = [width as f32, height as f32];
    let [left, top, right, bottom] = next.cover.unwrap_or_default();
    let mut values = [left * sides[0], top * sides[1], (right - left) * sides[0], (bottom - top) * sides[1]];
    let mut changed = false;
    for (index, (name, prefix)) in
        [("Occlude from left", "x "), ("Occlude from top", "y "), ("Occlude width", "w "), ("Occlude height", "h ")]
            .into_iter()
            .enumerate()
    {
        let value = DragValue::new(&mut values[index]).prefix(prefix).max_decimals(0).range(0.0..=sides[index % 2]);
        changed |= number(ui, name, value);
    }
    if changed {
        let [x, y, w, h] = values;
        // A first number makes a rectangle to go on from.
        let [w, h] = [w, h].map(|side| if next.cover.is_none() { side.max(sides[0] / 4.0) } else { side });
        let [from, to] = [[x, y], [x + w, y + h]].map(|[x, y]| [x / sides[0], y / sides[1]]);
        next.cover = rectangle(from, to);
    }
}

fn number(ui: &mut Ui, name: &str, value: DragValue) -> bool {
    ui.add(value).on_hover_text(name).accessible_name(name).changed()
}

/// The picture altered, as the graphics card does it at once: `whole` is where it would lie if nothing were done.
pub(crate) fn paint(
    painter: &Painter,
    texture: TextureId,
    [frame, whole]: [Rect; 2],
    alteration: &Alteration,
    mean: [u8; 3],
) {
    let mean = Color32::from_rgb(mean[0], mean[1], mean[2]);
    painter.rect_filled(whole, 0.0, mean);
    let corners = [whole.left_top(), whole.right_top(), whole.right_bottom(), whole.left_bottom()];
    let ends = [WHOLE.left_top(), WHOLE.right_top(), WHOLE.right_bottom(), WHOLE.left_bottom()];
    let mut mesh = Mesh::with_texture(texture);
    for (corner, uv) in corners.into_iter().zip(ends) {
        let from = corner - whole.center();
        let [x, y] = alteration.forward(from.into(), frame.size().into());
        let pos = whole.center() + vec2(x, y);
        mesh.vertices.push(egui::epaint::Vertex { pos, uv, color: Color32::WHITE });
    }
    mesh.add_triangle(0, 1, 2);
    mesh.add_triangle(0, 2, 3);
    painter.with_clip_rect(whole.intersect(painter.clip_rect())).add(mesh);
    if let Some(cover) = alteration.cover {
        painter.rect_filled(viewport::rect(frame, viewport::part(cover)), 0.0, mean);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drags_do_what_they_look_like() {
        let none = Alteration::default();
        assert_eq!(Tool::Shift.dragged(none, [0.5, 0.5], [0.75, 0.25]).shift, [0.25, -0.25]);
        assert!((Tool::Scale.dragged(none, [0.5, 0.75], [0.5, 1.0]).scale - 2.0).abs() < 1e-6);
        assert_eq!(Tool::Scale.dragged(none, [0.51, 0.5], [9.0, 0.5]).scale, *SCALES.end());
        // From the right to the bottom is a quarter clockwise.
        assert!((Tool::Rotate.dragged(none, [1.0, 0.5], [0.5, 1.0]).turn - 90.0).abs() < 1e-4);
        let covered = Tool::Occlude.dragged(none, [0.75, 0.5], [0.25, 2.0]);
        assert_eq!(covered.cover, Some([0.25, 0.5, 0.75, 1.0]));
        assert_eq!(Tool::Occlude.dragged(covered, [0.5, 0.5], [0.5, 0.5]).cover, None);
        assert_eq!(square([0.5, 0.5], [0.25, 0.375]), Some([0.25, 0.25, 0.5, 0.5]));
        assert_eq!(square([0.5, 0.5], [0.51, 0.5]), None);
    }
}
