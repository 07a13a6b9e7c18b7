//! A tile an epoch: a layer's filters, or a unit's strongest activation with its projection.

use crate::{
    net::NodeId,
    ui::{
        background::evolution::EvolutionSession,
        model::{commands::Command, state::View},
        theme::RADIUS,
        widgets::{WHOLE, fill, fit, number, spinner},
    },
};
use eframe::egui::{
    Align2, Color32, Rect, ScrollArea, Sense, Stroke, StrokeKind, TextStyle, TextureHandle, Ui, WidgetInfo, pos2, vec2,
};

/// Height of the words below a tile, and the space between tiles, in points.
const WORDS: f32 = 18.0;
const GAP: f32 = 8.0;

/// The filters of a layer, or of one unit of it.
pub(super) fn filters(
    ui: &mut Ui,
    view: View,
    session: &EvolutionSession,
    (layer, unit): (NodeId, Option<usize>),
    out: &mut Vec<Command>,
) {
    let tile = |index: usize| session.filters(layer, unit, index).map(|texture| (vec![texture], String::new()));
    tiles(ui, view, session, 1.0, tile, out);
}

/// The strongest activation of a unit.
pub(super) fn units(
    ui: &mut Ui,
    view: View,
    session: &EvolutionSession,
    (layer, unit): (NodeId, usize),
    out: &mut Vec<Command>,
) {
    let tile = |index: usize| {
        let found = session.unit(layer, unit, index)?;
        Some((found.tiles.to_vec(), format!("  ·  {}  ·  {}", number(found.activation), found.picture)))
    };
    tiles(ui, view, session, 0.5, tile, out);
}

/// Tiles of pictures that stand one below the other, as large as the pane allows. A click goes to the epoch.
fn tiles(
    ui: &mut Ui,
    view: View,
    session: &EvolutionSession,
    aspect: f32,
    tile: impl Fn(usize) -> Option<(Vec<TextureHandle>, String)>,
    out: &mut Vec<Command>,
) {
    let (compared, files) = (session.compared(), session.files());
    let area = ui.available_size() - vec2(12.0, 0.0);
    let rows = |columns: u32| compared.len().div_ceil(columns.max(1) as usize) as f32;
    let (columns, size) = fill(compared.len(), aspect, area, GAP, [70.0, 420.0]);
    // The words take some of the height.
    let room = (area.y / rows(columns) - GAP - WORDS).max(60.0);
    let size = if size.y > room { vec2(room * aspect, room).max(vec2(60.0, 60.0)) } else { size };
    let columns = (((area.x + GAP) / (size.x + GAP)) as usize).clamp(1, compared.len());
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(GAP, GAP);
        for row in compared.chunks(columns) {
            ui.horizontal(|ui| {
                for &index in row {
                    let (rect, response) = ui.allocate_exact_size(size + vec2(0.0, WORDS), Sense::click());
                    let epoch = files.get(index).map_or(0, |file| file.epoch);
                    let found = tile(index);
                    let words = found.as_ref().map_or("", |(_, words)| words.as_str());
                    let label = format!("epoch {epoch}{words}");
                    response.widget_info(|| WidgetInfo::labeled(eframe::egui::Role::Button, true, &label));
                    let here = session.at() == index;
                    paint(ui, view, rect, found.as_ref().map(|(pictures, _)| pictures.as_slice()), (&label, here));
                    if response.hovered() && !here {
                        ui.painter().rect_stroke(
                            rect,
                            RADIUS,
                            Stroke::new(1.0, view.palette.weak),
                            StrokeKind::Outside,
                        );
                    }
                    if response.on_hover_text(format!("{label}\nClick: go to this epoch")).clicked() {
                        out.push(Command::GoToEpoch(index));
                    }
                }
            });
        }
    });
}

/// One tile with its words; the one on screen has a border.
fn paint(ui: &Ui, view: View, rect: Rect, pictures: Option<&[TextureHandle]>, (label, here): (&str, bool)) {
    let (above, below) = rect.split_top_bottom_at_y(rect.bottom() - WORDS);
    match pictures {
        Some(pictures) => {
            let height = above.height() / pictures.len() as f32;
            for (place, texture) in pictures.iter().enumerate() {
                let corner = pos2(above.left(), above.top() + place as f32 * height);
                let part = Rect::from_min_size(corner, vec2(above.width(), height)).shrink(1.0);
                let [across, down] = texture.size().map(|side| side as f32);
                ui.painter().image(texture.id(), fit(part, across / down), WHOLE, Color32::WHITE);
            }
        }
        None => {
            ui.painter().rect_filled(above, RADIUS, view.palette.hovered);
            spinner(ui, above.center(), 14.0);
        }
    }
    let (colour, stroke) = match here {
        true => (view.palette.accent, Stroke::new(2.0, view.palette.accent)),
        false => (view.palette.weak, Stroke::NONE),
    };
    ui.painter().rect_stroke(rect, RADIUS, stroke, StrokeKind::Outside);
    let font = TextStyle::Small.resolve(ui.style());
    let clipped = ui.painter().with_clip_rect(below.intersect(ui.clip_rect()));
    clipped.text(below.left_center() + vec2(2.0, 0.0), Align2::LEFT_CENTER, label, font, colour);
}
