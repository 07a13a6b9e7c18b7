//! Changes to the open network, and saving the network that they make.

use super::window::App;
use crate::{
    engine::{Request, VARIANT, write_variant},
    net::surgery::Surgery,
    ui::{
        dialogs::{FileQuestion, Purpose},
        model::{
            commands::SaveChanged,
            export::{Ending, file_name},
        },
        theme::Palette,
    },
    watch::Watch,
};
use eframe::egui;
use std::{path::Path, sync::Arc};

const ENDINGS: [&[Ending]; 2] =
    [&[(VARIANT, "Network with its changes")], &[("safetensors", "Weights of the unchanged network")]];

impl SaveChanged {
    fn endings(self) -> &'static [Ending] {
        ENDINGS[usize::from(self == SaveChanged::Weights)]
    }
}

impl App {
    /// Asks the engine for the open network with these changes.
    pub(super) fn operate(&mut self, surgery: Surgery) {
        self.notice.forget_failure();
        self.runs.surgery = surgery.clone();
        self.engine.request(Request::Operate(surgery));
    }

    /// Takes back changes that failed or were cancelled.
    pub(super) fn forget_surgery(&mut self) {
        if let Some(model) = &self.runs.model {
            self.runs.surgery = model.surgery.clone();
        }
    }

    /// Asks where the changed network goes.
    pub(super) fn ask_changed(&mut self, ctx: &egui::Context, what: SaveChanged) {
        let name = self.view(&[], Palette::dark()).map(|view| file_name(view, "changed"));
        let question = FileQuestion::Save(name.unwrap_or_default(), what.endings());
        self.output.dialogs.open(ctx, question, Purpose::Changed(what));
    }

    /// Writes the changed network.
    pub(super) fn save_changed(&mut self, what: SaveChanged, path: &Path) {
        let Some(model) = self.runs.model.clone() else { return };
        let usual = what.endings().first().map_or("", |(ending, _)| ending);
        let path = if path.extension().is_some() { path.to_owned() } else { path.with_extension(usual) };
        let opening = self.runs.opened.clone();
        let work = move |_: &Watch| {
            match what {
                SaveChanged::Variant => write_variant(&path, &opening, &model.surgery)?,
                SaveChanged::Weights => Arc::clone(&model).write_folded(&path)?,
            }
            Ok(format!("Saved {}", path.display()))
        };
        self.engine.request(Request::Task("Saving the changed network".into(), Box::new(work)));
    }
}
