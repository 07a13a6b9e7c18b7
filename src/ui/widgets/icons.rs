//! Signs on small buttons, drawn: the font has few.

use crate::ui::theme::{Palette, RADIUS};
use eframe::egui::{Response, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, vec2};
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

/// A small button of a width, with a sign, a name for who cannot see it, and a hint.
pub fn button(ui: &mut Ui, width: f32, icon: Icon, name: &str, hint: &str, picked: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(width, 22.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), picked, name));
    let palette = Palette::of(ui.ctx());
    let look = ui.style().interact(&response);
    let painter = ui.painter();
    if picked || response.hovered() || response.has_focus() {
        painter.rect_filled(rect, RADIUS, if picked { palette.picked } else { palette.hovered });
    }
    if response.has_focus() {
        painter.rect_stroke(rect, RADIUS, Stroke::new(1.0, palette.accent), eframe::egui::StrokeKind::Inside);
    }
    let colour = if picked { palette.accent } else { look.fg_stroke.color };
    for line in icon {
        let points: Vec<_> = line.iter().map(|&at| rect.center() + 7.0 * Vec2::from(at)).collect();
        let stroke = Stroke::new(1.4, colour);
        painter.add(match line.first() == line.last() {
            true => Shape::Path(PathShape::convex_polygon(points, colour, Stroke::NONE)),
            false => Shape::line(points, stroke),
        });
    }
    response.on_hover_text(hint)
}
