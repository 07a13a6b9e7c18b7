//! The network as a drawing: branches, blocks that fold, a thumbnail a layer; to be moved and zoomed.

mod drawn;
mod fold;
mod layout;
mod lines;
mod svg;

use crate::{
    net::NodeId,
    ui::{
        background::worker::spawn,
        model::{
            commands::Command,
            export::Export,
            state::{View, layer_name},
        },
        panels::panel::{Panel, PanelKind, keep, take},
        widgets::{caption, describe, hollow, layer_slider::layer_slider, remarks_below},
    },
};
use drawn::{DrawingView, Drawn, READABLE};
use eframe::egui::{self, Pos2, Rect, Sense, Ui, Vec2, WidgetInfo};
use lines::{at_work, unfold};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{Arc, mpsc},
};
use svg::svg;

pub(super) const KIND: PanelKind = PanelKind {
    name: "network",
    title: "Architecture",
    about: "The network as a drawing: which layer feeds which. Drag to move, scroll to zoom; blocks unfold.",
    how: "Data flows from the picture to the classes. The colour of a box is its kind of operator. Double-click a block to unfold it.",
    formula: "side of an output = floor((side + padding - dilation · (kernel - 1) - 1) / stride) + 1",
    paper: "Dumoulin and Visin 2016, A guide to convolution arithmetic for deep learning",
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
    /// The address of the network before changes to its layers.
    origin: usize,
    shown_layer: Option<NodeId>,
    /// A layer that stays in the middle when its block is folded or unfolded.
    held: Option<NodeId>,
    /// The drawing that a thread lays out.
    coming: Option<mpsc::Receiver<Drawn>>,
}

/// Networks with more layers are laid out on a thread.
const MANY: usize = 250;

/// Height of the layer slider below the drawing.
const RAIL: f32 = 32.0;

/// Limits of the zoom.
const ZOOM: [f32; 2] = [0.02, 4.0];
impl Panel for Architecture {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let room = ui.available_size();
        self.draw_anew(ui, view, aspect(room));
        let Some(drawn) = &self.drawn else { return hollow(ui, "Laying out the network", true) };
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
            let (title, depth) = (&view.run().model.card.title, view.shown.depth.words());
            caption(ui, format!("{title}  ·  {depth}{hint}"))
                .on_hover_text("Convolutions and fully connected layers, as papers count them");
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
        let room = remarks_below(ui, &view.run().model.card.notes);
        let (area, rail) = room.split_top_bottom_at_y((room.bottom() - RAIL).max(room.top()));
        layer_slider(ui, rail, view, out);
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
    /// Lays the drawing out where the network, its unfolded blocks or the pane's shape changed; a large one on a thread.
    fn draw_anew(&mut self, ui: &Ui, view: View, aspect: f32) {
        let graph = view.shown.graph();
        let address = std::ptr::from_ref(graph) as usize;
        if self.drawn.as_ref().is_some_and(|drawn| drawn.graph != address) {
            (self.drawn, self.shown_layer) = (None, None);
        }
        // Layers that are switched off leave the rest where it is.
        let origin = Arc::as_ptr(view.run().model.unchanged().network.graph()) as usize;
        if origin != self.origin {
            (self.origin, self.camera) = (origin, None);
        }
        if let Some(coming) = &self.coming
            && let Ok(drawn) = coming.try_recv()
        {
            self.coming = None;
            self.drawn = Some(drawn).filter(|drawn| drawn.graph == address);
        }
        let same = |drawn: &Drawn| drawn.open == self.options.open && drawn.aspect == aspect;
        if self.drawn.as_ref().is_some_and(same) || self.coming.is_some() {
            return;
        }
        let (run, open) = (Arc::clone(view.run()), self.options.open.clone());
        if graph.nodes().len() > MANY {
            let (sender, receiver) = mpsc::channel();
            let (ctx, own) = (ui.ctx().clone(), open.clone());
            let started = spawn("drawing", move || {
                // The pane may be closed meanwhile.
                let _ = sender.send(Drawn::new(run.model.network.graph(), own, aspect));
                ctx.request_repaint();
            });
            if started.is_ok() {
                self.coming = Some(receiver);
                return;
            }
        }
        self.drawn = Some(Drawn::new(graph, open, aspect));
    }

    /// Draws, and returns the name of the block that is to be folded or unfolded.
    fn canvas(&mut self, ui: &mut Ui, view: View, area: Rect, out: &mut Vec<Command>) -> Option<String> {
        let ground = ui.interact(area, ui.scope_id().with("ground"), Sense::click_and_drag());
        ground.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, "drawing of the network"));
        let camera = self.aim(ui, view, area, &ground);
        let drawn = self.drawn.as_ref()?;
        let mut toggled = drawn.frames(ui, camera, view);
        drawn.edges(ui, camera, view);
        for index in 0..drawn.folded.boxes.len() {
            let rect = camera.rect(drawn.layout.boxes[index]);
            if !rect.intersects(area) {
                continue;
            }
            let boxed = &drawn.folded.boxes[index];
            let node = view.shown.graph().node(boxed.node);
            let picked = drawn.folded.place[view.selection.layer] == index;
            let response = ui.interact(rect, ui.scope_id().with(("box", boxed.node)), Sense::click());
            let name = boxed.block.map_or(&node.name, |block| &drawn.blocks[block].name);
            response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, picked, format!("box {name}")));
            drawn.paint_box(ui, view, camera, index, picked, response.hovered());
            if camera.zoom >= READABLE {
                out.extend(at_work(ui, view, camera, rect, name));
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
            let mut more = if boxed.block.is_some() { "\nDouble-click to unfold".to_owned() } else { String::new() };
            if drawn.folded.left_out[index] > 0 {
                more += &format!("\nReads {} earlier boxes besides those drawn", drawn.folded.left_out[index]);
            }
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
