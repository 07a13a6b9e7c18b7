//! The arrangement on screen, and the change to another.

use super::window::{App, PaneLayout};
use crate::ui::{
    model::arrangement::Arrangement,
    panes::{arrangement::to_json, purposes::arranged},
};
use eframe::egui::{self, Vec2};
use serde_json::Value;
use std::collections::BTreeMap;

impl App {
    /// Shows the panes of another arrangement, as they were left. The window is magnified as the arrangement needs it.
    pub(super) fn arrange_for(&mut self, ctx: &egui::Context, to: Arrangement) {
        let from = self.layout.arrangement;
        if from == to {
            return;
        }
        let panes = self.layout.others.remove(&to);
        let panes = panes.unwrap_or_else(|| arranged(to, ctx.content_rect().size() * from.zoom() / to.zoom()));
        let left = std::mem::replace(&mut self.layout.panes, panes);
        self.layout.others.insert(from, left);
        (self.layout.arrangement, self.layout.active) = (to, None);
        if from.zoom() != to.zoom() {
            ctx.set_zoom_factor(ctx.zoom_factor() * to.zoom() / from.zoom());
        }
        // Panes that were pinned in an earlier session have not run yet.
        self.reopen();
    }
}

impl PaneLayout {
    /// Puts the panes of the present arrangement where they were at first.
    pub fn reset(&mut self, window: Vec2) {
        self.panes = arranged(self.arrangement, window);
    }

    /// The panes of every arrangement, for the settings.
    pub fn kept(&self) -> BTreeMap<Arrangement, Value> {
        let others = self.others.iter().map(|(of, panes)| (*of, to_json(panes)));
        others.chain([(self.arrangement, to_json(&self.panes))]).collect()
    }
}
