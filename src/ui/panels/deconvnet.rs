//! The strongest units of the layer, each projected back to the picture, beside the patch that it sees there: the
//! figures of Zeiler and Fergus (2014), for this picture.

use crate::{
    engine::{ProjectionInquiry, ProjectionKey},
    figures::{Scale, large_reconstruction, patch},
    methods::{Keep, Method, find},
    net::NodeId,
    paint::Range,
    ui::{
        background::textures::rgb_texture,
        model::{
            commands::Command,
            export::{Export, numbers_from},
            state::{View, is_silent, layer_name},
            viewport::cell,
        },
        panels::panel::{Panel, PanelKind},
        widgets::{WHOLE, caption, hollow, is_brief, number, pointing::point, spinner, toolbar},
    },
};
use eframe::egui::{
    self, Color32, Pos2, Rect, Sense, Stroke, StrokeKind, TextureHandle, TextureOptions, Ui, WidgetInfo, vec2,
};
use std::{collections::HashMap, sync::Arc};

pub(super) const KIND: PanelKind = PanelKind {
    name: "deconvnet",
    title: "Projected",
    about: "What in the picture excites the strongest units: each projected back, beside what it sees.",
    how: "Left what the unit responds to, projected back to the picture; right the part of the picture that it sees. Grey is zero. Structures that appear left are those which excite the unit.",
    formula: "",
    paper: "",
    make: || Box::<Deconvnet>::default(),
};

/// Number of units shown, the selected one first.
const SHOWN: usize = 9;
/// Most pictures that one frame uploads to the GPU. Nine in one frame would delay it while the layer is dragged.
const UPLOADS: usize = 2;

#[derive(Default)]
struct Deconvnet {
    /// The whole map is kept, not its strongest value.
    whole: bool,
    /// With the part of the picture that the unit sees. While a picture is altered, what was there stays until the next
    /// is.
    textures: HashMap<ProjectionKey, (TextureHandle, Rect)>,
    /// Number of textures that this frame may still upload.
    uploads: usize,
    /// The picture that they are about, and the network.
    of: (u64, String),
    /// Since when some of them are lacking.
    lacking: Option<f64>,
    units: Option<((u64, NodeId), Vec<usize>)>,
}

impl Panel for Deconvnet {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let keys = self.keys(view);
        self.uploads = UPLOADS;
        for &ProjectionKey { layer, unit, keep, .. } in &keys {
            out.push(Command::Need(ProjectionInquiry { run: Arc::clone(view.run()), layer, unit, keep }.into()));
        }
        self.forget(ui, view, &keys);
        let here = keys.first().and_then(|&key| read_out(view, key));
        let usual = || "the selected and the strongest units, projected back".to_owned();
        caption(ui, format!("{}  ·  {}", layer_name(view.node()), here.unwrap_or_else(usual))).on_hover_text(
            "Left what the unit responds to, right the part of the picture that it sees (Zeiler and Fergus 2014)",
        );
        toolbar(ui, |ui| {
            ui.checkbox(&mut self.whole, "whole maps")
                .on_hover_text("Keep all of a unit's map instead of its strongest value");
        });
        if keys.is_empty() {
            return hollow(ui, "Every unit of this layer is silent on this picture", false);
        }
        let area = ui.available_size() - vec2(10.0, 0.0);
        let gap = 8.0;
        let room = |columns: usize| {
            let rows = keys.len().div_ceil(columns) as f32;
            ((area.x / columns as f32 - gap - 2.0) / 2.0).min(area.y / rows - gap - 17.0)
        };
        let columns = (1..=keys.len()).max_by(|&a, &b| room(a).total_cmp(&room(b))).unwrap_or(1);
        let side = room(columns).clamp(44.0, 200.0).floor();
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(gap, gap);
            // For the frame of the selected one.
            ui.add_space(3.0);
            let per_row = ((area.x / (2.0 * side + 2.0 + gap)) as usize).clamp(1, keys.len());
            for row in keys.chunks(per_row) {
                ui.horizontal(|ui| row.iter().for_each(|&key| self.pair(ui, view, key, side, out)));
            }
        });
    }

    fn method(&self) -> Option<&'static Method> {
        find("deconvnet").ok()
    }

    fn export(&self, view: View) -> Option<Export> {
        let key = *self.units_with_keep(view)?.first()?;
        let pictured = Arc::clone(view.answers.get(&key)?.as_ref().ok()?);
        let found = &pictured.found;
        let name = format!("{} unit {} deconvnet", view.node().name, found.unit);
        let numbers = numbers_from(&Arc::new(found.values.clone()), &found.shape);
        let (layer, unit, shape, range) = (found.layer, found.unit, found.shape, Range::of(&found.values));
        let export =
            Export::new(view, &name, numbers, move |_| Ok(large_reconstruction(&pictured.found, Scale::Pleasant)));
        let model = &view.run().model;
        Some(export.about(|facts| {
            facts.layer(model, layer).unit(unit).values(&shape, range).method("deconvnet", "Zeiler and Fergus 2014")
        }))
    }
}

impl Deconvnet {
    fn keys(&mut self, view: View) -> Vec<ProjectionKey> {
        let (layer, here) = (view.layer(), (view.run().id, view.selection.layer));
        if self.units.as_ref().is_none_or(|(other, _)| *other != here) {
            let strong = layer.by_strength().into_iter().map(|unit| unit as usize);
            let heard: Vec<usize> = strong.filter(|&unit| !is_silent(layer, unit)).take(SHOWN).collect();
            self.units = Some((here, heard));
        }
        self.units_with_keep(view).unwrap_or_default()
    }

    /// Drops what is not about what is shown; while what comes is lacking, for a moment, that from before stays.
    fn forget(&mut self, ui: &Ui, view: View, keys: &[ProjectionKey]) {
        let of = (view.run().of, view.run().model.card.name.clone());
        let failed = |key| matches!(view.answers.get(&key), Some(Err(_)));
        let complete = keys.iter().all(|&key| self.textures.contains_key(&key) || failed(key));
        if complete {
            self.lacking = None;
        }
        let may_stay = |pane: &mut Self| of == pane.of || of.1 == pane.of.1 && is_brief(ui, &mut pane.lacking);
        let stays = !complete && may_stay(self);
        if !stays {
            self.of = of;
        }
        self.textures.retain(|key, _| (stays || key.run == view.run().id) && key.layer == view.selection.layer);
    }

    /// The selected unit at its position, then the strongest.
    fn units_with_keep(&self, view: View) -> Option<Vec<ProjectionKey>> {
        let (_, strong) = self.units.as_ref()?;
        let selected = view.selection.unit;
        let mut units = strong.clone();
        if !is_silent(view.layer(), selected) {
            units.retain(|&unit| unit != selected);
            units.insert(0, selected);
            units.truncate(SHOWN);
        }
        let keep = |unit: usize| match view.selection.position {
            _ if self.whole => Keep::Map,
            Some([row, column]) if unit == selected => Keep::At(row, column),
            _ => Keep::Strongest,
        };
        let key = |unit| ProjectionKey { run: view.run().id, layer: view.selection.layer, unit, keep: keep(unit) };
        Some(units.into_iter().map(key).collect())
    }

    /// Returns the reconstruction of a unit, else the one from before the picture was altered further.
    fn shown(&self, key: ProjectionKey) -> Option<&(TextureHandle, Rect)> {
        let before = || {
            self.textures.iter().find(|(other, _)| (other.unit, other.keep) == (key.unit, key.keep)).map(|(_, old)| old)
        };
        self.textures.get(&key).or_else(before)
    }

    /// A reconstruction and the patch beside it, with the unit's number below.
    fn pair(&mut self, ui: &mut Ui, view: View, key: ProjectionKey, side: f32, out: &mut Vec<Command>) {
        let unit = key.unit;
        let (rect, response) = ui.allocate_exact_size(vec2(2.0 * side + 2.0, side + 16.0), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("deconvnet of unit {unit}")));
        let left = Rect::from_min_size(rect.min, vec2(side, side));
        let right = left.translate(vec2(side + 2.0, 0.0));
        let painter = ui.painter();
        let selected = unit == view.selection.unit;
        let mut text = format!("unit {unit}");
        match view.answers.get(&key) {
            Some(Ok(pictured)) => {
                let found = &pictured.found;
                text = format!("unit {unit}  ·  {}", number(found.activation));
                let is_new = !self.textures.contains_key(&key);
                if is_new && self.uploads == 0 {
                    // In the next frame.
                    ui.ctx().request_repaint();
                    painter.rect_filled(left.union(right), 0.0, view.palette.hovered);
                } else if is_new {
                    self.uploads -= 1;
                    let part = found.position.map_or(WHOLE, |at| patch_part(view, found.layer, at));
                    let image = rgb_texture(ui.ctx(), "reconstruction", &pictured.image, TextureOptions::NEAREST);
                    self.textures.retain(|other, _| other.unit != unit || other.run == key.run);
                    self.textures.insert(key, (image, part));
                }
            }
            Some(Err(why)) => {
                painter.rect_filled(left.union(right), 0.0, view.palette.hovered);
                text = why.clone();
            }
            None if self.shown(key).is_some() => {}
            None => {
                painter.rect_filled(left.union(right), 0.0, view.palette.hovered);
                if !view.work.is_empty() {
                    spinner(ui, left.union(right).center(), 14.0);
                }
            }
        }
        if let Some((texture, part)) = self.shown(key) {
            // A whole map is zoomed with the picture; what a value sees is near enough.
            let part = if *part == WHOLE { view.viewport.part() } else { *part };
            let pictures = view.pictures();
            let input = pictures.as_ref().and_then(|pictures| pictures.input.as_ref());
            for (square, texture) in [(left, Some(texture)), (right, input)] {
                match texture {
                    Some(texture) => {
                        let (seen, plane) = within(painter, square, texture, part);
                        point(ui, view, &response, seen, plane, out);
                    }
                    None => {
                        painter.rect_filled(square, 0.0, view.palette.hovered);
                    }
                }
            }
        }
        if selected {
            let stroke = Stroke::new(2.0, view.palette.accent);
            painter.rect_stroke(left.union(right).expand(1.0), 0.0, stroke, StrokeKind::Outside);
        }
        let font = egui::TextStyle::Small.resolve(ui.style());
        let colour = if selected { ui.visuals().text_color() } else { view.palette.weak };
        let clipped = painter.with_clip_rect(rect.intersect(ui.clip_rect()));
        clipped.text(left.left_bottom() + vec2(0.0, 3.0), egui::Align2::LEFT_TOP, text, font, colour);
        if response.clicked() {
            out.push(Command::SelectUnit(unit, None));
        }
    }
}

/// The patch of the input that a position of a layer sees, as fractions of the input.
fn patch_part(view: View, layer: NodeId, at: [usize; 2]) -> Rect {
    let [_, height, width] = view.shown.graph().input_shape();
    let [x, y, across, down] = patch(&view.shown.costs[layer].field, at, [height, width]).map(|side| side as f32);
    let whole = vec2(width as f32, height as f32);
    Rect::from_min_size((vec2(x, y) / whole).to_pos2(), vec2(across, down) / whole)
}

/// Returns the values of a unit's reconstruction under the pointer, as text.
fn read_out(view: View, key: ProjectionKey) -> Option<String> {
    let found = &view.answers.get(&key)?.as_ref().ok()?.found;
    let [channels, height, width] = found.shape;
    let [row, column] = cell(view.selection.hover?.place, height, width);
    let value = |channel: usize| found.values.get((channel * height + row) * width + column).copied().map(number);
    let values: Vec<String> = (0..channels).filter_map(value).collect();
    Some(format!("unit {}  ·  row {row}, column {column}  ·  {}", key.unit, values.join(", ")))
}

/// A part of a texture in the middle of a square, not distorted. Where it lies, and where the whole would.
fn within(painter: &egui::Painter, square: Rect, texture: &TextureHandle, part: Rect) -> (Rect, Rect) {
    let [width, height] = texture.size().map(|side| side as f32);
    let size = vec2(part.width() * width, part.height() * height);
    let scale = square.width() / size.x.max(size.y).max(f32::MIN_POSITIVE);
    let rect = Rect::from_center_size(square.center(), size * scale);
    let uv = Rect::from_min_max(Pos2::ZERO, egui::pos2(1.0, 1.0)).intersect(part);
    painter.rect_filled(square, 0.0, Color32::from_gray(128));
    painter.image(texture.id(), rect, uv, Color32::WHITE);
    let size = rect.size() / part.size();
    (rect, Rect::from_min_size(rect.min - size * part.min.to_vec2(), size))
}
