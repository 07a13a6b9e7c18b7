//! The picker of the network, and the line about its weights.

use super::known::Badge;
use crate::{
    engine::{Model, Opening},
    figures::words::rounded,
    ui::{
        background::costs::{count_costs, network_cost},
        model::commands::{Action, Command},
        theme::{Palette, RADIUS},
        widgets::{icons, search, staying, weights_notes},
    },
    weights::{Source, remote},
    zoo::{Card, ZOO, published},
};
use eframe::egui::{self, Align2, RichText, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};
use egui::containers::menu::MenuButton;
use std::path::PathBuf;

/// Width of the list of networks.
const LIST: f32 = 380.0;
/// Width of the button beside the picker.
const BESIDE: f32 = 26.0;

/// The picker's state.
#[derive(Default)]
pub struct NetworkPicker {
    /// The text that the list is searched by.
    search: String,
    /// Where the weights of each network come from, while the list is open.
    badges: Vec<Badge>,
}

impl NetworkPicker {
    /// Draws the picker with the line about the weights.
    pub fn ui(&mut self, ui: &mut Ui, model: Option<&Model>, own: &[PathBuf], out: &mut Vec<Command>) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            self.choose(ui, model, own, out);
            let (name, hint) = (Action::Beside.info().label, Action::Beside.info().hint);
            if icons::button(ui, BESIDE, icons::BESIDE, name, &format!("{name}\n{hint}"), false).clicked() {
                out.push(Action::Beside.into());
            }
        });
        let Some(model) = model else { return };
        Self::weights(ui, model, out);
    }

    fn choose(&mut self, ui: &mut Ui, model: Option<&Model>, own: &[PathBuf], out: &mut Vec<Command>) {
        let shown = model.map_or("Opening…", |model| model.card.title.as_str());
        let width = ui.available_width() - 8.0 - BESIDE;
        let combo = egui::ComboBox::from_id_salt("network").width(width).truncate().height(460.0);
        let response = combo.selected_text(RichText::new(shown).strong()).show_ui(ui, |ui| {
            ui.set_min_width(LIST);
            search(ui, "Search networks", &mut self.search, LIST - 16.0);
            let wanted = self.search.to_lowercase();
            own_models(ui, own, &wanted, out);
            if self.badges.is_empty() {
                self.badges = ZOO.iter().map(Badge::of).collect();
                count_costs(ui.ctx());
            }
            let mut family = "";
            for (card, badge) in ZOO.iter().zip(&self.badges) {
                let names = [card.title, card.name, card.family];
                if !names.iter().any(|name| name.to_lowercase().contains(&wanted)) {
                    continue;
                }
                if card.family != family {
                    family = card.family;
                    ui.label(RichText::new(family).small().strong().color(Palette::of(ui.ctx()).weak));
                }
                let picked = model.is_some_and(|model| model.card.name == card.name && model.card.file.is_none());
                if network(ui, card, *badge, picked).clicked() && !picked {
                    out.push(Command::OpenNetwork(Opening::of(card.name)));
                    ui.close();
                }
            }
        });
        if response.inner.is_none() {
            // Weights may be downloaded until it opens again.
            self.badges.clear();
        }
        response.response.accessible_name("Network");
    }

    /// The kind of the weights, and buttons for others.
    fn weights(ui: &mut Ui, model: &Model, out: &mut Vec<Command>) {
        // A line that is too long wraps: one that sticks out would widen the strip.
        ui.horizontal_wrapped(|ui| {
            ui.add_space(4.0);
            let colour = Palette::of(ui.ctx()).warning;
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
            let remote = remote(&model.card.name).filter(|_| model.is_untrained());
            if let Some(remote) = remote
                && ui.small_button("download").on_hover_text(remote.describe()).clicked()
            {
                out.push(Command::Fetch(Opening::of(&model.card.name)));
            }
            if ui.small_button("weights…").on_hover_text("Open a checkpoint or a network of your own").clicked() {
                out.push(Action::OpenWeights.into());
            }
            if !model.notes.is_empty() {
                let button = MenuButton::from_button(egui::Button::new("notes").small()).config(staying());
                let response = button.ui(ui, |ui| weights_notes(ui, model)).0;
                response.on_hover_text("What was noticed in the weights file").accessible_name("Notes on the weights");
            }
        });
    }
}

/// A row of the list: the name, the number of parameters, the accuracy, and where the weights come from.
fn network(ui: &mut Ui, card: &Card, badge: Badge, picked: bool) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(vec2(LIST, 24.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, picked, card.title));
    let (painter, palette) = (ui.painter(), Palette::of(ui.ctx()));
    if picked || response.hovered() || response.has_focus() {
        painter.rect_filled(rect, RADIUS, if picked { palette.picked } else { palette.hovered });
    }
    let (body, small) = (TextStyle::Body.resolve(ui.style()), TextStyle::Small.resolve(ui.style()));
    let at = |x: f32| pos2(rect.left() + x, rect.center().y);
    let name = painter.with_clip_rect(rect.with_max_x(rect.left() + 196.0).intersect(ui.clip_rect()));
    name.text(at(12.0), Align2::LEFT_CENTER, card.title, body, ui.visuals().text_color());
    let count = network_cost(card.name).map(|cost| rounded(cost.parameters)).unwrap_or_default();
    painter.text(at(246.0), Align2::RIGHT_CENTER, count, small.clone(), palette.weak);
    let accuracy = published(card.name);
    let percent = accuracy.map_or_else(String::new, |own| format!("{:.1}%", own.top1));
    painter.text(at(296.0), Align2::RIGHT_CENTER, percent, small.clone(), palette.weak);
    let colour = if badge == Badge::Ready { palette.accent } else { palette.weak };
    painter.text(at(LIST - 8.0), Align2::RIGHT_CENTER, badge.label(), small, colour);
    let exact = accuracy.map_or_else(String::new, |own| format!("\ntop-1 {:.1}%: {}", own.top1, own.source));
    response.on_hover_text(format!("{}, {}{exact}\n{}", card.name, card.paper, badge.hint()))
}

/// The weights files that were opened before.
fn own_models(ui: &mut Ui, own: &[PathBuf], wanted: &str, out: &mut Vec<Command>) {
    let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let found: Vec<&PathBuf> = own.iter().filter(|path| name(path).to_lowercase().contains(wanted)).collect();
    if found.is_empty() {
        return;
    }
    ui.label(RichText::new("Your files").small().strong().color(Palette::of(ui.ctx()).weak));
    for path in found {
        let hint = format!("{}\nOpens with the preparation and the labels that were chosen for it", path.display());
        let button = egui::Button::selectable(false, name(path)).truncate();
        if ui.add(button).on_hover_text(hint).clicked() {
            out.push(Command::OpenPath(path.clone()));
            ui.close();
        }
    }
}
