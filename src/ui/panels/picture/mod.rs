//! The picture, what the network sees of it, and what the selected value sees of that.

pub(super) mod tools;

use crate::{
    net::{Field, NodeId},
    picture::{Alteration, Geometry},
    ui::{
        model::{
            commands::Command,
            export::Export,
            state::{Hover, View, strongest_at},
            viewport,
        },
        panels::{
            panel::{Panel, PanelKind},
            picture::tools::Tool,
        },
        widgets::{WHOLE, caption, cross, fit, hollow, number, pointing::pixel},
    },
};
use eframe::egui::{
    self, Color32, PointerButton, Pos2, Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2,
    vec2,
};
use image::DynamicImage;

pub(super) const KIND: PanelKind = PanelKind {
    name: "picture",
    title: "Picture",
    about: "The picture. Inside the fine frame lies the network's input at its own resolution; the coloured frame is the \
            part of it that the selected value depends on. \
            Click it to find the units that are strongest there; drag it with a tool to alter it, and watch the scores.",
    how: "The fine frame is the part that the network receives; inside it the picture has the resolution of the network. The coloured frame is what the selected value depends on.",
    formula: "receptive field r' = r + (kernel - 1) · step, step' = step · stride, from layer to layer",
    paper: "Araujo, Norris and Sim 2019, Computing receptive fields of convolutional neural networks",
    make: || Box::<PicturePanel>::default(),
};

#[derive(Default)]
struct PicturePanel {
    /// The strongest units at a place.
    strongest: Option<(MapPosition, Vec<(u32, f32)>)>,
    tool: Tool,
    /// Show the photograph itself inside the frame, not the network's input.
    photograph: bool,
    /// Where a drag began, in shares of the frame, and what was done to the picture then.
    drag: Option<([f32; 2], Alteration)>,
}

/// A run, a layer of it, and a position there.
type MapPosition = (u64, NodeId, [usize; 2]);

/// Number of units in the list of the strongest.
const LISTED: usize = 12;
/// Height of a line of that list, in points.
const LINE: f32 = 26.0;

impl Panel for PicturePanel {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let run = view.run();
        let (Some(picture), Some(geometry)) = (&run.original, &run.geometry) else {
            return hollow(ui, "This run began with numbers, not with a picture", false);
        };
        let [_, height, width] = view.shown.graph().input_shape();
        let (w, h) = picture.pixels.dimensions();
        let what = format!("{}  ·  {w}x{h}  ·  seen at {width}x{height}", picture.name);
        let alteration = view.selection.alteration;
        let altered = alteration.say([width, height]);
        let here = view.selection.hover.and_then(|hover| pixel(view.shown, hover.place));
        let usual = || if altered.is_empty() { what.clone() } else { format!("{altered}  ·  {what}") };
        caption(ui, here.unwrap_or_else(usual)).on_hover_text(&what);
        let pictures = view.pictures();
        let Some(texture) = pictures.as_ref().and_then(|pictures| pictures.picture.as_ref()) else {
            return hollow(ui, "Painting the picture", true);
        };
        tools::row(ui, &mut self.tool, view, out);
        // The line is there whatever the tool: were it to come and go, the picture would slip from under the pointer.
        ui.allocate_ui(vec2(ui.available_width(), LINE), |ui| {
            ui.set_min_height(LINE);
            let strip = ScrollArea::horizontal().id_salt("line").auto_shrink([false, true]);
            strip.show(ui, |ui| {
                ui.horizontal(|ui| {
                    let hint =
                        "Inside the frame, show the photograph instead of the network's input at its own resolution";
                    ui.checkbox(&mut self.photograph, "photograph").on_hover_text(hint);
                    tools::reset(ui, view, out);
                    match self.tool {
                        Tool::Look => self.list(ui, view, out),
                        tool => tools::numbers(ui, tool, view, out),
                    }
                });
            });
        });
        let rect = fit(ui.available_rect_before_wrap(), w as f32 / h as f32);
        let frame = view.viewport.plane(viewport::within(rect, geometry));
        let response = ui.interact(rect, ui.scope_id().with("picture"), Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, ui.is_enabled(), "picture"));
        let painter = ui.painter().with_clip_rect(rect.expand(1.0).intersect(ui.clip_rect()));
        let whole = viewport::around(frame, geometry);
        tools::paint(&painter, texture.id(), [frame, whole], &alteration, run.model.preprocess.mean_colour());
        // The network's input at its own resolution, once the alteration on screen has run.
        let input = pictures.as_ref().and_then(|pictures| pictures.input.as_ref());
        let has_run = run.alteration == alteration && self.drag.is_none();
        if let Some(input) = input.filter(|_| has_run && !self.photograph) {
            painter.image(input.id(), frame, WHOLE, Color32::WHITE);
        }
        outlined(&painter, frame, Color32::from_white_alpha(170), 1.0);
        if let Some((layer, position)) = marked(view) {
            outlined(&painter, viewport::rect(frame, seen_part(view, layer, position)), view.palette.field, 2.0);
        }
        if let Some(hover) = view.selection.hover {
            cross(&painter, viewport::point(frame, hover.place));
        }
        out.extend(view.viewport.navigate(ui, &response, frame, self.tool == Tool::Look).map(Command::Show));
        if let Some(at) = response.hover_pos() {
            ui.set_cursor_icon(self.tool.cursor());
            let place = viewport::place(frame, at);
            if place.iter().all(|share| (0.0..1.0).contains(share)) {
                out.push(Command::Hover(Hover { place, spot: None }));
                let clicked = response.clicked() && self.tool == Tool::Look;
                let input = [place[0] * width as f32, place[1] * height as f32];
                if let Some(at) = position_at(view, input).filter(|_| clicked) {
                    let best = strongest_at(view.layer(), at).first().map(|&(unit, _)| unit as usize);
                    out.push(Command::SelectUnit(best.unwrap_or(view.selection.unit), Some(at)));
                }
            }
        }
        self.drag(ui, view, &response, &painter, frame, out);
    }

    fn export(&self, view: View) -> Option<Export> {
        let (picture, geometry) = (view.run().picture.clone()?, view.run().geometry?);
        let [_, height, width] = view.shown.graph().input_shape();
        let marked = marked(view);
        let field =
            marked.map(|(layer, at)| receptive_field(view.shown.costs[layer].field, at, [height, width], &geometry));
        let paint = move |_: &_| {
            let mut image = DynamicImage::ImageRgb8((*picture.pixels).clone()).into_rgba8();
            if let Some([from, to]) = field {
                outline(&mut image, from, to);
            }
            Ok(image)
        };
        let export = Export::new(view, "picture", None, paint);
        let model = &view.run().model;
        Some(match marked {
            Some((layer, _)) => export.about(|facts| facts.layer(model, layer)),
            None => export,
        })
    }
}

impl PicturePanel {
    /// Alters the picture by a drag, or a click, with the tool.
    fn drag(
        &mut self,
        ui: &Ui,
        view: View,
        response: &egui::Response,
        painter: &egui::Painter,
        frame: Rect,
        out: &mut Vec<Command>,
    ) {
        let place = |at: Pos2| viewport::place(frame, at);
        if response.clicked() && self.tool == Tool::Occlude {
            out.push(Command::Alter(Alteration { cover: None, ..view.selection.alteration }));
        }
        if response.drag_started_by(PointerButton::Primary) {
            let from = ui.input(|input| input.pointer.press_origin());
            self.drag = from.map(|from| (place(from), view.selection.alteration));
        }
        if !response.dragged() && !response.drag_stopped() {
            self.drag = None;
        }
        let (Some((from, start)), Some(at)) = (self.drag, response.interact_pointer_pos()) else { return };
        let altered = self.tool.dragged(start, from, place(at));
        if altered != view.selection.alteration && self.tool != Tool::Look {
            out.push(Command::Alter(altered));
        }
        let crop = tools::square(from, place(at)).filter(|_| self.tool == Tool::Crop);
        if let Some(crop) = crop {
            outlined(painter, viewport::rect(frame, viewport::part(crop)), view.palette.accent, 1.5);
        }
        if response.drag_stopped() {
            self.drag = None;
            out.extend(crop.map(|crop| Command::Alter(start.cropped(crop))));
        }
    }

    /// The units that are strongest at the selected position, where one is selected.
    fn list(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let [_, height, width] = view.layer().shape;
        if height * width == 1 {
            return;
        }
        let Some(at) = view.selection.position else {
            ui.label(RichText::new("click: strongest units there").small().weak());
            return;
        };
        let key = (view.run().id, view.selection.layer, at);
        if self.strongest.as_ref().is_none_or(|(other, _)| *other != key) {
            let mut units = strongest_at(view.layer(), at);
            units.truncate(LISTED);
            self.strongest = Some((key, units));
        }
        let Some((_, units)) = &self.strongest else { return };
        ui.spacing_mut().item_spacing.x = 3.0;
        ui.label(RichText::new("strongest here").small().weak());
        for &(unit, value) in units {
            let picked = view.selection.unit == unit as usize;
            let text = RichText::new(unit.to_string()).monospace();
            let response = ui.add(egui::Button::selectable(picked, text).small());
            let response = response.on_hover_text(format!("unit {unit}: {}", number(value)));
            if response.accessible_name(format!("strongest here: unit {unit}")).clicked() {
                out.push(Command::SelectUnit(unit as usize, Some(at)));
            }
        }
    }
}

/// The row and the column of the selected layer whose receptive field has its middle nearest to a pixel of the input.
fn position_at(view: View, [x, y]: [f32; 2]) -> Option<[usize; 2]> {
    let [_, height, width] = view.layer().shape;
    let along = |axis: usize, pixel: f32, count: usize| {
        let Field { size, stride, offset } = view.shown.costs[view.selection.layer].field[axis];
        let index = (f64::from(pixel) - offset - size as f64 / 2.0) / stride;
        index.round().clamp(0.0, count as f64 - 1.0) as usize
    };
    (height * width > 1).then(|| [along(0, y, height), along(1, x, width)])
}

/// The layer and the position whose receptive field is shown: under the pointer, else selected.
pub(super) fn marked(view: View) -> Option<(NodeId, [usize; 2])> {
    let hovered = view.selection.hover.and_then(|hover| hover.spot);
    let hovered = hovered.filter(|(run, ..)| *run == view.run().id).map(|(_, layer, _, at)| (layer, at));
    let selected = || {
        let [_, height, width] = view.layer().shape;
        let whole = height * width == 1;
        Some((view.selection.layer, if whole { [0, 0] } else { view.position()? }))
    };
    hovered.or_else(selected)
}

/// Two corners on the picture of what a value sees, cut to the network's input.
fn receptive_field(field: [Field; 2], at: [usize; 2], input: [usize; 2], geometry: &Geometry) -> [[f32; 2]; 2] {
    let along = |axis: usize| {
        let from = field[axis].offset + at[axis] as f64 * field[axis].stride;
        let to = from + field[axis].size as f64;
        [from, to].map(|edge| edge.clamp(0.0, input[axis] as f64) as f32)
    };
    let ([top, bottom], [left, right]) = (along(0), along(1));
    [geometry.to_picture(left, top), geometry.to_picture(right, bottom)]
}

/// The part of the network's input that a value sees, as fractions of it.
pub(super) fn seen_part(view: View, layer: NodeId, at: [usize; 2]) -> Rect {
    let [_, height, width] = view.shown.graph().input_shape();
    let along = |axis: usize, size: usize| {
        let field = view.shown.costs[layer].field[axis];
        let from = field.offset + at[axis] as f64 * field.stride;
        [from, from + field.size as f64].map(|edge| (edge.clamp(0.0, size as f64) / size as f64) as f32)
    };
    let ([top, bottom], [left, right]) = (along(0, height), along(1, width));
    Rect::from_min_max(pos2(left, top), pos2(right, bottom))
}

/// A line with a dark one under it: seen on any photograph.
pub(super) fn outlined(painter: &egui::Painter, rect: Rect, colour: Color32, width: f32) {
    painter.rect_stroke(rect, 0.0, Stroke::new(width + 2.0, Color32::from_black_alpha(120)), StrokeKind::Middle);
    painter.rect_stroke(rect, 0.0, Stroke::new(width, colour), StrokeKind::Middle);
}

/// A frame in the picture's own pixels, about a 200th of its longer side wide.
fn outline(image: &mut image::RgbaImage, from: [f32; 2], to: [f32; 2]) {
    let (width, height) = image.dimensions();
    let line = i64::from(width.max(height).div_ceil(200));
    let [left, top, right, bottom] = [from[0], from[1], to[0], to[1]].map(|edge| edge.round() as i64);
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let (x, y) = (i64::from(x), i64::from(y));
        let inside = |grow: i64| x >= left - grow && x < right + grow && y >= top - grow && y < bottom + grow;
        if inside(line) && !inside(0) {
            pixel.0 = [255, 122, 80, 255];
        }
    }
}
