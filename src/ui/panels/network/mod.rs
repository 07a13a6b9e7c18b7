//! The network as a drawing: branches, blocks that fold, a thumbnail a layer; to be moved and zoomed.

mod drawn;
mod fold;
mod layout;
mod lines;
mod svg;

use crate::{
    net::NodeId,
    ui::{
        model::{
            commands::Command,
            export::Export,
            state::{View, layer_name},
        },
        panels::panel::{Panel, PanelKind, keep, take},
        theme::RADIUS,
        widgets::{
            caption, describe,
            layer_slider::{Along, layer_slider},
        },
    },
};
use drawn::{BOX, DrawingView, Drawn, LOW, READABLE, is_low};
use eframe::egui::{self, Color32, FontId, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2};
use fold::{Boxed, blocks, fold};
use layout::layout;
use lines::unfold;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use svg::svg;

pub(super) const KIND: PanelKind = PanelKind {
    name: "network",
    title: "Architecture",
    about: "The network as a drawing: which layer feeds which. Drag to move, scroll to zoom; blocks unfold.",
    make: || Box::<Architecture>::default(),
};

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct ArchitectureOptions {
    /// Names of the blocks that are unfolded, of any network.
    open: BTreeSet<String>,
}

#[derive(Default)]
struct Architecture {
    options: ArchitectureOptions,
    drawn: Option<Drawn>,
    /// Points a point of the drawing, and the drawing's point in the middle of the pane; everything where `None`.
    camera: Option<(f32, Pos2)>,
    shown_layer: Option<NodeId>,
    /// A layer that stays in the middle when its block is folded or unfolded.
    held: Option<NodeId>,
}

/// Height of the layer slider below the drawing.
const RAIL: f32 = 32.0;

/// How far one may zoom.
const ZOOM: [f32; 2] = [0.02, 4.0];
/// Below this a box has room for a name only, which is never smaller than the other.
const BOTH: f32 = 0.68;
const SMALLEST: f32 = 9.0;

impl Panel for Architecture {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let room = ui.available_size();
        self.draw_anew(view, aspect(room));
        let Some(drawn) = &self.drawn else { return };
        let blocks = drawn.blocks.len();
        let mut fold = None;
        ui.horizontal(|ui| {
            if ui.small_button("whole").on_hover_text("Show the whole network").clicked() {
                self.camera = None;
            }
            if blocks > 0 && ui.small_button("fold all").on_hover_text("Fold every block").clicked() {
                fold = Some(false);
            }
            if blocks > 0 && ui.small_button("unfold all").on_hover_text("Unfold every block").clicked() {
                fold = Some(true);
            }
            let hint = if blocks > 0 { "  ·  double-click a block to unfold it" } else { "" };
            caption(ui, format!("{}  ·  {} boxes{hint}", view.run().model.card.title, drawn.folded.boxes.len()));
        });
        if let Some(unfold) = fold {
            let names = drawn.blocks.iter().map(|block| block.name.clone());
            let names: BTreeSet<String> = names.collect();
            self.options.open.retain(|name| !names.contains(name));
            if unfold {
                self.options.open.extend(names);
            }
            self.camera = None;
            ui.ctx().request_repaint();
            return;
        }
        let whole = ui.available_rect_before_wrap();
        let (area, rail) = whole.split_top_bottom_at_y((whole.bottom() - RAIL).max(whole.top()));
        layer_slider(ui, rail, Along::Drawing, view, out);
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(area));
        child.set_clip_rect(area.intersect(ui.clip_rect()));
        if let Some(name) = self.canvas(&mut child, view, area, out) {
            let blocks = self.drawn.iter().flat_map(|drawn| &drawn.blocks);
            self.held = blocks.filter(|block| block.name == name).find_map(|block| block.nodes.first().copied());
            if !self.options.open.remove(&name) {
                self.options.open.insert(name);
            }
            ui.ctx().request_repaint();
        }
        ui.allocate_rect(whole, Sense::hover());
    }

    fn export(&self, view: View) -> Option<Export> {
        let drawn = self.drawn.as_ref()?;
        let text = svg(&drawn.folded, &drawn.layout, |index| drawn.texts(index, view));
        Some(Export::drawing(view, "network", text))
    }

    fn options(&self) -> Value {
        keep(&self.options)
    }

    fn restore(&mut self, options: Value) {
        self.options = take(options);
    }
}

/// About width over height, in coarse steps, so that pulling at the pane's edge does not lay it out anew all the time.
fn aspect(room: Vec2) -> f32 {
    let wanted = room.x / room.y.max(1.0);
    let far = |aspect: f32| (wanted / aspect).ln().abs();
    [0.6, 1.0, 1.6, 2.6, 4.0].into_iter().min_by(|&a, &b| far(a).total_cmp(&far(b))).unwrap_or(1.0)
}

impl Architecture {
    /// Lays the drawing out where the network, or what is unfolded of it, changed.
    fn draw_anew(&mut self, view: View, aspect: f32) {
        let graph = view.shown.graph();
        let address = std::ptr::from_ref(graph) as usize;
        let other = self.drawn.as_ref().is_none_or(|drawn| drawn.graph != address);
        let same = |drawn: &Drawn| drawn.open == self.options.open && drawn.aspect == aspect;
        if !other && self.drawn.as_ref().is_some_and(same) {
            return;
        }
        let blocks = match self.drawn.take().filter(|_| !other) {
            Some(drawn) => drawn.blocks,
            None => blocks(graph),
        };
        let folded = fold(graph, &blocks, &self.options.open);
        let size = |boxed: &Boxed| match boxed.block {
            None if is_low(&graph.node(boxed.node).op) => LOW,
            _ => BOX,
        };
        let sizes: Vec<Vec2> = folded.boxes.iter().map(size).collect();
        let layout = layout(&folded, &sizes, aspect);
        if other {
            (self.camera, self.shown_layer) = (None, None);
        }
        self.drawn = Some(Drawn { graph: address, open: self.options.open.clone(), aspect, blocks, folded, layout });
    }

    /// Draws, and returns the name of the block that is to be folded or unfolded.
    fn canvas(&mut self, ui: &mut Ui, view: View, area: Rect, out: &mut Vec<Command>) -> Option<String> {
        let ground = ui.interact(area, ui.scope_id().with("ground"), Sense::click_and_drag());
        ground.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, "drawing of the network"));
        let camera = self.aim(ui, view, area, &ground);
        let drawn = self.drawn.as_ref()?;
        let mut toggled = drawn.frames(ui, camera, view);
        drawn.edges(ui, camera, view);
        let pictures = view.pictures();
        for index in 0..drawn.folded.boxes.len() {
            let rect = camera.rect(drawn.layout.boxes[index]);
            if !rect.intersects(area) {
                continue;
            }
            let boxed = &drawn.folded.boxes[index];
            let node = view.shown.graph().node(boxed.node);
            let [first, second] = drawn.texts(index, view);
            let picked = drawn.folded.place[view.selection.layer] == index;
            let response = ui.interact(rect, ui.scope_id().with(("box", boxed.node)), Sense::click());
            let name = boxed.block.map_or(&node.name, |block| &drawn.blocks[block].name);
            response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, picked, format!("box {name}")));
            let palette = view.palette;
            let fill = match (picked, response.hovered()) {
                (true, _) => palette.picked,
                (_, true) => palette.line,
                _ => palette.hovered,
            };
            let painter = ui.painter();
            painter.rect_filled(rect, f32::from(RADIUS) * camera.zoom.min(1.0), fill);
            let stroke = if picked { Stroke::new(2.0, palette.accent) } else { Stroke::new(1.0, palette.line) };
            if boxed.block.is_some() {
                // A second sheet below: there is more in it.
                painter.rect_stroke(rect.translate(vec2(3.0, 3.0) * camera.zoom), RADIUS, stroke, StrokeKind::Inside);
            }
            painter.rect_stroke(rect, RADIUS, stroke, StrokeKind::Inside);
            let mut left = rect.left() + 6.0 * camera.zoom;
            if rect.height() > 7.0
                && !(is_low(&node.op) && boxed.block.is_none())
                && let Some(pictures) = &pictures
            {
                let side = rect.height() - 4.0 * camera.zoom;
                let at = rect.left_top() + vec2(2.0, 2.0) * camera.zoom;
                let (texture, uv) = pictures.thumbnail(boxed.node);
                painter.image(texture, Rect::from_min_size(at, Vec2::splat(side)), uv, Color32::WHITE);
                left = at.x + side + 5.0 * camera.zoom;
            }
            let clipped = painter.with_clip_rect(rect.shrink(1.0).intersect(ui.clip_rect()));
            let text = if picked { ui.visuals().strong_text_color() } else { ui.visuals().text_color() };
            // What does not fit is left out, not cut: all of it stands in the hover text.
            let write = |words: &str, size: f32, middle: f32, colour: Color32| {
                let galley = painter.layout_no_wrap(words.to_owned(), FontId::proportional(size), colour);
                let fits = left + galley.size().x <= rect.right() - 2.0;
                if fits {
                    clipped.galley(pos2(left, middle - galley.size().y / 2.0), galley, colour);
                }
                fits
            };
            let (middle, zoom) = (rect.center().y, camera.zoom.min(1.6));
            if second.is_empty() || camera.zoom < BOTH {
                if rect.height() >= SMALLEST + 2.0 {
                    write(&first, (12.0 * zoom).max(SMALLEST), middle, text);
                }
            } else {
                write(&first, 12.0 * zoom, middle - 8.0 * camera.zoom, text);
                let (size, below) = (10.0 * zoom, middle + 8.0 * camera.zoom);
                let _ = write(&second, size, below, palette.weak)
                    || write(&describe::short_output(node), size, below, palette.weak);
            }
            if response.clicked() {
                out.push(Command::SelectLayer(boxed.node));
                self.shown_layer = Some(boxed.node);
            }
            if let Some(block) = boxed.block {
                let name = &drawn.blocks[block].name;
                if response.double_clicked() || (camera.zoom >= READABLE && unfold(ui, view, camera, rect, name)) {
                    toggled = Some(name.clone());
                }
            }
            let more = if boxed.block.is_some() { "\nDouble-click to unfold" } else { "" };
            response.on_hover_text(format!(
                "{}\n{}\n{}{more}",
                layer_name(node),
                describe::kind(node),
                describe::output(node)
            ));
        }
        toggled
    }

    /// Moves and zooms by the pointer, and to the selected layer when it changes.
    fn aim(&mut self, ui: &Ui, view: View, area: Rect, ground: &egui::Response) -> DrawingView {
        let Some(drawn) = &self.drawn else { return DrawingView { zoom: 1.0, middle: Pos2::ZERO, area } };
        let bounds = drawn.layout.bounds.expand(16.0);
        let whole = (area.width() / bounds.width()).min(area.height() / bounds.height()).clamp(ZOOM[0], 1.0);
        let (zoom, middle) = self.camera.unwrap_or((whole, bounds.center()));
        let mut camera = DrawingView { zoom, middle, area };
        let layer = view.selection.layer;
        let here = drawn.layout.boxes[drawn.folded.place[layer]];
        if self.shown_layer.is_some_and(|shown| shown != layer) && !area.contains_rect(camera.rect(here)) {
            camera.middle = here.center();
        }
        self.shown_layer = Some(layer);
        if let Some(held) = self.held.take().filter(|_| drawn.open == self.options.open) {
            camera.middle = drawn.layout.boxes[drawn.folded.place[held]].center();
        }
        if ground.dragged() {
            camera.middle -= ground.drag_delta() / camera.zoom;
        }
        if let Some(pointer) = ui.ctx().pointer_hover_pos().filter(|_| ui.rect_contains_pointer(area)) {
            let (pinched, scrolled) = ui.input(|input| (input.zoom_delta(), input.smooth_scroll_delta()));
            let factor = pinched * (scrolled.y / 250.0).exp();
            if factor != 1.0 {
                let fixed = camera.back(pointer);
                camera.zoom = (camera.zoom * factor).clamp(ZOOM[0], ZOOM[1]);
                camera.middle += fixed - camera.back(pointer);
            }
        }
        // Something of it stays in view.
        camera.middle = camera.middle.clamp(bounds.min, bounds.max);
        let moved = (camera.zoom, camera.middle) != (zoom, middle);
        if moved || self.camera.is_some() {
            self.camera = Some((camera.zoom, camera.middle));
        }
        camera
    }
}
