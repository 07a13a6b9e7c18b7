//! Handles events: results of the engine, answers of dialogs, dropped files, pasted pictures and paths.

use super::window::{App, first_picture};
use crate::{
    engine::{Event, Lane, Opening, PictureSource, Request, Run},
    picture::Picture,
    ui::{
        dialogs::{Purpose, opened, paths},
        model::{commands::Command, state::Shown},
    },
    weights::{Source, find_local},
    zoo::DEFAULT,
};
use eframe::egui;
use egui_tiles::TileId;
use std::sync::Arc;

/// Number of weights files that are remembered.
const MODELS: usize = 8;

impl App {
    /// Handles the events of the engine, the camera, the dialogs and the system.
    pub(super) fn handle_events(&mut self, ctx: &egui::Context, out: &mut Vec<Command>) {
        while let Some(event) = self.engine.poll() {
            self.handle(event);
        }
        match self.background.camera.newest() {
            Some(Ok(frame)) => self.pending.asked.draw(frame),
            Some(Err(why)) => {
                self.pending.asked.forget_drawn();
                self.notice.fail(why.to_string());
            }
            None => {}
        }
        if let Some((index, state)) = &mut self.background.folder {
            *state = index.state();
        }
        match self.background.training.refresh() {
            Some(Ok(text)) => self.notice.say(text),
            Some(Err(why)) => self.notice.fail(why),
            None => {}
        }
        self.follow_epochs(ctx);
        self.change_over();
        if self.runs.shown.is_some() && std::mem::take(&mut self.layout.is_new) {
            self.reopen();
            if self.background.evolution.is_some() {
                self.show_epochs();
            }
        }
        match self.output.dialogs.poll(ctx) {
            Some((Purpose::Save(tile, usual), path)) => self.save_pane(tile, path, usual),
            Some((Purpose::SaveLook(tile, large), path)) => self.start_capture(ctx, tile, Some(path), large),
            Some((Purpose::Changed(what), path)) => self.save_changed(what, &path),
            Some((Purpose::Tour, path)) => self.save_tour(&path),
            Some((Purpose::Training(pick), path)) => self.background.training.pick(pick(path)),
            Some((Purpose::Frames(name, texts), path)) => self.save_frames(&path, &name, texts),
            Some((other, path)) => out.extend(opened(other, path)),
            None => {}
        }
        self.take_dropped(ctx, out);
        self.take_pasted(ctx, out);
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Model(model) => {
                self.runs.opened = self.runs.opening.clone();
                self.runs.surgery = model.surgery.clone();
                let weights = model.weights.clone();
                self.settings.prepared.keep(&Opening { weights, ..self.runs.opened.clone() });
                if let Source::File(path) = &model.weights
                    && find_local(&model.card.name).as_ref() != Some(path)
                {
                    self.settings.models.retain(|other| other != path);
                    self.settings.models.insert(0, path.clone());
                    self.settings.models.truncate(MODELS);
                }
                if !model.notes.is_empty() {
                    self.notice.say(format!("Opened {}: {}", model.weights, model.notes.join("; ")));
                }
                self.runs.model = Some(model);
                self.results.synthesis = None;
            }
            Event::Run(run) => self.receive(run),
            Event::Compared(run) => self.runs.other = run.map(|run| Arc::new(Shown::new(run))),
            Event::Finished(text) => self.notice.say(text),
            Event::Failed(lane, text) => {
                if matches!(lane, Lane::Picture | Lane::Alter) {
                    self.give_up();
                }
                if matches!(lane, Lane::Model | Lane::Fetch) {
                    // The network on screen is still the one that runs.
                    self.runs.opening = self.runs.opened.clone();
                    self.forget_surgery();
                }
                self.notice.fail(text);
                self.fall_back(lane);
            }
            Event::Reopened(number, run) => self.bring(number, run),
            Event::Frame(frame) => self.results.synthesis = Some(frame),
            Event::Answered(answered) => self.results.answers.keep(answered),
        }
    }

    /// Opens what ships where the network or the picture that the window starts with cannot be opened: it would stay empty.
    fn fall_back(&mut self, lane: Lane) {
        if self.runs.shown.is_some() || self.runs.coming.is_some() {
            return;
        }
        let opening = Opening::of(DEFAULT.name);
        if lane == Lane::Model && self.runs.model.is_none() && self.runs.opening != opening {
            (self.runs.opening, self.runs.opened) = (opening.clone(), opening.clone());
            self.engine.request(Request::Open(opening));
        }
        if lane == Lane::Picture && !std::mem::replace(&mut self.pending.fell_back, true) {
            self.engine.request(Request::Picture(first_picture(None, &self.runs.opening)));
        }
    }

    /// Opens files that were dropped on the window.
    fn take_dropped(&mut self, ctx: &egui::Context, out: &mut Vec<Command>) {
        for file in ctx.input(|input| input.raw.dropped_files.clone()) {
            let path = file.path().to_owned();
            if !path.as_os_str().is_empty() {
                out.push(Command::OpenPath(path));
                continue;
            }
            match file.bytes() {
                Ok(bytes) => out.push(Command::Open(PictureSource::Bytes("dropped file".into(), bytes.into()))),
                Err(why) => self.notice.fail(format!("the dropped file cannot be read: {why}")),
            }
        }
    }

    /// Opens a pasted picture, or the file whose path was pasted.
    fn take_pasted(&mut self, ctx: &egui::Context, out: &mut Vec<Command>) {
        let typing = ctx.egui_wants_keyboard_input();
        let (image, text) = ctx.input(|input| {
            let image = input.events.iter().find_map(|event| match event {
                egui::Event::PasteImage(image) => Some(Arc::clone(image)),
                _ => None,
            });
            let text = input.events.iter().find_map(|event| match event {
                egui::Event::Paste(text) if !typing => Some(text.clone()),
                _ => None,
            });
            (image, text)
        });
        if let Some(path) = text.as_deref().and_then(paths::parse) {
            out.push(Command::OpenPath(path));
        } else if let Some(image) = image {
            let [width, height] = image.size;
            let rgba: Vec<u8> = image.pixels.iter().flat_map(egui::Color32::to_srgba_unmultiplied).collect();
            match Picture::from_rgba("pasted picture", width as u32, height as u32, &rgba) {
                Ok(picture) => out.push(Command::Open(PictureSource::Ready(picture))),
                Err(error) => self.notice.fail(error.to_string()),
            }
        }
    }

    /// Asks for what panes were pinned to in an earlier session, once there is something to see.
    pub(super) fn reopen(&mut self) {
        let pinned = self.layout.panes.tiles.iter().filter_map(|(tile, found)| match found {
            egui_tiles::Tile::Pane(pane) => Some((*tile, pane.pin().wanted()?.again()?)),
            egui_tiles::Tile::Container(_) => None,
        });
        let mut wanted: Vec<_> = pinned.map(|(tile, (opening, picture))| (tile.0, opening, picture)).collect();
        // One network after the other: each is opened once.
        wanted.sort_by(|a, b| (&a.1.network, a.0).cmp(&(&b.1.network, b.0)));
        if !wanted.is_empty() {
            self.engine.request(Request::Reopen(wanted));
        }
    }

    /// Gives a pane the run that it was pinned to.
    fn bring(&mut self, number: u64, run: Arc<Run>) {
        if let Some(egui_tiles::Tile::Pane(pane)) = self.layout.panes.tiles.get_mut(TileId(number))
            && pane.pin().wanted().is_some()
        {
            pane.bring(Arc::new(Shown::new(run)));
        }
    }
}
