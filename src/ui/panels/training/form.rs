//! The settings of a run that is to be started.

use crate::{
    train::{KNOWN, LAST, TrainingRecipe, data::DataSource, name_of},
    ui::{
        background::training::{TrainingOrder, TrainingPick},
        model::commands::{Command, TrainingCommand},
        widgets::{combo, toolbar},
    },
    zoo::{self, ZOO},
};
use eframe::egui::{self, RichText, TextEdit, Ui};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The settings, as they are kept between sessions.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(super) struct TrainingForm {
    network: String,
    /// Whether it starts from the network's trained weights.
    trained: bool,
    data: String,
    folder: String,
    epochs: usize,
    rate: f64,
    /// The layer whose maps are shown; the first with filters where `None`.
    pub(super) layer: Option<String>,
}

impl Default for TrainingForm {
    fn default() -> Self {
        let form = TrainingForm {
            network: "lenet5".into(),
            trained: false,
            data: String::new(),
            folder: String::new(),
            epochs: 0,
            rate: 0.0,
            layer: None,
        };
        form.with_recipe()
    }
}

/// Networks that are small enough to be trained beside other work, before all others.
const SMALL: [&str; 7] = ["lenet5", "lenet5_modern", "resnet20", "plain20", "resnet56", "plain56", "densenet40"];

/// Files that tell a data set's folder, and how the data set is named.
const KNOWN_SETS: [(&str, &str); 5] = [
    ("train-images-idx3-ubyte.gz", "mnist:"),
    ("train-images-idx3-ubyte", "mnist:"),
    ("train-images.idx3-ubyte", "mnist:"),
    ("data_batch_1", "cifar10:"),
    ("data_batch_1.bin", "cifar10:"),
];

impl TrainingForm {
    /// The recipe of the network.
    fn recipe(&self) -> TrainingRecipe {
        let own = TrainingRecipe::of(&self.network).0;
        if self.trained { own.for_transfer() } else { own }
    }

    fn with_recipe(self) -> Self {
        let recipe = self.recipe();
        TrainingForm { epochs: recipe.epochs, rate: recipe.optimiser.rate, ..self }
    }

    /// Takes over a folder that a dialog brought.
    pub(super) fn take(&mut self, pick: &TrainingPick) {
        match pick {
            TrainingPick::Data(path) => {
                let known = KNOWN_SETS.iter().find(|(file, _)| path.join(file).is_file());
                self.data = format!("{}{}", known.map_or("", |(_, set)| *set), path.display());
            }
            TrainingPick::Run(path) => self.folder = path.display().to_string(),
        }
    }

    /// The folder of the run: the one that was named, else one in the user's home that is named after the network.
    fn folder(&self) -> PathBuf {
        let named = self.folder.trim();
        let own = || std::env::home_dir().unwrap_or_default().join("striate-runs").join(&self.network);
        if named.is_empty() { own() } else { crate::paths::from_user(named) }
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, out: &mut Vec<Command>) {
        let folder = self.folder();
        let goes_on = holds_run(&folder);
        toolbar(ui, |ui| {
            ui.add_enabled_ui(!goes_on, |ui| self.network(ui));
            ui.label(RichText::new("pictures").small().weak());
            let hint = "a folder a class, mnist:FOLDER, cifar10:FOLDER or a .csv";
            let field = TextEdit::singleline(&mut self.data).hint_text(hint).desired_width(200.0);
            ui.add(field).on_hover_text(hint).accessible_name("Pictures to learn");
            let choose = ui.button("…").on_hover_text("Choose the folder of the pictures");
            if choose.accessible_name("Choose the pictures to learn").clicked() {
                out.push(Command::Train(TrainingCommand::ChooseData));
            }
            ui.label(RichText::new("run").small().weak());
            let hint = folder.display().to_string();
            let field = TextEdit::singleline(&mut self.folder).hint_text(hint).desired_width(160.0);
            ui.add(field)
                .on_hover_text("The folder that gets the weights of every epoch")
                .accessible_name("Folder of the run");
            let choose = ui.button("…").on_hover_text("Choose the folder of the run");
            if choose.accessible_name("Choose the folder of the run").clicked() {
                out.push(Command::Train(TrainingCommand::ChooseFolder));
            }
            ui.add_enabled_ui(!goes_on, |ui| self.numbers(ui));
            let (label, hint) = match goes_on {
                true => {
                    ("Go on", "The folder holds a run: it goes on after its last whole epoch, with its own settings")
                }
                false => ("Start", "Train with the network's recipe and these settings"),
            };
            let ready = goes_on || !self.data.trim().is_empty();
            let button = ui.add_enabled(ready, egui::Button::new(label)).on_hover_text(hint);
            if button.on_disabled_hover_text("Name the pictures first").clicked() {
                out.push(Command::Train(TrainingCommand::Start(Box::new(self.order(folder)))));
            }
        });
    }

    fn order(&self, folder: PathBuf) -> TrainingOrder {
        let mut recipe = self.recipe();
        (recipe.epochs, recipe.optimiser.rate) = (self.epochs, self.rate);
        let data = Some(self.data.trim()).filter(|data| !data.is_empty()).map(DataSource::from_user);
        TrainingOrder { network: self.network.clone(), trained: self.trained, data, folder, recipe }
    }

    fn network(&mut self, ui: &mut Ui) {
        let before = (self.network.clone(), self.trained);
        let title = zoo::find(&self.network).map_or("", |card| card.title);
        combo(ui, "Network to train", title, 110.0, |ui| {
            let others = ZOO.iter().filter(|card| card.takes_pictures()).map(|card| card.name);
            for name in SMALL.into_iter().chain(others.filter(|name| !SMALL.contains(name))) {
                let Ok(card) = zoo::find(name) else { continue };
                let own = KNOWN.iter().any(|known| known.networks.iter().any(|start| name.starts_with(start)));
                let text = if own { RichText::new(card.title).strong() } else { RichText::new(card.title) };
                let hint = TrainingRecipe::of(name).1;
                if ui.selectable_label(self.network == name, text).on_hover_text(hint).clicked() {
                    name.clone_into(&mut self.network);
                }
            }
        });
        let hint = "Start from the network's trained weights, with a new classifier where the classes are others";
        ui.checkbox(&mut self.trained, "trained").on_hover_text(hint);
        if before != (self.network.clone(), self.trained) {
            *self = std::mem::take(self).with_recipe_of(before.0);
        }
    }

    /// The recipe's numbers for what was chosen; the maps of a layer of the network before are no longer asked for.
    fn with_recipe_of(self, before: String) -> Self {
        let layer = self.layer.clone().filter(|_| before == self.network);
        TrainingForm { layer, ..self.with_recipe() }
    }

    fn numbers(&mut self, ui: &mut Ui) {
        let recipe = self.recipe();
        ui.label(RichText::new("epochs").small().weak());
        let field = egui::DragValue::new(&mut self.epochs).range(1..=100_000);
        ui.add(field).on_hover_text(format!("The recipe has {}", recipe.epochs)).accessible_name("Epochs");
        ui.label(RichText::new("rate").small().weak());
        let field = egui::DragValue::new(&mut self.rate).range(0.0..=10.0).speed(0.001).max_decimals(5);
        let hint = format!("The learning rate; the recipe has {}", recipe.optimiser.rate);
        ui.add(field).on_hover_text(hint).accessible_name("Learning rate");
    }
}

/// Whether a folder holds a run of `striate train`.
fn holds_run(folder: &Path) -> bool {
    folder.join(LAST).is_file() || folder.join(name_of(0)).is_file()
}
