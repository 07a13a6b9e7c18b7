//! The pictures of an indexed folder as a map: those that the network's features make alike lie near each other.

mod align;
mod beside;
pub mod cloud;
mod colours;

use crate::{
    dataset::Features,
    engine::PictureSource,
    figures::{Spreadsheet, words::thousands},
    net::NodeId,
    ui::{
        background::{
            embedding::{Embedding, MapKey, ProjectionWay},
            thumbnails::{PictureFile, Thumb},
        },
        model::{
            commands::Command,
            export::Export,
            state::{View, layer_name},
        },
        panels::panel::{Panel, PanelKind, keep, take},
        widgets::{WHOLE, caption, fit, folder_bar, hollow, slider_saying, toolbar},
    },
};
use beside::{Marked, beside};
use cloud::{Cloud, PlaneView, dots, inside, nearest};
use colours::{CHOICES, ColourBy, colours};
use eframe::egui::{self, Color32, Mesh, Rect, Response, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::HashSet, sync::Arc};

pub(super) const KIND: PanelKind = PanelKind {
    name: "embedding",
    title: "Embedding",
    about: "The pictures of an indexed folder on a plane, near each other where a layer's features are alike: by PCA, t-SNE \
            (van der Maaten and Hinton 2008) or UMAP (McInnes, Healy and Melville 2018). Drag the layer slider: the map morphs.",
    how: "Near is alike to the layer; in t-SNE and UMAP distances between far groups mean little. Scroll to zoom, drag to move, \
          click a picture to open it. With lasso, draw around pictures to list them. The ring marks the open picture.",
    formula: "t-SNE minimises Σ p log(p / q) between neighbourhoods of features and of places; PCA keeps the axes of largest variance",
    paper: "van der Maaten and Hinton 2008; McInnes, Healy and Melville 2018; Pearson 1901",
    make: || Box::<EmbeddingPanel>::default(),
};

const WAYS: [(ProjectionWay, &str, &str); 3] = [
    (ProjectionWay::Pca, "PCA", "The two directions in which features vary most"),
    (ProjectionWay::Tsne, "t-SNE", "Keeps neighbours near; drawn as it converges"),
    (ProjectionWay::Umap, "UMAP", "Keeps neighbours near, and more of the whole; drawn as it converges"),
];

/// Sides of thumbnails in points: the least that is drawn, and the most.
const THUMB: [f32; 2] = [18.0, 110.0];
/// Thumbnails drawn at most; the cache keeps a few more.
const THUMBS: usize = 180;
/// Width of the list at the side, and of a pane that has room for it.
const SIDE: f32 = 190.0;
const WIDE: f32 = 460.0;

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct EmbeddingOptions {
    way: ProjectionWay,
    colour: ColourBy,
}

#[derive(Default)]
struct EmbeddingPanel {
    options: EmbeddingOptions,
    cloud: Cloud,
    /// The zoom and the place in the middle; all where `None`.
    camera: Option<(f32, [f32; 2])>,
    /// Whether a drag draws around points.
    lasso: bool,
    /// The line that is being drawn, in places of the plane.
    line: Vec<[f32; 2]>,
    /// The rows that a line went around.
    picked: Vec<usize>,
    /// The pass whose points these are, by the address of its features.
    of: usize,
    colours: Option<(ColourBy, bool, Vec<Color32>)>,
    /// The squares as they were drawn last, with all that they depend on.
    mesh: Option<(PlaneView, u64, Arc<Mesh>)>,
    marked: Marked,
}

impl Panel for EmbeddingPanel {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        folder_bar(ui, view, out);
        let folder = view.folder.filter(|folder| folder.is_of(view));
        let Some(folder) = folder else { return hollow(ui, KIND.about, false) };
        let index = folder.state.index.as_ref();
        let embedding = view.embedding.filter(|embedding| {
            Arc::ptr_eq(&embedding.model, folder.model) && index.is_some_and(|index| index.done == embedding.index.done)
        });
        let Some(embedding) = embedding else {
            let ready = index.filter(|index| index.done > 2 && !folder.state.running);
            let Some(index) = ready else {
                return hollow(ui, "The map follows when the folder is indexed", folder.state.running);
            };
            let count = thousands(index.done as u64);
            let hint = "Run the pictures once more for their features at layers all along the network";
            if ui.button(format!("Compute the features of {count} pictures")).on_hover_text(hint).clicked() {
                out.push(Command::Embed);
            }
            return hollow(ui, KIND.how, false);
        };
        let pass = embedding.pass();
        let features = embedding.features();
        if features.is_empty() {
            return self.waiting(ui, embedding, pass.failed.as_deref(), out);
        }
        self.begin(&features);
        let slot = slot_of(&embedding.layers, view.selection.layer);
        toolbar(ui, |ui| self.tools(ui, view, embedding, slot, out));
        self.status(ui, embedding, (slot, self.options.way), &features[slot]);
        self.draw(ui, view, embedding, (slot, self.options.way), &features, out);
    }

    fn export(&self, view: View) -> Option<Export> {
        let embedding = view.embedding?;
        let features = embedding.features();
        let rows = &features.first()?.pictures;
        let places = self.cloud.places();
        if places.len() != rows.len() {
            return None;
        }
        let mut cells = Spreadsheet::new(["file", "x", "y"]);
        for (picture, [x, y]) in rows.iter().zip(places) {
            let file = embedding.index.listing.path(*picture).display().to_string();
            cells.add([file, x.to_string(), y.to_string()]);
        }
        Some(Export::table(view, "embedding", cells))
    }

    fn options(&self) -> Value {
        keep(&self.options)
    }

    fn restore(&mut self, options: Value) {
        self.options = take(options);
    }
}

/// The kept layer that is nearest to one.
fn slot_of(layers: &[NodeId], layer: NodeId) -> usize {
    (0..layers.len()).min_by_key(|&slot| layers[slot].abs_diff(layer)).unwrap_or(0)
}

impl EmbeddingPanel {
    /// Forgets what belonged to other features.
    fn begin(&mut self, features: &Arc<Vec<Features>>) {
        let address = Arc::as_ptr(features) as usize;
        if self.of != address {
            let (options, lasso) = (self.options.clone(), self.lasso);
            *self = EmbeddingPanel { of: address, options, lasso, ..EmbeddingPanel::default() };
        }
    }

    fn waiting(&mut self, ui: &mut Ui, embedding: &Embedding, failed: Option<&str>, out: &mut Vec<Command>) {
        if let Some(why) = failed {
            if ui.button("Compute again").clicked() {
                out.push(Command::Embed);
            }
            return hollow(ui, why, false);
        }
        ui.horizontal(|ui| {
            let bar = egui::ProgressBar::new(embedding.progress()).desired_width(160.0).desired_height(8.0);
            ui.add(bar).accessible_name("Progress of the features");
            if ui.button("Stop").on_hover_text("Stop running the pictures").clicked() {
                embedding.stop();
            }
        });
        hollow(ui, "Running the pictures for their features", true);
    }

    fn tools(&mut self, ui: &mut Ui, view: View, embedding: &Embedding, slot: usize, out: &mut Vec<Command>) {
        for (way, name, hint) in WAYS {
            ui.selectable_value(&mut self.options.way, way, name).on_hover_text(hint);
        }
        ui.separator();
        let mut at = slot;
        let name = layer_name(view.shown.graph().node(embedding.layers[slot]));
        ui.spacing_mut().slider_width = 110.0;
        let last = embedding.layers.len().saturating_sub(1);
        let hint = "The layer whose features are shown; the slider of layers does the same";
        slider_saying(ui, "features of", &name, egui::Slider::new(&mut at, 0..=last)).on_hover_text(hint);
        if at != slot {
            out.push(Command::SelectLayer(embedding.layers[at]));
        }
        ui.separator();
        for (by, name, hint) in CHOICES {
            ui.selectable_value(&mut self.options.colour, by, name).on_hover_text(hint);
        }
        ui.separator();
        ui.toggle_value(&mut self.lasso, "lasso")
            .on_hover_text("Drag around pictures to list them; else a drag moves the map");
        if ui.button("whole").on_hover_text("All of the map").clicked() {
            self.camera = None;
        }
    }

    /// Says what is shown, and how far a map in the making is.
    fn status(&self, ui: &mut Ui, embedding: &Embedding, key: MapKey, features: &Features) {
        let count = thousands(features.len() as u64);
        match embedding.making().filter(|(making, _)| *making == key) {
            Some((_, done)) => {
                ui.horizontal(|ui| {
                    ui.add(egui::ProgressBar::new(done).desired_width(120.0).desired_height(6.0))
                        .accessible_name("Progress of the map");
                    if ui.small_button("Stop").on_hover_text("Leave the pictures where they are").clicked() {
                        embedding.stop();
                    }
                    caption(ui, format!("{count} pictures, settling"));
                });
            }
            None => drop(caption(ui, format!("{count} pictures, {} features each", features.width))),
        }
    }

    fn draw(
        &mut self,
        ui: &mut Ui,
        view: View,
        embedding: &Embedding,
        key: MapKey,
        features: &Arc<Vec<Features>>,
        out: &mut Vec<Command>,
    ) {
        let now = ui.input(|input| input.time);
        match embedding.map(key) {
            Some(Err(why)) => return hollow(ui, &why, false),
            Some(Ok(map)) => self.cloud.set_out(key, &map, now),
            None => {}
        }
        if self.cloud.advance(now) {
            ui.ctx().request_repaint();
        }
        let dark = ui.visuals().dark_mode;
        if self.colours.as_ref().is_none_or(|(by, theme, _)| (*by, *theme) != (self.options.colour, dark)) {
            let found =
                colours(self.options.colour, &embedding.index, &features[key.0], &embedding.model, view.palette);
            (self.colours, self.mesh) = (Some((self.options.colour, dark, found)), None);
        }
        self.marked.find(view, embedding, key.0, features);
        let whole = ui.available_rect_before_wrap();
        let has_side = whole.width() >= WIDE;
        let (area, side) = whole.split_left_right_at_x(whole.right() - if has_side { SIDE } else { 0.0 });
        self.canvas(ui, view, embedding, &features[key.0], area, out);
        if has_side {
            let mut child =
                ui.new_child(egui::UiBuilder::new().id_salt("beside").max_rect(side.with_min_x(side.left() + 10.0)));
            let name = layer_name(view.shown.graph().node(embedding.layers[key.0]));
            if beside(&mut child, view, embedding, &self.picked, &self.marked, &name, out) {
                self.picked.clear();
            }
        }
        ui.allocate_rect(whole, Sense::hover());
    }

    fn canvas(
        &mut self,
        ui: &mut Ui,
        view: View,
        embedding: &Embedding,
        features: &Features,
        area: Rect,
        out: &mut Vec<Command>,
    ) {
        let mut child = ui.new_child(egui::UiBuilder::new().id_salt("map").max_rect(area));
        child.set_clip_rect(area.intersect(ui.clip_rect()));
        let response = child.interact(area, child.scope_id().with("plane"), Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, "map of the pictures"));
        let plane = self.navigate(&child, &response, area);
        let side = (2.0 + 40.0 / (features.len() as f32).sqrt()).clamp(2.0, 6.0);
        let Some((.., colours)) = &self.colours else { return };
        let moves = self.cloud.moves;
        if self.mesh.as_ref().is_none_or(|(of, at, _)| (*of, *at) != (plane, moves)) {
            self.mesh = Some((plane, moves, dots(plane, self.cloud.places(), colours, side)));
        }
        if let Some((.., mesh)) = &self.mesh {
            child.painter().add(Shape::Mesh(Arc::clone(mesh)));
        }
        self.thumbnails(&child, view, embedding, features, plane);
        for row in &self.picked {
            let at = plane.point(self.cloud.places()[*row]);
            child.painter().circle_stroke(at, 5.0, Stroke::new(1.5, child.visuals().strong_text_color()));
        }
        self.marked.paint(&child, view, plane, self.cloud.places());
        if self.line.len() > 1 {
            let line: Vec<_> = self.line.iter().map(|place| plane.point(*place)).collect();
            child.painter().add(Shape::closed_line(line, Stroke::new(1.5, view.palette.accent)));
        }
        let pointer = response.hover_pos().filter(|_| !response.dragged());
        let Some(row) = pointer.and_then(|at| nearest(plane, self.cloud.places(), at, 12.0)) else { return };
        let at = plane.point(self.cloud.places()[row]);
        child.painter().circle_stroke(at, 6.0, Stroke::new(2.0, view.palette.accent));
        let file = embedding.index.listing.path(features.pictures[row]);
        let words = beside::words(embedding, features.pictures[row]);
        if response.on_hover_text(words).clicked() {
            out.push(Command::Open(PictureSource::File(file)));
        }
    }

    /// Moves and zooms by the pointer, or draws the line around points.
    fn navigate(&mut self, ui: &Ui, response: &Response, area: Rect) -> PlaneView {
        let mut plane = PlaneView::whole(area);
        if let Some((zoom, middle)) = self.camera {
            (plane.zoom, plane.middle) = (zoom, middle);
        }
        let was = plane;
        if let Some(at) = response.hover_pos() {
            let (pinched, scrolled) = ui.input(|input| (input.zoom_delta(), input.smooth_scroll_delta()));
            let factor = pinched * (scrolled.y / 250.0).exp();
            if factor != 1.0 {
                let fixed = plane.back(at);
                plane.zoom = (plane.zoom * factor).clamp(5.0, 1e6);
                let moved = plane.back(at);
                plane.middle = [0, 1].map(|axis: usize| plane.middle[axis] + fixed[axis] - moved[axis]);
            }
        }
        if response.dragged() && !self.lasso {
            let by = response.drag_delta() / plane.zoom;
            plane.middle = [plane.middle[0] - by.x, plane.middle[1] + by.y];
        }
        if self.lasso
            && let Some(at) = response.interact_pointer_pos().filter(|_| response.dragged())
        {
            self.line.push(plane.back(at));
        }
        if response.drag_stopped() && !self.line.is_empty() {
            self.picked = inside(self.cloud.places(), &std::mem::take(&mut self.line));
        }
        if plane != was {
            self.camera = Some((plane.zoom, plane.middle));
        }
        plane
    }

    /// Thumbnails over the points, no two over each other; the nearer one looks, the larger.
    fn thumbnails(&self, ui: &Ui, view: View, embedding: &Embedding, features: &Features, plane: PlaneView) {
        let whole = PlaneView::whole(plane.area).zoom;
        let side = (THUMB[0] * (plane.zoom / whole).sqrt()).clamp(THUMB[0], THUMB[1]);
        let mut taken = HashSet::new();
        for (row, place) in self.cloud.places().iter().enumerate() {
            let at = plane.point(*place);
            if !plane.area.contains(at) {
                continue;
            }
            let [x, y] = [at.x / side, at.y / side].map(|place| place.floor() as i32);
            let is_free = |x: i32, y: i32| !taken.contains(&(x, y));
            if ![-1, 0, 1].into_iter().all(|dx| [-1, 0, 1].into_iter().all(|dy| is_free(x + dx, y + dy))) {
                continue;
            }
            taken.insert((x, y));
            let file = PictureFile::File(embedding.index.listing.path(features.pictures[row]));
            if let Thumb::Ready(texture) = view.thumbs.thumb(&file) {
                let [across, down] = texture.size().map(|side| side as f32);
                let rect = fit(Rect::from_center_size(at, Vec2::splat(side)), across / down);
                ui.painter().image(texture.id(), rect, WHOLE, Color32::WHITE);
                let colour = self.colours.as_ref().map_or(view.palette.line, |(.., colours)| colours[row]);
                ui.painter().rect_stroke(rect.expand(1.0), 1.0, Stroke::new(1.5, colour), StrokeKind::Outside);
            }
            if taken.len() >= THUMBS {
                break;
            }
        }
    }
}
