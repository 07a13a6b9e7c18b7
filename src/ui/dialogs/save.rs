//! The dialog that saves or copies what a pane shows: its picture, the pane as it looks, its numbers or its table, with a
//! preview.

use crate::{
    error::{Error, Result},
    ui::{
        background::{textures::rgba_texture, worker::spawn},
        model::export::{Ending, Export, PICTURES},
        theme::Palette,
        widgets::{WHOLE, fit, spinner},
    },
    watch::Watch,
};
use eframe::egui::{self, Color32, RichText, Sense, TextureHandle, TextureOptions, Ui, vec2};
use egui_tiles::TileId;
use image::RgbaImage;
use std::sync::mpsc;

/// The form in which a pane is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveForm {
    /// The picture that the pane shows, at the resolution of the data.
    Picture,
    /// The pane as it looks; where `true` as a figure, twice as large and without buttons.
    Look(bool),
    /// The numbers behind the picture.
    Numbers,
    /// The table, drawing or text that the pane shows.
    Text,
}

/// The use of an answer of the dialog.
pub enum Saving {
    /// Save in this form, with these endings of file names, the first the usual one.
    File(TileId, SaveForm, &'static [Ending]),
    /// Copy in this form.
    Clipboard(TileId, SaveForm),
    /// Nothing more.
    Cancel,
}

/// The dialog.
pub struct SaveDialog {
    tile: TileId,
    /// The title of the pane.
    title: &'static str,
    /// The proposed name of the file.
    name: String,
    forms: Vec<(SaveForm, &'static [Ending])>,
    picked: usize,
    preview: Preview,
}

/// The picture that a file would hold, small.
enum Preview {
    None,
    Coming(mpsc::Receiver<Result<RgbaImage>>),
    Failed(String),
    Ready(TextureHandle, [u32; 2]),
}

const NUMBERS: &[Ending] = &[("npy", "NumPy array")];
/// The side of the preview in points.
const SIDE: f32 = 240.0;
/// The longer side of the preview's texture in pixels.
const PIXELS: u32 = 512;

impl SaveDialog {
    /// The dialog of a pane; `export` is its content where it has some already.
    pub fn new(ctx: &egui::Context, tile: TileId, title: &'static str, export: Option<Export>) -> Self {
        let mut forms = Vec::new();
        let name = export.as_ref().map_or_else(|| "striate".to_owned(), |export| export.name.clone());
        let mut preview = Preview::None;
        if let Some(export) = export {
            match export.text_endings() {
                Some(endings) => forms.push((SaveForm::Text, endings)),
                None => forms.push((SaveForm::Picture, PICTURES)),
            }
            if export.has_numbers() {
                forms.push((SaveForm::Numbers, NUMBERS));
            }
            preview = painted(ctx, export);
        }
        forms.insert(forms.len().min(1), (SaveForm::Look(false), PICTURES));
        forms.insert(forms.len().min(2), (SaveForm::Look(true), PICTURES));
        SaveDialog { tile, title, name, forms, picked: 0, preview }
    }

    /// The proposed name of the file, without ending.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Draws the dialog; returns what is to be done once that is chosen.
    pub fn show(&mut self, ctx: &egui::Context) -> Option<Saving> {
        self.receive(ctx);
        let response = egui::Modal::new(egui::Id::unique("save dialog")).show(ctx, |ui| {
            let room = ui.ctx().content_rect().width();
            ui.set_width((room - 60.0).clamp(260.0, 560.0));
            ui.heading(format!("Save {}", self.title));
            ui.add_space(4.0);
            ui.horizontal_top(|ui| {
                ui.vertical(|ui| {
                    ui.set_width((ui.available_width() - SIDE - 12.0).max(180.0));
                    self.choices(ui);
                });
                if ui.available_width() >= SIDE {
                    self.preview(ui);
                }
            });
            ui.add_space(6.0);
            self.buttons(ui)
        });
        let closed = response.should_close().then_some(Saving::Cancel);
        response.inner.or(closed)
    }

    fn receive(&mut self, ctx: &egui::Context) {
        let Preview::Coming(receiver) = &self.preview else { return };
        match receiver.try_recv() {
            Ok(Ok(image)) => {
                let size = [image.width(), image.height()];
                let longest = size[0].max(size[1]).max(1);
                let scaled = |side: u32| (u64::from(side) * u64::from(PIXELS) / u64::from(longest)).max(1) as u32;
                let small = match longest > PIXELS {
                    true => image::imageops::thumbnail(&image, scaled(size[0]), scaled(size[1])),
                    false => image,
                };
                self.preview = Preview::Ready(rgba_texture(ctx, "preview", &small, TextureOptions::LINEAR), size);
            }
            Ok(Err(why)) => self.preview = Preview::Failed(why.to_string()),
            Err(mpsc::TryRecvError::Empty) => {}
            Err(mpsc::TryRecvError::Disconnected) => self.preview = Preview::None,
        }
    }

    fn choices(&mut self, ui: &mut Ui) {
        for (index, (form, endings)) in self.forms.iter().enumerate() {
            let (label, hint) = words(*form, endings);
            if ui.radio(index == self.picked, label).on_hover_text(hint).clicked() {
                self.picked = index;
            }
            ui.indent(label, |ui| ui.add(egui::Label::new(RichText::new(hint).small().weak()).wrap()));
        }
        ui.add_space(4.0);
        ui.label(RichText::new("File name").small().weak());
        let edit = egui::TextEdit::singleline(&mut self.name).desired_width(f32::INFINITY);
        ui.add(edit).accessible_name("Name of the file");
    }

    fn preview(&self, ui: &mut Ui) {
        let (rect, _) = ui.allocate_exact_size(vec2(SIDE, SIDE), Sense::hover());
        let palette = Palette::of(ui.ctx());
        ui.painter().rect_filled(rect, 4.0, palette.backdrop);
        let said = |text: &str| {
            let font = egui::TextStyle::Small.resolve(ui.style());
            let galley = ui.painter().layout(text.to_owned(), font, palette.weak, SIDE - 24.0);
            let at = egui::Align2::CENTER_CENTER.anchor_size(rect.center(), galley.size());
            ui.painter().galley(at.min, galley, palette.weak);
        };
        let form = self.forms.get(self.picked).map(|(form, _)| *form);
        match (form, &self.preview) {
            (Some(SaveForm::Look(false)), _) => said("The pane as it is on screen"),
            (Some(SaveForm::Look(true)), _) => said("The pane without its buttons, with its caption and colour bar"),
            (Some(SaveForm::Text), _) => said("A text file"),
            (_, Preview::Ready(texture, [width, height])) => {
                let (above, below) = rect.split_top_bottom_at_y(rect.bottom() - 18.0);
                let [across, down] = texture.size().map(|side| side as f32);
                ui.painter().image(texture.id(), fit(above.shrink(6.0), across / down), WHOLE, Color32::WHITE);
                let font = egui::TextStyle::Small.resolve(ui.style());
                let words = format!("{width}x{height} pixels");
                ui.painter().text(below.center(), egui::Align2::CENTER_CENTER, words, font, palette.weak);
            }
            (_, Preview::Coming(_)) => {
                spinner(ui, rect.center(), 16.0);
            }
            (_, Preview::Failed(why)) => said(why),
            (_, Preview::None) => {}
        }
    }

    fn buttons(&self, ui: &mut Ui) -> Option<Saving> {
        let (form, endings) = *self.forms.get(self.picked)?;
        let mut chosen = None;
        ui.horizontal(|ui| {
            let enter = ui.input(|input| input.key_pressed(egui::Key::Enter));
            if ui.button("Save as…").on_hover_text("Choose the folder and the file").clicked() || enter {
                chosen = Some(Saving::File(self.tile, form, endings));
            }
            let copies = !matches!(form, SaveForm::Numbers | SaveForm::Look(true));
            let copy = ui.add_enabled(copies, egui::Button::new("Copy to the clipboard"));
            if copy.clicked() {
                chosen = Some(Saving::Clipboard(self.tile, form));
            }
            if ui.button("Do not save").clicked() {
                chosen = Some(Saving::Cancel);
            }
        });
        chosen
    }
}

/// The name of a form, and what a file of it holds.
fn words(form: SaveForm, endings: &[Ending]) -> (&'static str, &'static str) {
    match form {
        SaveForm::Picture => ("Picture", "What the pane shows, at the resolution of the data. PNG, JPEG or WebP."),
        SaveForm::Look(false) => ("Pane as it looks", "As it is on screen, with its buttons."),
        SaveForm::Look(true) => {
            ("Figure for a report", "Twice as large, with the whole caption and the colour bar. The window flickers.")
        }
        SaveForm::Numbers => ("Numbers (.npy)", "The values themselves, as float32, for NumPy."),
        SaveForm::Text => match endings.first() {
            Some(("csv", _)) => ("Table (.csv)", "Comma-separated values; copied, a spreadsheet takes them as cells."),
            Some(("svg", _)) => ("Drawing (.svg)", "Lines and letters that stay sharp at any size."),
            _ => ("Text (.txt)", "A text file."),
        },
    }
}

/// Paints the picture on a thread: it may take longer than a frame.
fn painted(ctx: &egui::Context, export: Export) -> Preview {
    let (sender, receiver) = mpsc::channel();
    let ctx = ctx.clone();
    let started = spawn("preview", move || {
        let image = export.paint(&Watch::default());
        // The dialog may be closed meanwhile.
        let _ = sender.send(image.unwrap_or_else(|| Err(Error::Failed("there is no picture to preview".into()))));
        ctx.request_repaint();
    });
    match started {
        Ok(_) => Preview::Coming(receiver),
        Err(why) => Preview::Failed(why.to_string()),
    }
}
