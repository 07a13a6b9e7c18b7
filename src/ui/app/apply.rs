//! Applies the commands of a frame.

use super::window::{App, Arriving};
use crate::{
    engine::{AnyInquiry, FileKind, Opening, PictureSource, Request},
    picture::Preparation,
    train::is_run,
    ui::{
        background::{
            embedding::Embedding,
            folder_index::FolderIndex,
            training::{TrainingPick, TrainingSession},
        },
        chrome::{Overlay, finder::FinderState},
        dialogs::{FileQuestion, Purpose, opened},
        model::{
            commands::{Action, Command, TrainingCommand, With},
            pin::Pinned,
        },
        panes::arrangement,
        theme::Palette,
    },
};
use eframe::egui;
use egui_tiles::{TileId, Tree};
use std::{path::PathBuf, sync::Arc};

impl App {
    /// Applies a command.
    pub(super) fn apply(&mut self, ctx: &egui::Context, command: Command) {
        match command {
            Command::Do(action) => self.act_on(ctx, action),
            Command::Open(source) => {
                self.background.coming_run = None;
                self.open(source);
            }
            Command::OpenPath(path) if is_run(&path) => self.open_run(ctx, path),
            Command::OpenPath(path) => self.open_path(ctx, path),
            Command::FindPath(start) => self.notice.overlay = Overlay::Finder(FinderState::starting(start)),
            Command::OpenAt { file, layer, unit, position } => {
                self.open(PictureSource::File(file.clone()));
                self.focus.arriving = Some(Arriving { file, layer, unit, position });
            }
            Command::ChooseIndex => self.output.dialogs.open(ctx, FileQuestion::Folder, Purpose::Index),
            Command::Index(folder) => self.index(ctx, folder),
            Command::StopIndex => self.background.folder.iter().for_each(|(index, _)| index.stop()),
            Command::Embed => self.embed(ctx),
            Command::Compare(with) => self.compare(ctx, with),
            Command::OpenNetwork(opening) => self.open_network(opening, Request::Open),
            Command::Prepare(preparation, labels) => self.prepare(preparation, labels),
            Command::Operate(surgery) => self.operate(surgery),
            Command::SaveChanged(what) => self.ask_changed(ctx, what),
            Command::Fetch(opening) => self.open_network(opening, Request::Fetch),
            Command::OpenBeside(opening) => {
                self.twin();
                self.open_network(opening, Request::Open);
            }
            Command::ChooseBeside(tile) => {
                self.layout.active = Some(tile);
                self.act_on(ctx, Action::Beside);
            }
            Command::SelectLayer(layer) => {
                if let Some(shown) = &self.runs.shown {
                    self.settings.slid = true;
                    self.focus.selection.select_layer(&shown.run, layer);
                }
            }
            Command::SelectUnit(unit, position) => {
                // The user may type the number of a unit that the layer does not have.
                let layer = self.focus.selection.layer;
                let units = self.runs.shown.as_ref().map_or(0, |shown| shown.run.layers[layer].shape[0]);
                self.focus.selection.select_unit(unit.min(units.saturating_sub(1)), position);
            }
            Command::Alter(alteration) => {
                self.stop_filming();
                self.focus.selection.alteration = alteration;
            }
            Command::Draw(picture) => {
                self.stop_filming();
                self.pending.asked.draw(picture);
            }
            Command::SelectClass(class) => self.focus.selection.class = class,
            Command::SetLook(look) => self.settings.look = look,
            Command::Show(viewport) => self.focus.viewport = viewport,
            Command::Hover(hover) => self.focus.selection.hover = Some(hover),
            Command::ShowGrid(grid) => self.focus.grid = Some(grid),
            // Collected over the frame, for `request_missing`.
            Command::Need(_) => {}
            Command::Ask(inquiry) => {
                self.results.answers.ask(&inquiry);
                self.engine.request(inquiry.into());
            }
            Command::AskAgain => self.results.answers.ask_again(),
            Command::Pin(..)
            | Command::ShowPane(_)
            | Command::Duplicate(_)
            | Command::BesideClass(_)
            | Command::ClosePane(_) => self.arrange(command),
            Command::ExportPane(tile) => self.export(ctx, tile),
            Command::CopyPane(tile) => self.copy(ctx, tile),
            Command::SaveFrames(name, texts) => {
                self.output.dialogs.open(ctx, FileQuestion::Into, Purpose::Frames(name, texts));
            }
            Command::Synthesise(control) => self.engine.control(control),
            Command::OpenRun(folder) => self.open_run(ctx, folder),
            Command::OpenShippedRun(run) => self.open_shipped_run(run),
            Command::GoToEpoch(index) => {
                self.background.evolution.iter().for_each(|run| run.go(index));
                ctx.request_repaint();
            }
            Command::Train(command) => self.train(ctx, command),
            Command::Dismiss => self.notice.message = None,
        }
    }

    /// Applies a command about the arrangement of the panes.
    fn arrange(&mut self, command: Command) {
        let panes = &mut self.layout.panes;
        match command {
            Command::Pin(tile, part) => self.pin(tile, part),
            Command::ShowPane(name) => arrangement::show(panes, name),
            Command::Duplicate(tile) => {
                arrangement::duplicate(panes, tile);
            }
            Command::BesideClass(tile) => {
                let twin = arrangement::duplicate(panes, tile);
                let follows =
                    |tile: &TileId| !panes.tiles.get_pane(tile).is_some_and(|pane| pane.pin().holds(Pinned::Class));
                if let Some(twin) = twin.filter(follows) {
                    self.pin(twin, Pinned::Class);
                }
            }
            Command::ClosePane(tile) => arrangement::close(panes, tile),
            _ => {}
        }
    }

    /// Asks the engine for another network.
    fn open_network(&mut self, opening: Opening, request: fn(Opening) -> Request) {
        // Choices belong to a weights file: other weights have their own.
        let plain = Opening { preparation: Preparation::default(), labels: None, ..opening };
        let opening = self.settings.prepared.recall(plain);
        self.runs.opening = opening.clone();
        self.notice.forget_failure();
        self.engine.request(request(opening));
    }

    /// Asks the engine to prepare pictures for the open network another way, and to name its classes by a file.
    fn prepare(&mut self, preparation: Preparation, labels: Option<PathBuf>) {
        self.runs.opening = Opening { preparation, labels, ..self.runs.opened.clone() };
        self.notice.forget_failure();
        let Opening { preparation, labels, .. } = self.runs.opening.clone();
        self.engine.request(Request::Prepare(preparation, labels));
    }

    /// Indexes a folder by the network on screen, in place of the folder before.
    fn index(&mut self, ctx: &egui::Context, folder: PathBuf) {
        let Some(shown) = &self.runs.shown else { return };
        match FolderIndex::start(folder, Arc::clone(&shown.run.model), ctx) {
            Ok(index) => {
                let state = index.state();
                self.background.folder = Some((index, state));
            }
            Err(why) => self.notice.fail(why.to_string()),
        }
    }

    /// Runs the pictures of the index for their features, for the map.
    fn embed(&mut self, ctx: &egui::Context) {
        let Some((folder, state)) = &self.background.folder else { return };
        let Some(index) = state.index.clone() else { return };
        // The one before frees its features first.
        self.background.embedding = None;
        match Embedding::start(index, Arc::clone(&folder.model), ctx) {
            Ok(embedding) => self.background.embedding = Some(embedding),
            Err(why) => self.notice.fail(why.to_string()),
        }
    }

    fn train(&mut self, ctx: &egui::Context, command: TrainingCommand) {
        let desk = &mut self.background.training;
        match command {
            TrainingCommand::Start(order) => {
                self.notice.forget_failure();
                match TrainingSession::start(*order, ctx) {
                    Ok(session) => (desk.state, desk.session) = (session.state(), Some(session)),
                    Err(why) => self.notice.fail(why.to_string()),
                }
            }
            TrainingCommand::Pause(paused) => desk.session.iter().for_each(|session| session.pause(paused)),
            TrainingCommand::Stop => desk.session.iter().for_each(TrainingSession::stop),
            TrainingCommand::ChooseData => {
                self.output.dialogs.open(ctx, FileQuestion::Folder, Purpose::Training(TrainingPick::Data));
            }
            TrainingCommand::ChooseFolder => {
                self.output.dialogs.open(ctx, FileQuestion::Into, Purpose::Training(TrainingPick::Run));
            }
        }
    }

    /// Opens a file or a folder by what it is.
    fn open_path(&mut self, ctx: &egui::Context, path: PathBuf) {
        match FileKind::of(&path) {
            FileKind::Weights | FileKind::Network => {
                let opening = self.runs.opening.clone();
                opened(Purpose::Weights(opening), path).into_iter().for_each(|command| self.apply(ctx, command));
            }
            FileKind::Labels => self.apply(ctx, Command::Prepare(self.runs.opened.preparation.clone(), Some(path))),
            FileKind::Picture => self.open(PictureSource::File(path)),
        }
    }

    /// Opens another picture, which ends whatever was drawn or filmed.
    pub(super) fn open(&mut self, source: PictureSource) {
        self.stop_filming();
        self.notice.forget_failure();
        self.engine.request(Request::Picture(source));
    }

    /// Turns the webcam off. Its last picture stays on screen.
    fn stop_filming(&mut self) {
        self.background.camera.stop();
        self.pending.asked.forget_drawn();
    }

    fn pin(&mut self, tile: TileId, part: Pinned) {
        let mut panes = std::mem::replace(&mut self.layout.panes, Tree::empty(egui::Id::unique("panes")));
        // Pins do not depend on the colours.
        if let (Some(view), Some(shown)) = (self.view(&[], Palette::dark()), &self.runs.shown)
            && let Some(egui_tiles::Tile::Pane(pane)) = panes.tiles.get_mut(tile)
        {
            pane.toggle_pin(part, view, shown);
        }
        self.layout.panes = panes;
    }

    /// Keeps the present network in a twin of the active pane; of the maps where that shows but a picture.
    fn twin(&mut self) {
        let Some(active) = self.active_pane() else { return };
        let Some(pane) = arrangement::of_network(&mut self.layout.panes, active) else { return };
        let is_kept = self.layout.panes.tiles.get_pane(&pane).is_some_and(|pane| pane.pin().holds(Pinned::Run));
        if let Some(twin) = (!is_kept).then(|| arrangement::duplicate(&mut self.layout.panes, pane)).flatten() {
            self.pin(twin, Pinned::Run);
        }
    }

    fn compare(&mut self, ctx: &egui::Context, with: With) {
        let run = self.runs.shown.as_ref().map(|shown| &shown.run);
        let picture = match with {
            With::Nothing => return self.engine.request(Request::Compare(None)),
            With::File => return self.output.dialogs.open(ctx, FileQuestion::Picture, Purpose::Compare),
            With::Picture(source) => Some(source),
            With::Present => run.and_then(|run| run.picture.clone()).map(PictureSource::Ready),
            With::Original => run.and_then(|run| run.original.clone()).map(PictureSource::Ready),
            With::Before => self.runs.before.clone().map(PictureSource::Ready),
        };
        match picture {
            Some(source) => self.engine.request(Request::Compare(Some(source))),
            None => self.notice.fail("There is no such picture".into()),
        }
    }

    /// Asks the engine for the missing answers of all panes at once: asked one by one, they would cancel each other.
    pub(super) fn request_missing(&mut self, needed: Vec<AnyInquiry>) {
        for (lane, inquiries) in self.results.answers.missing(needed) {
            self.engine.request(Request::Ask(lane, inquiries));
        }
    }
}
