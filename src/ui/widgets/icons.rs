//! Signs on small buttons, drawn: the font has few.

use crate::ui::theme::{Palette, RADIUS};
use eframe::egui::{Color32, Rect, Response, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2};
use eframe::egui::{Role, epaint::PathShape};

/// Lines in a square from -1 to 1; one that ends where it began is filled.
pub type Icon = &'static [&'static [[f32; 2]]];

/// A lens.
pub const LENS: Icon = &[
    &[
        [0.2, 0.25],
        [-0.2, 0.42],
        [-0.6, 0.25],
        [-0.77, -0.15],
        [-0.6, -0.55],
        [-0.2, -0.72],
        [0.2, -0.55],
        [0.37, -0.15],
        [0.2, 0.25],
        [0.19, 0.24],
    ],
    &[[0.2, 0.25], [0.8, 0.85]],
];
/// Arrows in four directions.
pub const MOVE: Icon = &[
    &[[-0.85, 0.0], [0.85, 0.0]],
    &[[0.0, -0.85], [0.0, 0.85]],
    &[[0.55, -0.3], [0.85, 0.0], [0.55, 0.3]],
    &[[-0.55, -0.3], [-0.85, 0.0], [-0.55, 0.3]],
    &[[-0.3, 0.55], [0.0, 0.85], [0.3, 0.55]],
    &[[-0.3, -0.55], [0.0, -0.85], [0.3, -0.55]],
];
/// An arrow outwards and one inwards.
pub const SCALE: Icon = &[
    &[[-0.75, 0.75], [0.75, -0.75]],
    &[[0.2, -0.75], [0.75, -0.75], [0.75, -0.2]],
    &[[-0.2, 0.75], [-0.75, 0.75], [-0.75, 0.2]],
];
/// An arrow round about.
pub const TURN: Icon = &[
    &[
        [0.6, -0.5],
        [0.2, -0.75],
        [-0.3, -0.72],
        [-0.68, -0.38],
        [-0.78, 0.1],
        [-0.55, 0.55],
        [-0.1, 0.78],
        [0.38, 0.68],
        [0.72, 0.3],
    ],
    &[[0.68, -0.95], [0.64, -0.46], [0.14, -0.42]],
];
/// The corners of a frame.
pub const CROP: Icon = &[&[[-0.5, -0.9], [-0.5, 0.5], [0.9, 0.5]], &[[-0.9, -0.5], [0.5, -0.5], [0.5, 0.9]]];
/// A block.
pub const BLOCK: Icon = &[&[[-0.75, -0.55], [0.75, -0.55], [0.75, 0.55], [-0.75, 0.55], [-0.75, -0.55]]];
/// Two halves, left and right.
pub const ACROSS: Icon = &[
    &[[0.0, -0.85], [0.0, 0.85]],
    &[[-0.3, -0.6], [-0.3, 0.6], [-0.9, 0.6], [-0.3, -0.6]],
    &[[0.3, -0.6], [0.9, 0.6], [0.3, 0.6], [0.31, -0.58]],
];
/// Two halves, above and below.
pub const DOWN: Icon = &[
    &[[-0.85, 0.0], [0.85, 0.0]],
    &[[-0.6, -0.3], [0.6, -0.3], [0.6, -0.9], [-0.6, -0.3]],
    &[[-0.6, 0.3], [0.6, 0.9], [0.6, 0.3], [-0.58, 0.31]],
];

/// Two frames side by side.
pub const BESIDE: Icon = &[
    &[[-0.9, -0.6], [-0.12, -0.6], [-0.12, 0.6], [-0.9, 0.6], [-0.9, -0.6], [-0.7, -0.6]],
    &[[0.12, -0.6], [0.9, -0.6], [0.9, 0.6], [0.12, 0.6], [0.12, -0.6], [0.3, -0.6]],
];

/// An arrow down into a tray.
pub const SAVE: Icon = &[
    &[[0.0, -0.85], [0.0, 0.35]],
    &[[-0.4, -0.05], [0.0, 0.35], [0.4, -0.05]],
    &[[-0.8, 0.2], [-0.8, 0.8], [0.8, 0.8], [0.8, 0.2]],
];
/// Two sheets.
pub const COPY: Icon = &[
    &[[-0.35, -0.75], [0.75, -0.75], [0.75, 0.4], [-0.35, 0.4], [-0.35, -0.75], [0.0, -0.75]],
    &[[-0.35, -0.35], [-0.75, -0.35], [-0.75, 0.8], [0.35, 0.8], [0.35, 0.4]],
];

/// A small button of a width, with a sign, a name for who cannot see it, and a hint.
pub fn button(ui: &mut Ui, width: f32, icon: Icon, name: &str, hint: &str, picked: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(width, 22.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), picked, name));
    let palette = Palette::of(ui.ctx());
    if picked || response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, RADIUS, if picked { palette.picked } else { palette.hovered });
    }
    let colour = if picked { palette.accent } else { ui.style().interact(&response).fg_stroke.color };
    paint(ui, rect, icon, colour, &response);
    response.on_hover_text(hint)
}

/// The same, with a sign that shows only while it is `shown`, under the pointer, or in focus.
pub fn quiet_button(ui: &mut Ui, width: f32, icon: Icon, name: &str, hint: &str, shown: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(width, 20.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    let active = response.hovered() || response.has_focus();
    if active {
        ui.painter().rect_filled(rect, RADIUS, Palette::of(ui.ctx()).hovered);
    }
    if shown || active {
        let weak = Palette::of(ui.ctx()).weak;
        let colour = if active { ui.visuals().strong_text_color() } else { weak };
        paint(ui, rect, icon, colour, &response);
    }
    response.on_hover_text(hint)
}

/// Draws a sign in the middle of a button, and a frame around one that has the focus.
fn paint(ui: &Ui, rect: Rect, icon: Icon, colour: Color32, response: &Response) {
    let painter = ui.painter();
    if response.has_focus() {
        let stroke = Stroke::new(1.0, Palette::of(ui.ctx()).accent);
        painter.rect_stroke(rect, RADIUS, stroke, StrokeKind::Inside);
    }
    let half = (0.32 * rect.height()).min(7.0);
    for line in icon {
        let points: Vec<_> = line.iter().map(|&at| rect.center() + half * Vec2::from(at)).collect();
        painter.add(match line.first() == line.last() {
            true => Shape::Path(PathShape::convex_polygon(points, colour, Stroke::NONE)),
            false => Shape::line(points, Stroke::new(1.4, colour)),
        });
    }
}
