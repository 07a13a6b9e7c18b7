//! The epochs of a run: a slider over them that every pane follows, and how a layer and a unit develop.

mod change;
mod epochs;

use crate::{
    figures::{Spreadsheet, has_filters, read_colours},
    train::SHIPPED_RUNS,
    ui::{
        background::evolution::{EvolutionLook, EvolutionSession, PictureOrigin},
        model::{
            commands::Command,
            export::Export,
            state::{View, layer_name},
        },
        panels::panel::{Panel, PanelKind, keep, take},
        widgets::{caption, hollow, toolbar},
    },
};
use eframe::egui::{self, RichText, Ui};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

pub(super) const KIND: PanelKind = PanelKind {
    name: "evolution",
    title: "Evolution",
    about: "How a network develops from epoch to epoch: drag the slider, and every pane shows the network as it was then. \
            Drop the folder of a run on the window, or open it like a folder of pictures.",
    how: "Curves: how far the selected layer is from its last weights and, by linear CKA, from what it makes of the pictures in \
          the end; 1 is the same. Lower layers settle first. Weights: the layer's filters at each epoch. Strongest: the part of a \
          picture that excites the selected unit most at each epoch, above its deconvnet projection. A click on an epoch goes \
          there.",
    formula: "cosine = a · b / (|a| |b|); CKA = |XᵀY|² / (|XᵀX| |YᵀY|), without bias, of the layer's values X and Y for the same pictures",
    paper: "Kornblith, Norouzi, Lee and Hinton 2019; Yosinski, Clune, Bengio and Lipson 2014",
    make: || Box::<EvolutionPane>::default(),
};

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct EvolutionOptions {
    look: EvolutionLook,
}

#[derive(Default)]
struct EvolutionPane {
    options: EvolutionOptions,
    /// When the next epoch comes, while the epochs play.
    next: Option<f64>,
}

/// Time that an epoch stays while the epochs play, in seconds.
const STAY_SECS: f64 = 0.7;
/// Time between two looks into the folder.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

impl Panel for EvolutionPane {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let Some(session) = view.evolution else {
            toolbar(ui, |ui| offer(ui, out));
            return hollow(ui, KIND.about, false);
        };
        if let Some(why) = session.failed() {
            return hollow(ui, &why, false);
        }
        let files = session.files();
        if files.is_empty() {
            return hollow(ui, &format!("Reading {}", session.folder.display()), true);
        }
        // A run that is on writes more.
        ui.ctx().request_repaint_after(LOOK_AGAIN);
        self.controls(ui, view, session, out);
        if !session.holds(&view.run().model) {
            let words = match session.is_coming() {
                true => "The checkpoint is on its way",
                false => "Another network is on screen: the slider goes back to the run",
            };
            return hollow(ui, words, session.is_coming());
        }
        let (layer, unit) = (view.selection.layer, view.selection.unit);
        let graph = view.shown.graph();
        let whole = read_colours(graph, layer)
            || graph.node(graph.node(layer).inputs.first().copied().unwrap_or(0)).extent()[0] == 1;
        let look = self.options.look;
        let name = layer_name(view.node());
        if look == EvolutionLook::Filters && !has_filters(graph, layer) {
            return hollow(ui, &format!("{name} has no filters: select a convolution"), false);
        }
        let origin = origin(view);
        session.show(look, (layer, unit, whole), origin.clone());
        if let Some(why) = session.refused() {
            return hollow(ui, &why, false);
        }
        let pictures = match (&origin, session.searched()) {
            (PictureOrigin::Samples, _) => "the sample pictures".to_owned(),
            (PictureOrigin::Folder(folder), count) => {
                let name = folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
                format!("{count} pictures of {name}")
            }
        };
        match look {
            EvolutionLook::Curves => {
                caption(ui, format!("{name}  ·  over {pictures}"));
                change::curves(ui, view, session, layer, out);
            }
            EvolutionLook::Filters => {
                let what = if whole { "all filters".to_owned() } else { format!("filter of unit {unit}") };
                caption(ui, format!("{name}  ·  {what}"));
                epochs::filters(ui, view, session, (layer, (!whole).then_some(unit)), out);
            }
            EvolutionLook::Unit => {
                caption(ui, format!("unit {unit} of {name}  ·  strongest among {pictures}, and its projection"));
                epochs::units(ui, view, session, (layer, unit), out);
            }
        }
    }

    fn export(&self, view: View) -> Option<Export> {
        let (session, layer) = (view.evolution?, view.selection.layer);
        let files = session.files();
        let mut cells = Spreadsheet::new(["epoch", "cosine_to_last", "cka_to_last"]);
        for (index, cosine, alignment) in change::changes(session, layer) {
            let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
            cells.add([files.get(index)?.epoch.to_string(), number(cosine), number(alignment)]);
        }
        Some(Export::table(view, &format!("{} over epochs", view.node().name), cells))
    }

    fn options(&self) -> Value {
        keep(&self.options)
    }

    fn restore(&mut self, options: Value) {
        self.options = take(options);
    }
}

/// Buttons that open the runs that ship.
fn offer(ui: &mut Ui, out: &mut Vec<Command>) {
    for run in SHIPPED_RUNS {
        if ui.button(run.title).clicked() {
            out.push(Command::OpenShippedRun(run));
        }
    }
}

/// The pictures that units are searched in: the indexed folder, else the folder of the open picture, else the samples.
fn origin(view: View) -> PictureOrigin {
    let beside = || Some(view.run().original.as_ref()?.path.as_ref()?.parent()?.to_owned());
    let folder = view.folder.map(|folder| folder.folder.to_owned()).or_else(beside);
    folder.map_or(PictureOrigin::Samples, PictureOrigin::Folder)
}

impl EvolutionPane {
    /// The slider over the epochs, the button that plays them, and the choice of what is shown.
    fn controls(&mut self, ui: &mut Ui, view: View, session: &EvolutionSession, out: &mut Vec<Command>) {
        let files = session.files();
        let last = files.len().saturating_sub(1);
        // The thread may have found other checkpoints since.
        let at = session.at().min(last);
        toolbar(ui, |ui| {
            for (look, name) in [
                (EvolutionLook::Curves, "Curves"),
                (EvolutionLook::Filters, "Weights"),
                (EvolutionLook::Unit, "Strongest"),
            ] {
                ui.selectable_value(&mut self.options.look, look, name);
            }
            let (words, hint) = match self.next {
                Some(_) => ("Stop", "Stay at this epoch"),
                None => ("Play", "Go through the epochs, from the first where this is the last"),
            };
            if ui.button(words).on_hover_text(hint).accessible_name("Play the epochs").clicked() {
                self.next = if self.next.is_some() { None } else { Some(0.0) };
                if self.next.is_some() && at == last {
                    out.push(Command::GoToEpoch(0));
                    self.next = Some(ui.input(|input| input.time) + STAY_SECS);
                }
            }
            let epoch = files[at].epoch;
            let words = format!("epoch {epoch} of {}", files[last].epoch);
            ui.label(RichText::new(words).strong()).on_hover_text(files[at].path.display().to_string());
            let away = !session.holds(&view.run().model) && !session.is_coming();
            if away && ui.button("Back to the run").clicked() {
                out.push(Command::GoToEpoch(at));
            }
        });
        let mut index = at;
        ui.spacing_mut().slider_width = ui.available_width() - 8.0;
        let slider = egui::Slider::new(&mut index, 0..=last).show_value(false);
        let response = ui.add(slider).on_hover_text("Drag: every pane shows the network of that epoch");
        response.accessible_name("Epoch");
        if index != at {
            self.next = None;
            out.push(Command::GoToEpoch(index));
        }
        self.play(ui, at, last, session, out);
    }

    fn play(&mut self, ui: &Ui, at: usize, last: usize, session: &EvolutionSession, out: &mut Vec<Command>) {
        let Some(next) = self.next else { return };
        let now = ui.input(|input| input.time);
        if now >= next && !session.is_coming() {
            if at == last {
                self.next = None;
                return;
            }
            out.push(Command::GoToEpoch(at + 1));
            self.next = Some(now + STAY_SECS);
        }
        ui.ctx().request_repaint_after(Duration::from_secs_f64((next - now).clamp(0.02, STAY_SECS)));
    }
}
