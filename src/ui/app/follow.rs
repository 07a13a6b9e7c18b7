//! Follows what is dragged and drawn: one run after the other, each of the latest, and on screen without a gap.

use super::*;
use crate::{engine::Run, net::NodeId, picture::Alteration};
use std::time::Duration;

/// How many files are remembered.
const RECENT: usize = 12;

/// So long the next run waits until quick methods have answered about the one before: then heatmaps follow a drag too,
/// unless they would hold it up.
const PATIENCE_SECS: f64 = 0.15;

/// So long a layer stays selected before the engine is asked about it: of those that a drag passes by nobody would see
/// the answers, but everybody would feel the work.
const STAY_SECS: f64 = 0.05;

/// Whether layers pass by.
#[derive(Default)]
pub(super) struct Passing {
    layer: NodeId,
    since_secs: f64,
    on: bool,
}

impl Passing {
    /// Whether this layer, which is selected now, may be one that passes by.
    pub fn by(&mut self, ctx: &egui::Context, layer: NodeId) -> bool {
        let now_secs = ctx.input(|input| input.time);
        if std::mem::replace(&mut self.layer, layer) != layer {
            self.since_secs = now_secs;
        }
        let left_secs = self.since_secs + STAY_SECS - now_secs;
        self.on = left_secs > 0.0;
        if self.on {
            ctx.request_repaint_after(Duration::from_secs_f64(left_secs));
        }
        self.on
    }

    /// Whether it was at the last frame.
    pub fn is_on(&self) -> bool {
        self.on
    }
}

/// What the engine was last asked to run of what is dragged or drawn.
#[derive(Default)]
pub(super) struct Asked {
    alteration: Alteration,
    at_secs: f64,
    /// What it will be asked to run.
    drawn: Option<Picture>,
}

impl Asked {
    /// Something was drawn; what was drawn before and has not run yet is of no use.
    pub fn draw(&mut self, picture: Picture) {
        self.drawn = Some(picture);
    }
}

impl App {
    /// Whether the engine was asked for all that was dragged or drawn.
    pub(super) fn is_followed(&self) -> bool {
        self.shown.is_none() || (self.asked.alteration == self.selection.alteration && self.asked.drawn.is_none())
    }

    /// Asks for the next run when the one before is on screen: were each to replace the one before, a network slower
    /// than the hand would never finish.
    pub(super) fn follow(&mut self, ctx: &egui::Context) {
        let busy = [Lane::Model, Lane::Picture, Lane::Alter].into_iter().any(|lane| self.engine.is_busy(lane));
        if self.is_followed() || busy || self.coming.is_some() {
            return;
        }
        let now_secs = ctx.input(|input| input.time);
        let waited_secs = now_secs - self.asked.at_secs;
        if self.engine.is_busy(Lane::Attribution) && waited_secs < PATIENCE_SECS {
            return ctx.request_repaint_after(Duration::from_secs_f64(PATIENCE_SECS - waited_secs));
        }
        self.asked.at_secs = now_secs;
        match self.asked.drawn.take() {
            Some(drawing) => self.engine.request(Request::Picture(PictureSource::Ready(drawing))),
            None => {
                self.asked.alteration = self.selection.alteration;
                self.engine.request(Request::Alter(self.asked.alteration));
            }
        }
    }

    /// What was asked for will not come: the picture is what the run on screen says.
    pub(super) fn give_up(&mut self) {
        if let Some(shown) = &self.shown {
            self.selection.alteration = shown.run.alteration;
            self.asked = Asked { alteration: shown.run.alteration, ..Asked::default() };
        }
    }

    /// A run is there. One by the same network takes the place of the one on screen once it can be drawn.
    pub(super) fn receive(&mut self, run: Arc<Run>) {
        let shown = Arc::new(Shown::new(run));
        if self.coming.is_some() {
            // Pictures that come faster than they are drawn must not keep each other from the screen.
            self.put_on_screen();
        }
        let same = self.shown.as_ref().is_some_and(|old| Arc::ptr_eq(&old.run.model, &shown.run.model));
        if !same {
            self.selection.start(&shown.run);
            self.history.clear();
        }
        self.cache.begin(&shown.run, self.selection.layer);
        self.coming = Some(shown);
        if !same {
            self.put_on_screen();
        }
    }

    /// Puts the run that comes on screen if it can be drawn without a gap.
    pub(super) fn change_over(&mut self) {
        let is_ready = |shown: &Arc<Shown>| self.cache.is_ready(&shown.run, self.selection.layer);
        if self.coming.as_ref().is_some_and(is_ready) {
            self.put_on_screen();
        }
    }

    fn put_on_screen(&mut self) {
        let Some(shown) = self.coming.take() else { return };
        let run = &shown.run;
        if self.shown.as_ref().is_none_or(|old| old.run.of != run.of) {
            let same_picture =
                |old: &Picture| run.original.as_ref().is_some_and(|new| Arc::ptr_eq(&new.pixels, &old.pixels));
            let old = self.shown.as_ref().and_then(|old| old.run.original.clone());
            // Another network may have the same picture.
            self.before = old.filter(|old| !same_picture(old)).or(self.before.take());
            (self.selection.position, self.selection.hover) = (None, None);
            self.viewport = Viewport::default();
            self.selection.alteration = run.alteration;
            self.history.forget_alterations();
            if let Some(path) = run.picture.as_ref().and_then(|picture| picture.path.clone()) {
                self.recent.retain(|other| *other != path);
                self.recent.insert(0, path);
                self.recent.truncate(RECENT);
            }
        } else if self.selection.alteration == self.asked.alteration {
            self.selection.alteration = run.alteration;
        }
        self.asked.alteration = run.alteration;
        // What was asked about the last run was dropped with it.
        self.answers.ask_again();
        self.shown = Some(shown);
        self.message = None;
    }
}
