//! The checkpoints of a run on screen: every pane follows the epoch that was chosen.

use super::window::App;
use crate::{
    engine::{BY_FILE, Opening, PictureSource, Request},
    train::ShippedRun,
    ui::{background::evolution::EvolutionSession, panes::arrangement},
};
use eframe::egui;
use std::{path::PathBuf, sync::Arc, time::Duration};

/// Time after which a picture that has not changed runs through the checkpoints beside the one on screen.
const SOON: Duration = Duration::from_millis(300);

impl App {
    /// Opens the checkpoints of a run, and shows the last.
    pub(super) fn open_run(&mut self, ctx: &egui::Context, folder: PathBuf) {
        self.notice.forget_failure();
        match EvolutionSession::start(folder, BY_FILE, self.background.device, ctx.clone()) {
            Ok(session) => {
                self.background.evolution = Some(session);
                self.show_epochs();
            }
            Err(why) => self.notice.fail(why.to_string()),
        }
    }

    /// Opens a run that ships once the sample picture that its network knows is on screen.
    pub(super) fn open_shipped_run(&mut self, run: &'static ShippedRun) {
        self.background.coming_run = Some(run);
        // Asked for again, the picture would come through the network before, after the run's.
        if !self.shows_sample_of(run) {
            self.engine.request(Request::Picture(PictureSource::Named(format!("sample:{}", run.sample))));
        }
    }

    /// Whether the sample picture that a run's network knows is on screen.
    fn shows_sample_of(&self, run: &ShippedRun) -> bool {
        let picture = self.runs.shown.as_ref().and_then(|shown| shown.run.original.as_ref());
        picture.is_some_and(|picture| picture.name == run.sample)
    }

    /// Opens the run that waits for its picture.
    fn open_coming_run(&mut self, ctx: &egui::Context) {
        let Some(run) = self.background.coming_run.filter(|run| self.shows_sample_of(run)) else { return };
        self.background.coming_run = None;
        match run.unpack() {
            Ok(folder) => self.open_run(ctx, folder),
            Err(why) => self.notice.fail(why.to_string()),
        }
    }

    /// Brings the pane about the epochs forth, below those that follow it.
    pub(super) fn show_epochs(&mut self) {
        arrangement::show_below(&mut self.layout.panes, "evolution");
    }

    /// Puts the checkpoint that was chosen on screen once the picture has run through it.
    pub(super) fn follow_epochs(&mut self, ctx: &egui::Context) {
        self.open_coming_run(ctx);
        let (Some(session), Some(shown)) = (&self.background.evolution, &self.runs.shown) else { return };
        let run = &shown.run;
        session.set_picture(run.original.as_ref(), run.alteration);
        for beside in session.beside() {
            // Their maps are uploaded ahead of need.
            self.background.cache.is_ready(&beside, self.focus.selection.layer);
        }
        if session.beside().is_empty() && session.failed().is_none() {
            ctx.request_repaint_after(SOON);
        }
        let Some((model, run)) = session.arrived() else { return };
        if shown.run.model.is_same_network(&model) {
            return;
        }
        self.runs.opening = Opening { weights: model.weights.clone(), ..Opening::of(&model.card.name) };
        self.runs.opened = self.runs.opening.clone();
        self.runs.model = Some(Arc::clone(&model));
        self.results.synthesis = None;
        self.engine.request(Request::Adopt(model, run.of));
        self.receive(run);
    }
}
