//! A row of feature maps for each stage of the network.

use crate::{
    figures::words::number,
    gpu::{TileGrid, TileStyle},
    net::NodeId,
    ui::{
        background::cache::LayerMaps,
        model::{
            commands::Command,
            stages::{Stage, stages},
            state::{Hover, View, is_silent, layer_name},
        },
        theme::RADIUS,
        widgets::caption,
    },
};
use eframe::egui::{self, Align2, Rect, ScrollArea, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};
use std::{collections::HashMap, sync::Arc};

/// The units of a row in their order, by run, layer and their number.
type Orders = HashMap<(u64, NodeId, usize), Arc<[u32]>>;

/// The rows, and what they keep from frame to frame.
#[derive(Default)]
pub(super) struct StageMaps {
    /// The stages of the network that was drawn last.
    stages: Option<(usize, Vec<Stage>)>,
    orders: Orders,
}

/// Width of the names at the left, in points.
const NAMES: f32 = 104.0;
/// Height of a row in points: the least, and the most.
const ROW: [f32; 2] = [44.0, 128.0];
const GAP: f32 = 3.0;

impl StageMaps {
    /// Draws them.
    pub fn show(&mut self, ui: &mut Ui, view: View, area: Rect, out: &mut Vec<Command>) {
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(area).id_salt("stages"));
        let said = view.hovered_spot().filter(|_| view.selection.hover.is_some_and(|hover| hover.spot.is_some()));
        let words = match said {
            Some((unit, at)) => {
                format!("{}  ·  {}", layer_name(view.node()), crate::ui::widgets::describe::value(view, unit, at))
            }
            None => "Feature maps, the strongest of each stage: bright where a unit responds. Drag the slider at the \
                     left through the layers, or click a map."
                .to_owned(),
        };
        caption(&mut child, words);
        let graph = view.shown.graph();
        let key = std::ptr::from_ref(graph) as usize;
        if self.stages.as_ref().is_none_or(|(of, _)| *of != key) {
            let has_maps = |stage: &Stage| stage.extent[0] * stage.extent[1] > 1 && stage.last > 0;
            self.stages = Some((key, stages(graph).into_iter().filter(has_maps).collect()));
        }
        let Some((_, stages)) = &self.stages else { return };
        let room = child.available_size();
        let row = (room.y / stages.len().max(1) as f32 - GAP).floor().clamp(ROW[0], ROW[1]);
        let run = view.run().id;
        self.orders.retain(|(of, ..), _| *of == run);
        ScrollArea::vertical().auto_shrink(false).show(&mut child, |ui| {
            ui.spacing_mut().item_spacing.y = GAP;
            for stage in stages {
                stage_row(ui, view, stage, row, &mut self.orders, out);
            }
        });
    }
}

/// The maps of a stage: of the selected layer, where that is one of its layers, else of its last.
fn stage_row(ui: &mut Ui, view: View, stage: &Stage, height: f32, orders: &mut Orders, out: &mut Vec<Command>) {
    let selected = view.selection.layer;
    let holds = stage.layers.contains(&selected) && selected > 0;
    let layer = if holds { selected } else { stage.last };
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let (names, tiles) = rect.split_left_right_at_x(rect.left() + NAMES);
    name(ui, view, stage, layer, (names, holds), out);
    let shape = view.run().layers[layer].shape;
    let [_, rows, columns] = shape;
    if rows * columns == 1 {
        return;
    }
    let tile = vec2((height - 4.0) * columns as f32 / rows as f32, height - 4.0);
    let across = (((tiles.width() - 2.0) / (tile.x + 2.0)) as usize).max(1);
    let maps = &view.run().layers[layer];
    let order = orders.entry((view.run().id, layer, across)).or_insert_with(|| {
        let strong = maps.by_strength().into_iter().filter(|&unit| !is_silent(maps, unit as usize));
        strong.take(across).collect()
    });
    let found = if layer == selected { view.maps() } else { view.cache.maps(view.run(), layer) };
    let LayerMaps::Ready(atlas) = found else {
        ui.painter().rect_filled(tiles.shrink(2.0), RADIUS, view.palette.hovered);
        return;
    };
    let style = TileStyle {
        colours: view.look.style,
        scaling: view.look.scaling,
        fixed: None,
        cross: view.selection.hover.map(|hover| hover.place),
        part: (view.viewport.zoom() > 1.0).then(|| view.viewport.part()),
    };
    let chosen = (layer == selected).then_some(view.selection.unit as u32);
    let order = Arc::clone(order);
    let grid =
        TileGrid { style, selected: chosen, accent: view.palette.accent, ..TileGrid::new(order, across as u32, tile) };
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(tiles).id_salt(stage.last));
    child.set_clip_rect(tiles.intersect(ui.clip_rect()));
    let node = view.shown.graph().node(layer);
    let answer = grid.show(&mut child, &atlas, &format!("strongest maps of {}", node.name));
    if let Some(spot) = answer.hovered {
        let at = [spot.y as usize, spot.x as usize];
        let hovered = (view.run().id, layer, spot.unit as usize, at);
        out.push(Command::Hover(Hover { place: spot.fraction, spot: Some(hovered) }));
        let most = number(maps.ranges[spot.unit as usize].high);
        let words = format!("unit {} of {}, at most {most} on this picture", spot.unit, layer_name(node));
        answer.response.clone().on_hover_text_at_pointer(words);
    }
    if let Some(spot) = answer.clicked {
        if layer != selected {
            out.push(Command::SelectLayer(layer));
        }
        out.push(Command::SelectUnit(spot.unit as usize, Some([spot.y as usize, spot.x as usize])));
    }
}

/// The size of a stage's maps over the name of the layer whose maps are shown; a click goes to the layer.
fn name(ui: &Ui, view: View, stage: &Stage, layer: NodeId, (rect, holds): (Rect, bool), out: &mut Vec<Command>) {
    let response = ui.interact(rect, ui.scope_id().with(("stage", stage.last)), Sense::click());
    let (size, node) = (stage.size(), view.shown.graph().node(layer));
    let words = format!("stage of {size} maps");
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, holds, &words));
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let inner = rect.shrink2(vec2(2.0, 2.0));
    if holds || response.hovered() || response.has_focus() {
        painter.rect_filled(inner, RADIUS, if holds { view.palette.picked } else { view.palette.hovered });
    }
    if holds {
        let edge = Rect::from_min_size(inner.min, vec2(3.0, inner.height()));
        painter.rect_filled(edge, 1.0, view.palette.accent);
    }
    let (body, small) = (TextStyle::Body.resolve(ui.style()), TextStyle::Small.resolve(ui.style()));
    let left = inner.left() + 8.0;
    let middle = inner.center().y;
    painter.text(pos2(left, middle - 8.0), Align2::LEFT_CENTER, &size, body, ui.visuals().strong_text_color());
    painter.text(pos2(left, middle + 8.0), Align2::LEFT_CENTER, &node.name, small, view.palette.weak);
    if response.on_hover_text(format!("{}: {} maps of {size}", layer_name(node), node.extent()[0])).clicked() {
        out.push(Command::SelectLayer(layer));
    }
}
