//! Saving and copying: panes as files and on the clipboard, the tour, the frames of a synthesis.

use super::window::App;
use crate::{
    engine::{Control, Request},
    paint::NewFolder,
    tour::{TOUR, Tour},
    ui::{
        dialogs::{
            FileQuestion, Purpose,
            save::{SaveDialog, SaveForm, Saving},
        },
        model::export::{Export, Texts, file_name},
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

    /// Opens the dialog that saves or copies what a pane shows.
    pub(super) fn export(&mut self, ctx: &egui::Context, tile: TileId) {
        let Some(title) = self.layout.panes.tiles.get_pane(&tile).map(|pane| pane.kind().title) else { return };
        self.output.saving = Some(SaveDialog::new(ctx, tile, title, self.exported(tile)));
    }

    /// Draws the dialog that saves a pane, where it is open, and does what is chosen there.
    pub(super) fn save_dialog(&mut self, ctx: &egui::Context) {
        let Some((chosen, name)) =
            self.output.saving.as_mut().and_then(|dialog| Some((dialog.show(ctx)?, dialog.name().to_owned())))
        else {
            return;
        };
        self.output.saving = None;
        match chosen {
            Saving::File(tile, form, endings) => {
                let usual = endings.first().map_or("png", |(ending, _)| ending);
                let purpose = match form {
                    SaveForm::Look(large) => Purpose::SaveLook(tile, large),
                    SaveForm::Picture | SaveForm::Numbers | SaveForm::Text => Purpose::Save(tile, usual),
                };
                self.output.dialogs.open(ctx, FileQuestion::Save(name, endings), purpose);
            }
            Saving::Clipboard(tile, SaveForm::Look(_)) => self.start_capture(ctx, tile, None, false),
            Saving::Clipboard(tile, _) => self.copy(ctx, tile),
            Saving::Cancel => {}
        }
    }

    /// Writes what the pane shows now; `usual` is the ending of a name without one.
    pub(super) fn save_pane(&mut self, tile: TileId, path: PathBuf, usual: &str) {
        if let Some(export) = self.exported(tile) {
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
