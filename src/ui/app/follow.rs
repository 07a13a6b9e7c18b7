//! Follows what is dragged and drawn: one run after the other, each of the latest, and on screen without a gap.

use super::*;
use crate::{engine::{AttributionInquiry, Run}, picture::Alteration};
use std::{collections::HashSet, time::Instant};

/// How many files are remembered.
const RECENT: usize = 12;

/// What the engine was last asked to run of what is dragged or drawn.
#[derive(Default)]
pub(super) struct Asked {
    alteration: Alteration,
    at: Option<Instant>,
    /// What it will be asked to run.
    drawn: Option<Picture>,
    /// What it was last asked to run of what is drawn.
    ran: Option<Picture>,
}

impl Asked {
    /// Something was drawn; what was drawn before and has not run yet is of no use.
    pub fn draw(&mut self, picture: Picture) {
        self.drawn = Some(picture);
    }

    /// What was drawn and has not run yet never will.
    pub fn forget_drawn(&mut self) {
        self.drawn = None;
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
        let now = Instant::now();
        self.heatmaps.watch(now, self.engine.is_busy(AttributionInquiry::QUICK));
        let busy = [Lane::Model, Lane::Picture, Lane::Alter].into_iter().any(|lane| self.engine.is_busy(lane));
        if self.is_followed() || busy || self.coming.is_some() {
            return;
        }
        if let Some(rest) = self.heatmaps.worth_waiting_for(now, self.asked.at) {
            return ctx.request_repaint_after(rest);
        }
        self.heatmaps.cancelled();
        self.asked.at = Some(now);
        self.message = None;
        match self.asked.drawn.take() {
            Some(drawing) => {
                self.asked.ran = Some(drawing.clone());
                self.engine.request(Request::Picture(PictureSource::Ready(drawing)));
            }
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
            let is_of = |picture: &Picture| {
                run.original.as_ref().is_some_and(|original| Arc::ptr_eq(&original.pixels, &picture.pixels))
            };
            let old = self.shown.as_ref().and_then(|old| old.run.original.clone());
            // What is drawn or filmed is one picture that changes: whoever looks at a part of it goes on to.
            let same_name = |ran: &Picture| old.as_ref().is_some_and(|old| old.name == ran.name);
            if !self.asked.ran.as_ref().is_some_and(|ran| is_of(ran) && same_name(ran)) {
                // Another network may have the same picture.
                self.before = old.filter(|old| !is_of(old)).or(self.before.take());
                (self.selection.position, self.selection.hover) = (None, None);
                self.viewport = Viewport::default();
            }
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
        let panes = self.panes.tiles.tiles().filter_map(|tile| match tile {
            egui_tiles::Tile::Pane(pane) => pane.pin().run(),
            egui_tiles::Tile::Container(_) => None,
        });
        let alive: HashSet<u64> = [&self.shown, &self.other].into_iter().filter_map(|shown| shown.as_deref()).chain(panes).map(|shown| shown.run.id).collect();
        self.answers.forget(|run| alive.contains(&run));
    }
}
