//! Runs what is dragged, drawn or filmed: one run after the other, each of the newest state, without a gap on screen.

use super::{pending::AskedRuns, window::App};
use crate::{
    engine::{AttributionInquiry, Lane, Model, PictureSource, Request, Run},
    picture::Picture,
    ui::model::{state::Shown, viewport::Viewport},
};
use eframe::egui;
use egui_tiles::Tile;
use std::{collections::HashSet, sync::Arc, time::Instant};

/// Number of files in the list of recent pictures.
const RECENT: usize = 12;

impl App {
    /// Whether the engine was asked for all that was dragged or drawn.
    pub(super) fn is_followed(&self) -> bool {
        self.runs.shown.is_none()
            || (self.pending.asked.alteration == self.focus.selection.alteration && self.pending.asked.drawn.is_none())
    }

    /// Asks for the next run when the one before is on screen: were each to replace the one before, a network slower
    /// than the hand would never finish.
    pub(super) fn follow(&mut self, ctx: &egui::Context) {
        let now = Instant::now();
        self.pending.heatmaps.watch(now, self.engine.is_busy(AttributionInquiry::QUICK));
        let busy = [Lane::Model, Lane::Picture, Lane::Alter].into_iter().any(|lane| self.engine.is_busy(lane));
        if self.is_followed() || busy || self.runs.coming.is_some() {
            return;
        }
        if let Some(rest) = self.pending.heatmaps.worth_waiting_for(now, self.pending.asked.at) {
            return ctx.request_repaint_after(rest);
        }
        self.pending.heatmaps.cancelled();
        self.pending.asked.at = Some(now);
        self.notice.forget_failure();
        match self.pending.asked.drawn.take() {
            Some(drawing) => {
                self.pending.asked.ran = Some(drawing.clone());
                self.engine.request(Request::Picture(PictureSource::Ready(drawing)));
            }
            None => {
                self.pending.asked.alteration = self.focus.selection.alteration;
                self.engine.request(Request::Alter(self.pending.asked.alteration));
            }
        }
    }

    /// Takes back requests that were cancelled or failed: the alteration is again that of the run on screen.
    pub(super) fn give_up(&mut self) {
        if let Some(shown) = &self.runs.shown {
            self.focus.selection.alteration = shown.run.alteration;
            self.pending.asked = AskedRuns { alteration: shown.run.alteration, ..AskedRuns::default() };
        }
    }

    /// A run is there. One by the same network takes the place of the one on screen once it can be drawn.
    pub(super) fn receive(&mut self, run: Arc<Run>) {
        let shown = Arc::new(Shown::new(run));
        if self.runs.coming.is_some() {
            // Pictures that come faster than they are drawn must not keep each other from the screen.
            self.put_on_screen();
        }
        let is_alike = |old: &Arc<Shown>| {
            let [old, new] = [&old.run.model, &shown.run.model];
            old.is_same_network(new) || self.is_epoch(new) && old.has_layers_of(new)
        };
        let same = self.runs.shown.as_ref().is_some_and(is_alike);
        let changed = self.runs.shown.as_ref().filter(|old| !same && old.run.model.is_same_origin(&shown.run.model));
        if let Some(old) = changed {
            self.focus.selection.follow(&old.run, &shown.run);
        } else if !same {
            self.focus.selection.start(&shown.run);
        }
        if !same {
            self.focus.history.clear();
        }
        self.background.cache.begin(&shown.run, self.focus.selection.layer);
        self.runs.coming = Some(shown);
        if !same {
            self.put_on_screen();
        }
    }

    /// Whether a model is a checkpoint of the open run.
    fn is_epoch(&self, model: &Model) -> bool {
        self.background.evolution.as_ref().is_some_and(|session| session.holds(model))
    }

    /// Puts the run that comes on screen if it can be drawn without a gap.
    pub(super) fn change_over(&mut self) {
        let is_ready = |shown: &Arc<Shown>| self.background.cache.is_ready(&shown.run, self.focus.selection.layer);
        if self.runs.coming.as_ref().is_some_and(is_ready) {
            self.put_on_screen();
        }
    }

    fn put_on_screen(&mut self) {
        let Some(shown) = self.runs.coming.take() else { return };
        let run = &shown.run;
        if self.runs.shown.as_ref().is_none_or(|old| old.run.of != run.of) {
            let is_of = |picture: &Picture| {
                run.original.as_ref().is_some_and(|original| Arc::ptr_eq(&original.pixels, &picture.pixels))
            };
            let old = self.runs.shown.as_ref().and_then(|old| old.run.original.clone());
            // A drawing or the camera is one picture that changes: the selected position and the zoom stay. So they do from
            // epoch to epoch.
            let same_name = |ran: &Picture| old.as_ref().is_some_and(|old| old.name == ran.name);
            let operated = self.runs.shown.as_ref().is_some_and(|old| {
                old.run.model.is_same_origin(&run.model) && old.run.original.as_ref().is_some_and(is_of)
            });
            let drawn = self.pending.asked.ran.as_ref().is_some_and(|ran| is_of(ran) && same_name(ran));
            let next_epoch = self.is_epoch(&run.model) && old.as_ref().is_some_and(is_of);
            if !(operated || drawn || next_epoch) {
                // Another network may have the same picture.
                self.runs.before = old.filter(|old| !is_of(old)).or(self.runs.before.take());
                (self.focus.selection.position, self.focus.selection.hover) = (None, None);
                self.focus.viewport = Viewport::default();
            }
            self.focus.selection.alteration = run.alteration;
            self.focus.history.forget_alterations();
            if let Some(path) = run.picture.as_ref().and_then(|picture| picture.path.clone()) {
                self.settings.recent.retain(|other| *other != path);
                self.settings.recent.insert(0, path);
                self.settings.recent.truncate(RECENT);
            }
        } else if self.focus.selection.alteration == self.pending.asked.alteration {
            self.focus.selection.alteration = run.alteration;
        }
        self.pending.asked.alteration = run.alteration;
        let path = run.original.as_ref().and_then(|picture| picture.path.as_ref());
        if let Some(to) = self.focus.arriving.take_if(|to| Some(&to.file) == path) {
            self.focus.selection.select_layer(run, to.layer);
            self.focus.selection.select_unit(to.unit, Some(to.position));
        }
        // The questions about the last run were dropped with it.
        self.results.answers.ask_again();
        self.runs.shown = Some(shown);
        let panes = self.layout.panes.tiles.tiles().filter_map(|tile| match tile {
            Tile::Pane(pane) => pane.pin().run(),
            Tile::Container(_) => None,
        });
        let on_screen = [&self.runs.shown, &self.runs.other].into_iter().filter_map(|shown| shown.as_deref());
        let alive: HashSet<u64> = on_screen.chain(panes).map(|shown| shown.run.id).collect();
        self.results.answers.forget(|run| alive.contains(&run));
    }
}
