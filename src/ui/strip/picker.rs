//! The picker of the network, and the line about its weights.

use crate::{
    engine::{Model, Opening},
    ui::{
        model::commands::{Action, Command},
        theme::Palette,
        widgets::{icons, search},
    },
    weights::{Source, remote},
    zoo::ZOO,
};
use eframe::egui::{self, RichText, Ui};

/// Width of the button beside the picker.
const BESIDE: f32 = 26.0;

/// The picker's state.
#[derive(Default)]
pub struct NetworkPicker {
    /// The text that the list is searched by.
    search: String,
}

impl NetworkPicker {
    /// Draws the picker with the line about the weights.
    pub fn ui(&mut self, ui: &mut Ui, model: Option<&Model>, out: &mut Vec<Command>) {
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
        let shown = model.map_or("Opening…", |model| model.card.title.as_str());
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
            if ui.small_button("weights…").on_hover_text("Open a file of weights for this network").clicked() {
                out.push(Action::OpenWeights.into());
            }
        });
    }
}
