//! Pictures of the network's input under the pointer: the place is marked in every pane that shows one, and each says
//! what it has there.

use crate::ui::{
    model::{
        commands::Command,
        state::{Hover, Shown, View},
        viewport,
    },
    widgets::pictures::{cross, image_at},
};
use eframe::egui::{Rect, Response, TextureId, Ui};

/// Draws a picture of the input in a rectangle: the part that all panes show, with the pointer over it.
pub fn input_at(ui: &Ui, view: View, rect: Rect, texture: TextureId, label: &str, out: &mut Vec<Command>) {
    let response = image_at(ui, rect, texture, view.viewport.part(), label);
    let plane = view.viewport.plane(rect);
    out.extend(view.viewport.navigate(ui, &response, plane, true).map(Command::Show));
    point(ui, view, &response, rect, plane, out);
}

/// Says what place the pointer is over in a rectangle, or marks there the place that it is over elsewhere; the whole
/// input lies in `plane`.
pub fn point(ui: &Ui, view: View, response: &Response, rect: Rect, plane: Rect, out: &mut Vec<Command>) {
    if let Some(at) = response.hover_pos().filter(|&at| rect.contains(at)) {
        let place = viewport::place(plane, at).map(|share| share.clamp(0.0, 0.9999));
        out.push(Command::Hover(Hover { place, spot: None }));
    } else if let Some(hover) = view.selection.hover {
        cross(&ui.painter().with_clip_rect(rect.intersect(ui.clip_rect())), viewport::point(plane, hover.place));
    }
}

/// The pixel of a run's picture at a place of the input, in words; `None` where the input reaches beyond it.
pub fn pixel(shown: &Shown, [x, y]: [f32; 2]) -> Option<String> {
    let (picture, geometry) = (shown.run.picture.as_ref()?, shown.run.geometry.as_ref()?);
    let [width, height] = geometry.input.map(|side| side as f32);
    let [column, row] = geometry.to_picture(x * width, y * height);
    let is_inside = column >= 0.0 && row >= 0.0;
    let [red, green, blue] = picture.pixels.get_pixel_checked(column as u32, row as u32).filter(|_| is_inside)?.0;
    Some(format!("row {}, column {}  ·  rgb {red} {green} {blue}", row as u32, column as u32))
}
