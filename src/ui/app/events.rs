//! Takes in what happened: results of the engine, answers of dialogs, files dropped, pictures pasted.

use super::window::App;
use crate::{
    engine::{Event, Lane, Opening, PictureSource, Request, Run},
    picture::Picture,
    ui::{
        dialogs::{Purpose, opened},
        model::{
            commands::Command,
            state::{Message, Shown},
        },
    },
};
use eframe::egui;
use egui_tiles::TileId;
use std::sync::Arc;

impl App {
    /// Takes in what the engine, the dialogs and the system have for the window.
    pub(super) fn handle_events(&mut self, ctx: &egui::Context, out: &mut Vec<Command>) {
        while let Some(event) = self.engine.poll() {
            self.results.answers.keep(&event);
            match event {
                Event::Model(model) => {
                    self.runs.opened = self.runs.opening.clone();
                    let weights = model.weights.clone();
                    self.settings.prepared.keep(&Opening { weights, ..self.runs.opened.clone() });
                    self.runs.model = Some(model);
                    self.results.synthesis = None;
                }
                Event::Run(run) => self.receive(run),
                Event::Compared(run) => self.runs.other = run.map(|run| Arc::new(Shown::new(run))),
                Event::Finished(text) => self.notice.message = Some(Message { text, failed: false }),
                Event::Failed(lane, text) => {
                    if matches!(lane, Lane::Picture | Lane::Alter) {
                        self.give_up();
                    }
                    if matches!(lane, Lane::Model | Lane::Fetch) {
                        // The network on screen is still the one that runs.
                        self.runs.opening = self.runs.opened.clone();
                    }
                    self.notice.message = Some(Message { text, failed: true });
                }
                Event::Reopened(number, run) => self.bring(number, run),
                Event::Frame(frame) => self.results.synthesis = Some(frame),
                Event::Attribution(..) | Event::Invariance(..) | Event::Ranked(..) | Event::Reconstruction { .. } => {}
            }
        }
        match self.background.camera.newest() {
            Some(Ok(frame)) => self.pending.asked.draw(frame),
            Some(Err(why)) => {
                self.pending.asked.forget_drawn();
                self.notice.message = Some(Message { text: why.to_string(), failed: true });
            }
            None => {}
        }
        self.change_over();
        if self.runs.shown.is_some() && std::mem::take(&mut self.layout.is_new) {
            self.reopen();
        }
        match self.output.dialogs.poll() {
            Some(Ok((purpose, path))) => match purpose {
                Purpose::Save(tile) => self.save_pane(tile, path),
                Purpose::SaveLook(tile, large) => self.start_capture(ctx, tile, Some(path), large),
                Purpose::Tour => self.save_tour(&path),
                Purpose::Frames(name, texts) => self.save_frames(&path, &name, texts),
                other => out.extend(opened(other, path)),
            },
            Some(Err(why)) => self.notice.message = Some(Message { text: why.to_string(), failed: true }),
            None => {}
        }
        for file in ctx.input(|input| input.raw.dropped_files.clone()) {
            let path = file.path().to_owned();
            out.push(Command::Open(if path.as_os_str().is_empty() {
                match file.bytes() {
                    Ok(bytes) => PictureSource::Bytes("dropped file".into(), bytes.into()),
                    Err(_) => continue,
                }
            } else {
                PictureSource::File(path)
            }));
        }
        let pasted = ctx.input(|input| {
            input.events.iter().find_map(|event| match event {
                egui::Event::PasteImage(image) => Some(Arc::clone(image)),
                _ => None,
            })
        });
        if let Some(image) = pasted {
            let [width, height] = image.size;
            let rgba: Vec<u8> = image.pixels.iter().flat_map(egui::Color32::to_srgba_unmultiplied).collect();
            match Picture::from_rgba("pasted picture", width as u32, height as u32, &rgba) {
                Ok(picture) => out.push(Command::Open(PictureSource::Ready(picture))),
                Err(error) => self.notice.message = Some(Message { text: error.to_string(), failed: true }),
            }
        }
    }

    /// Asks for what panes were pinned to in an earlier session, once there is something to see.
    fn reopen(&mut self) {
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
        if let Some(egui_tiles::Tile::Pane(pane)) = self.layout.panes.tiles.get_mut(TileId(number)) {
            pane.bring(Arc::new(Shown::new(run)));
        }
    }
}
