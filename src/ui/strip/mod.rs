//! The network as a strip: a row a layer with its strongest map, and the layer slider along it.

use crate::{
    engine::{Model, Opening},
    net::Op,
    ui::{
        model::{
            commands::{Action, Command},
            state::View,
        },
        theme::{RADIUS, THUMBNAIL},
        widgets::{
            describe, icons,
            layer_slider::{Along, layer_slider},
            search,
        },
    },
    weights::{Source, remote},
    zoo::ZOO,
};
use eframe::egui::{self, Align2, Color32, Rect, RichText, Sense, TextStyle, Ui, Vec2, WidgetInfo, pos2, vec2};

/// The strip's own state.
#[derive(Default)]
pub struct LayerStrip {
    /// The layer that was last brought into view.
    scrolled_to: Option<(u64, usize)>,
    /// What a network is searched by.
    search: String,
}

const ROW: f32 = 44.0;
/// Layers that only pass their input on, or rectify it, take less room.
const LOW: f32 = 24.0;
const SLIDER: f32 = 26.0;
/// The button beside the network picker.
const BESIDE: f32 = 26.0;

impl LayerStrip {
    /// The network picker, then the layers.
    pub fn ui(&mut self, ui: &mut Ui, model: Option<&Model>, view: Option<View>, out: &mut Vec<Command>) {
        ui.set_min_width(ui.available_width());
        self.network(ui, model, out);
        ui.add_space(4.0);
        if let Some(view) = view {
            let area = ui.available_rect_before_wrap();
            let (slider, rows) = area.split_left_right_at_x(area.left() + SLIDER);
            layer_slider(ui, slider, Along::Strip, view, out);
            self.layers(ui, rows, view, out);
            // The panel is as wide as the user made it, whatever stands in it.
            ui.expand_to_include_rect(area);
        }
    }

    fn network(&mut self, ui: &mut Ui, model: Option<&Model>, out: &mut Vec<Command>) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            self.choose(ui, model, out);
            let (name, hint) = (Action::Beside.info().label, Action::Beside.info().hint);
            if icons::button(ui, BESIDE, icons::BESIDE, name, &format!("{name}\n{hint}"), false).clicked() {
                out.push(Action::Beside.into());
            }
        });
        let Some(model) = model else { return };
        Self::weights(ui, model, out);
    }

    fn choose(&mut self, ui: &mut Ui, model: Option<&Model>, out: &mut Vec<Command>) {
        let shown = model.map_or("Opening…", |model| model.card.title);
        let width = ui.available_width() - 8.0 - BESIDE;
        let combo = egui::ComboBox::from_id_salt("network").width(width).truncate();
        let response = combo.selected_text(RichText::new(shown).strong()).show_ui(ui, |ui| {
            ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Extend);
            search(ui, "Search networks", &mut self.search, 220.0);
            let wanted = self.search.to_lowercase();
            for card in ZOO {
                let named = [card.title, card.name].iter().any(|name| name.to_lowercase().contains(&wanted));
                let picked = model.is_some_and(|model| model.card.name == card.name);
                if !named {
                    continue;
                }
                let note = if card.shipped.is_some() { "trained, ships with Striate" } else { "opens untrained" };
                let response = ui.selectable_label(picked, card.title);
                if response.on_hover_text(format!("{}\n{note}", card.paper)).clicked() && !picked {
                    out.push(Command::OpenNetwork(Opening::of(card.name)));
                }
            }
        });
        response.response.accessible_name("Network");
    }

    /// Which weights, and where others are had.
    fn weights(ui: &mut Ui, model: &Model, out: &mut Vec<Command>) {
        // What does not fit goes below: were it to stick out, the layers would too.
        ui.horizontal_wrapped(|ui| {
            ui.add_space(4.0);
            let colour = crate::ui::theme::Palette::of(ui.ctx()).warning;
            match &model.weights {
                Source::Synthetic(_) => {
                    let text = RichText::new("untrained").small().color(colour);
                    ui.label(text).on_hover_text("Made-up weights: shapes and costs are right, pictures mean nothing");
                }
                Source::File(path) => {
                    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                    ui.add(egui::Label::new(RichText::new(name).small().weak()).truncate());
                }
                Source::Shipped => {
                    ui.label(RichText::new("trained").small().weak());
                }
            }
            let remote = remote(model.card.name).filter(|_| model.is_untrained());
            if let Some(remote) = remote
                && ui.small_button("download").on_hover_text(remote.describe()).clicked()
            {
                out.push(Command::Fetch(Opening::of(model.card.name)));
            }
            if ui.small_button("weights…").on_hover_text("Open a file of weights for this network").clicked() {
                out.push(Action::OpenWeights.into());
            }
        });
    }

    fn layers(&mut self, ui: &mut Ui, area: Rect, view: View, out: &mut Vec<Command>) {
        let nodes = view.shown.graph().nodes();
        let heights: Vec<f32> = nodes.iter().map(|node| if is_low(&node.op) { LOW } else { ROW }).collect();
        let here = (view.run().id, view.selection.layer);
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(area));
        egui::ScrollArea::vertical().auto_shrink(false).id_salt("layers").show_viewport(&mut child, |ui, viewport| {
            ui.set_height(heights.iter().sum());
            let (left, mut top) = (ui.max_rect().left(), ui.max_rect().top());
            let width = ui.max_rect().width();
            let origin = top;
            for (id, &height) in heights.iter().enumerate() {
                let rect = Rect::from_min_size(pos2(left, top), vec2(width, height));
                top += height;
                if id == here.1 && self.scrolled_to != Some(here) {
                    ui.scroll_to_rect(rect.expand2(vec2(0.0, 2.0 * ROW)), None);
                    self.scrolled_to = Some(here);
                }
                // Only what is in view is drawn: a network may have a thousand layers.
                let at = rect.translate(vec2(0.0, -origin));
                if at.bottom() >= viewport.top() && at.top() <= viewport.bottom() {
                    row(ui, rect, id, view, out);
                }
            }
        });
    }
}

fn is_low(op: &Op) -> bool {
    matches!(op, Op::Relu | Op::Dropout { .. } | Op::Flatten | Op::Tanh { .. } | Op::Sigmoid | Op::BatchNorm { .. })
}

fn row(ui: &mut Ui, rect: Rect, id: usize, view: View, out: &mut Vec<Command>) {
    let node = view.shown.graph().node(id);
    let picked = id == view.selection.layer;
    let response = ui.interact(rect, ui.scope_id().with(("layer", id)), Sense::click());
    let name = format!("layer {}", node.name);
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, picked, &name));
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let inner = rect.shrink2(vec2(2.0, 1.0));
    if picked || response.hovered() {
        painter.rect_filled(inner, RADIUS, if picked { view.palette.picked } else { view.palette.hovered });
    }
    if picked {
        let edge = Rect::from_min_size(inner.min, vec2(3.0, inner.height()));
        painter.rect_filled(edge, 1.0, view.palette.accent);
    }
    let low = is_low(&node.op);
    let size = if low { Vec2::splat(18.0) } else { THUMBNAIL };
    let picture = Rect::from_center_size(pos2(inner.left() + 8.0 + THUMBNAIL.x / 2.0, inner.center().y), size);
    match view.pictures() {
        Some(pictures) => {
            let (texture, uv) = pictures.thumbnail(id);
            painter.image(texture, picture, uv, Color32::WHITE);
        }
        None => {
            painter.rect_filled(picture, 0.0, view.palette.hovered);
        }
    }
    let left = inner.left() + 8.0 + THUMBNAIL.x + 8.0;
    let (body, small) = (TextStyle::Body.resolve(ui.style()), TextStyle::Small.resolve(ui.style()));
    let strong = if picked { ui.visuals().strong_text_color() } else { ui.visuals().text_color() };
    let text = |at: egui::Pos2, align, text: &str, font: &egui::FontId, colour| {
        painter.text(at, align, text, font.clone(), colour)
    };
    let middle = inner.center().y;
    // What does not fit is left out, not cut: it stands in the hover text.
    let fits = |from: f32, text: &str| {
        let width = painter.layout_no_wrap(text.to_owned(), small.clone(), strong).size().x;
        from + width <= inner.right() - 4.0
    };
    let beside = |shown: Rect, what: &str| {
        if fits(shown.right() + 8.0, what) {
            text(shown.right_center() + vec2(8.0, 0.0), Align2::LEFT_CENTER, what, &small, view.palette.weak);
        }
    };
    if low {
        beside(text(pos2(left, middle), Align2::LEFT_CENTER, &node.name, &small, strong), node.op.kind());
    } else {
        let shown = text(pos2(left, middle - 8.0), Align2::LEFT_CENTER, &node.name, &body, strong);
        beside(shown, node.title.unwrap_or_default());
        let (kind, shape) = (describe::kind(node), describe::short_output(node));
        let about = format!("{kind}  {shape}");
        let about = if fits(left, &about) { about } else { shape };
        text(pos2(left, middle + 8.0), Align2::LEFT_CENTER, &about, &small, view.palette.weak);
    }
    if response.clicked() {
        out.push(Command::SelectLayer(id));
    }
    let title = node.title.map_or_else(String::new, |title| format!(" ({title})"));
    response.on_hover_text(format!("{}{title}\n{}\n{}", node.name, describe::kind(node), describe::output(node)));
}
