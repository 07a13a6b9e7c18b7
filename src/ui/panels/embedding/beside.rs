//! The list beside the map: the pictures that a lasso went around, else those nearest to the open picture; and the mark of that.

use super::cloud::PlaneView;
use crate::{
    dataset::Features,
    engine::PictureSource,
    ui::{
        background::{
            embedding::Embedding,
            thumbnails::{PictureFile, Thumb},
        },
        model::{commands::Command, state::View},
        theme::RADIUS,
        widgets::{WHOLE, caption, fit},
    },
};
use eframe::egui::{Color32, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2};
use std::sync::Arc;

/// The open picture on the map, and the rows nearest to it with the cosines of their features.
#[derive(Default)]
pub(super) struct Marked {
    /// The run and the layer that it was found for.
    of: Option<(u64, usize)>,
    row: Option<usize>,
    near: Vec<(usize, f32)>,
}

impl Marked {
    /// Finds the open picture among the rows, and those nearest to it.
    pub fn find(&mut self, view: View, embedding: &Embedding, slot: usize, features: &Arc<Vec<Features>>) {
        let run = view.run();
        if self.of.is_none_or(|(of, _)| of != run.id) {
            let path =
                run.picture.as_ref().filter(|_| run.alteration.is_none()).and_then(|picture| picture.path.as_ref());
            let is_it = |picture: &usize| path.is_some_and(|path| embedding.index.listing.path(*picture) == *path);
            self.row = features[slot].pictures.iter().position(is_it);
        }
        if self.of == Some((run.id, slot)) && !self.near.is_empty() {
            return;
        }
        if self.of != Some((run.id, slot)) {
            (self.of, self.near) = (Some((run.id, slot)), Vec::new());
        }
        let layer = embedding.layers[slot];
        let query = || match self.row {
            Some(row) => Some(features[slot].row(row).to_vec()),
            None => {
                let [_, height, width] = run.layers[layer].shape;
                let mean = |map: &[f32]| map.iter().sum::<f32>() / map.len() as f32;
                run.layers[layer].with_values(|values| values.chunks_exact(height * width).map(mean).collect()).ok()
            }
        };
        if let Some(found) = embedding.near(run.id, slot, query) {
            self.near = found.into_iter().filter(|(row, _)| Some(*row) != self.row).collect();
        }
    }

    /// The place of the open picture: its own, else the middle of the three nearest.
    fn place(&self, places: &[[f32; 2]]) -> Option<[f32; 2]> {
        if let Some(row) = self.row {
            return places.get(row).copied();
        }
        let near: Vec<[f32; 2]> = self.near.iter().take(3).filter_map(|(row, _)| places.get(*row).copied()).collect();
        let count = near.len() as f32;
        (count > 0.0).then(|| [0, 1].map(|axis: usize| near.iter().map(|place| place[axis]).sum::<f32>() / count))
    }

    /// A ring around the open picture, and lines to its nearest.
    pub fn paint(&self, ui: &Ui, view: View, plane: PlaneView, places: &[[f32; 2]]) {
        let Some(at) = self.place(places).map(|place| plane.point(place)) else { return };
        let thin = Stroke::new(1.0, view.palette.accent.gamma_multiply(0.6));
        for (row, _) in self.near.iter().take(5) {
            if let Some(place) = places.get(*row) {
                ui.painter().line_segment([at, plane.point(*place)], thin);
            }
        }
        ui.painter().circle_stroke(at, 9.0, Stroke::new(3.0, view.palette.pane));
        ui.painter().circle_stroke(at, 9.0, Stroke::new(2.0, view.palette.accent));
    }
}

/// The name of a picture, its folder and what the network takes it for.
pub(super) fn words(embedding: &Embedding, picture: usize) -> String {
    let (index, model) = (&embedding.index, &embedding.model);
    let mut text = index.listing.entries[picture].path.display().to_string();
    if let Some((class, probability)) = index.predictions.get(picture).and_then(|likeliest| likeliest.first()) {
        text += &format!("\ntaken for {} with {:.1}%", model.class_name(*class as usize), 100.0 * probability);
    }
    text
}

/// Draws the list. Returns whether the pictures of the lasso are to be dropped.
pub(super) fn beside(
    ui: &mut Ui,
    view: View,
    embedding: &Embedding,
    picked: &[usize],
    marked: &Marked,
    layer: &str,
    out: &mut Vec<Command>,
) -> bool {
    let features = embedding.features();
    let Some(first) = features.first() else { return false };
    let mut dropped = false;
    let near = || marked.near.iter().map(|(row, cosine)| (*row, Some(*cosine))).collect::<Vec<_>>();
    let rows = match picked.is_empty() {
        true => {
            caption(ui, format!("nearest to the open picture at {layer}"));
            near()
        }
        false => {
            ui.horizontal(|ui| {
                caption(ui, format!("{} in the lasso", picked.len()));
                dropped = ui.small_button("drop").on_hover_text("Back to the nearest pictures").clicked();
            });
            picked.iter().map(|row| (*row, None)).collect()
        }
    };
    let width = ui.available_width() - 8.0;
    let tile = tile_size(width);
    let columns = ((width / (tile.x + 4.0)) as usize).max(1);
    ui.spacing_mut().item_spacing = Vec2::splat(4.0);
    let lines = rows.len().div_ceil(columns);
    ScrollArea::vertical().id_salt("montage").auto_shrink(false).show_rows(ui, tile.y, lines, |ui, visible| {
        for line in rows.chunks(columns).skip(visible.start).take(visible.len()) {
            ui.horizontal(|ui| {
                for (row, cosine) in line {
                    entry(ui, view, embedding, first.pictures[*row], *cosine, tile, out);
                }
            });
        }
    });
    dropped
}

fn entry(
    ui: &mut Ui,
    view: View,
    embedding: &Embedding,
    picture: usize,
    cosine: Option<f32>,
    size: Vec2,
    out: &mut Vec<Command>,
) {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let file = embedding.index.listing.path(picture);
    let place = PictureFile::File(file.clone());
    let name = place.name();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("near picture {name}")));
    ui.painter().rect_filled(rect, RADIUS, view.palette.hovered);
    if let Thumb::Ready(texture) = view.thumbs.thumb(&place) {
        let [across, down] = texture.size().map(|side| side as f32);
        ui.painter().image(texture.id(), fit(rect.shrink(2.0), across / down), WHOLE, Color32::WHITE);
    }
    if response.hovered() || response.has_focus() {
        ui.painter().rect_stroke(rect, RADIUS, Stroke::new(1.5, view.palette.accent), StrokeKind::Inside);
    }
    let alike = cosine.map_or_else(String::new, |cosine| format!("\ncosine of the features {cosine:.3}"));
    if response.on_hover_text(words(embedding, picture) + &alike).clicked() {
        out.push(Command::Open(PictureSource::File(file)));
    }
}

/// The size of a tile: as many beside each other as there is room for.
fn tile_size(width: f32) -> Vec2 {
    let columns = (width / 84.0).floor().max(1.0);
    vec2((width / columns - 4.0).floor(), 66.0)
}
