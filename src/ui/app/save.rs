//! Saving and copying: panes as files and on the clipboard, the tour, the frames of a synthesis.

use super::window::App;
use crate::{
    engine::{Control, Request},
    paint::NewFolder,
    tour::{TOUR, Tour},
    ui::{
        dialogs::{FileQuestion, Purpose},
        model::export::{Export, PICTURES, Texts, file_name},
        theme::Palette,
    },
};
use eframe::egui;
use egui_tiles::TileId;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

impl App {
    /// The content of a pane, ready to be saved.
    pub(super) fn exported(&self, tile: TileId) -> Option<Export> {
        // The palette colours no export.
        let view = self.view(&[], Palette::dark());
        view.zip(self.layout.panes.tiles.get_pane(&tile)).and_then(|(view, pane)| pane.export(view))
    }

    fn nothing_yet(&mut self) {
        self.notice.fail("This pane has nothing to save yet".into());
    }

    /// The pane that was clicked last, else the first.
    pub(super) fn active_pane(&self) -> Option<TileId> {
        let is_pane = |tile: &TileId| self.layout.panes.tiles.get_pane(tile).is_some();
        self.layout.active.filter(is_pane).or_else(|| self.layout.panes.active_tiles().into_iter().find(is_pane))
    }

    /// Asks where to save what a pane shows.
    pub(super) fn export(&mut self, ctx: &egui::Context, tile: TileId) {
        match self.exported(tile) {
            Some(export) => {
                let question = FileQuestion::Save(export.name.clone(), export.endings());
                self.output.dialogs.open(ctx, question, Purpose::Save(tile));
            }
            None => self.nothing_yet(),
        }
    }

    /// Writes what the pane shows now.
    pub(super) fn save_pane(&mut self, tile: TileId, path: PathBuf) {
        if let Some(export) = self.exported(tile) {
            let usual = export.endings().first().map_or("", |(ending, _)| ending);
            let path = if path.extension().is_some() { path } else { path.with_extension(usual) };
            let what = format!("Saving {}", export.name);
            self.engine.request(Request::Task(what, Box::new(move |watch| export.write(&path, watch))));
        }
    }

    /// Puts what a pane shows on the clipboard.
    pub(super) fn copy(&mut self, ctx: &egui::Context, tile: TileId) {
        let Some(export) = self.exported(tile) else { return self.nothing_yet() };
        let (what, ctx) = (format!("Copying {}", export.name), ctx.clone());
        self.engine.request(Request::Task(what, Box::new(move |watch| export.copy(&ctx, watch))));
    }

    /// Asks where to save a pane as it looks.
    pub(super) fn export_look(&mut self, ctx: &egui::Context, tile: TileId, large: bool) {
        let name = self.exported(tile).map(|export| export.into_texts().0);
        let name = name.unwrap_or_else(|| "striate".into());
        self.output.dialogs.open(
            ctx,
            FileQuestion::Save(name, PICTURES),
            Purpose::SaveLook(tile, large),
        );
    }

    /// Writes the tour of what is on screen into a folder in this one.
    pub(super) fn save_tour(&mut self, folder: &Path) {
        let Some(view) = self.view(&[], Palette::dark()) else { return };
        let out = folder.join(file_name(view, "tour"));
        let (run, class) = (Arc::clone(view.run()), view.class());
        let work = move |watch: &_| Tour::of(&run, class).write(NewFolder::create(&out, TOUR)?, &out, watch);
        self.engine.request(Request::Task("Writing the tour".into(), Box::new(work)));
    }

    /// Writes what the live synthesis keeps into a folder of this name in this one.
    pub(super) fn save_frames(&mut self, folder: &Path, name: &str, texts: Texts) {
        self.engine.control(Control::Save(folder.join(name), texts));
    }
}
