//! Takes in what happened: results of the engine, answers of dialogs, files dropped, pictures pasted.

use super::*;
use crate::engine::Event;

impl App {
    /// Takes in what the engine, the dialogs and the system have for the window.
    pub(super) fn listen(&mut self, ctx: &egui::Context, out: &mut Vec<Command>) {
        while let Some(event) = self.engine.poll() {
            self.answers.keep(&event);
            match event {
                Event::Model(model) => {
                    self.model = Some(model);
                    self.synthesis = None;
                }
                Event::Run(run) => self.receive(run),
                Event::Compared(run) => self.other = run.map(|run| Arc::new(Shown::new(run))),
                Event::Finished(text) => self.message = Some(Message { text, failed: false }),
                Event::Failed(lane, text) => {
                    if lane == Lane::Picture {
                        self.give_up();
                    }
                    if lane == Lane::Model
                        && let Some(model) = &self.model
                    {
                        // The network on screen is still the one that runs.
                        self.opening.network = model.card.name.into();
                    }
                    self.message = Some(Message { text, failed: true });
                }
                Event::Frame(frame) => self.synthesis = Some(frame),
                Event::Attribution(..) | Event::Invariance(..) | Event::Reconstruction { .. } => {}
            }
        }
        self.change_over();
        if let Some((purpose, path)) = self.dialogs.poll() {
            match purpose {
                Purpose::Save(tile) => self.save_pane(tile, path),
                other => out.extend(opened(other, path)),
            }
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
                Err(error) => self.message = Some(Message { text: error.to_string(), failed: true }),
            }
        }
    }
}
