//! The pictures beside the one that is open, small: those of its folder, or the samples.

use crate::{
    engine::PictureSource,
    picture::{folder_of, offered_samples},
    ui::{
        background::thumbnails::{PictureFile, Thumb},
        model::{commands::Command, export::Export, state::View},
        panels::panel::{Panel, PanelKind},
        theme::RADIUS,
        widgets::{WHOLE, caption, fit, hollow, spinner},
    },
};
use eframe::egui::{
    self, Align2, Color32, ScrollArea, Sense, Stroke, StrokeKind, TextStyle, Ui, Vec2, WidgetInfo, pos2, vec2,
};

pub(super) const KIND: PanelKind = PanelKind {
    name: "folder",
    title: "Folder",
    about: "The pictures in the folder of the open one, or the samples. Click one to run it; PageUp and PageDown go \
            through them.",
    how: "Every picture of the folder. The frame marks the open one.",
    formula: "",
    paper: "",
    make: || Box::<Folder>::default(),
};

#[derive(Default)]
struct Folder {
    /// The picture that was last brought into view.
    scrolled_to: Option<PictureFile>,
}

/// A tile is about so wide; its name below it takes so much.
const TILE: f32 = 84.0;
const NAME: f32 = 15.0;
const GAP: f32 = 6.0;

impl Panel for Folder {
    fn ui(&mut self, ui: &mut Ui, view: View, out: &mut Vec<Command>) {
        let Some(picture) = &view.run().original else {
            return hollow(ui, "This run began with numbers, not with a picture", false);
        };
        let path = picture.path.as_ref();
        let folder = path.map(|path| folder_of(path));
        let places: Vec<PictureFile> = match folder.map(|folder| view.thumbs.files(folder, view.run().of)) {
            None => offered_samples().map(|sample| PictureFile::Sample(sample.name)).collect(),
            Some(None) => return hollow(ui, "Listing the folder", true),
            Some(Some(Err(why))) => return hollow(ui, &why, false),
            Some(Some(Ok(files))) => files.iter().cloned().map(PictureFile::File).collect(),
        };
        let open = |place: &PictureFile| match place {
            PictureFile::File(file) => path.is_some_and(|path| path.file_name() == file.file_name()),
            PictureFile::Sample(name) => *name == picture.name,
        };
        let here = places.iter().position(open);
        let of = format!("{} of {}", here.map_or_else(|| "none".to_owned(), |at| (at + 1).to_string()), places.len());
        let name = folder.map_or_else(|| "samples".to_owned(), |folder| folder.display().to_string());
        caption(ui, format!("{of}  \u{b7}  {name}"));
        let width = ui.available_width() - 10.0;
        let columns = ((width + GAP) / (TILE + GAP)).round().max(1.0);
        let tile = ((width + GAP) / columns - GAP).floor();
        let (columns, row) = (columns as usize, tile * 0.75 + NAME);
        let mut scroll = ScrollArea::vertical().auto_shrink(false);
        let place = here.map(|at| places[at].clone());
        if self.scrolled_to != place {
            // A row of others stays in view above it.
            let above = here.map_or(0, |at| (at / columns).saturating_sub(1));
            scroll = scroll.vertical_scroll_offset(above as f32 * (row + GAP));
            self.scrolled_to = place;
        }
        ui.spacing_mut().item_spacing = Vec2::splat(GAP);
        scroll.show_rows(ui, row, places.len().div_ceil(columns), |ui, rows| {
            for (index, row_of) in places.chunks(columns).enumerate().take(rows.end).skip(rows.start) {
                ui.horizontal(|ui| {
                    for (column, place) in row_of.iter().enumerate() {
                        let picked = here == Some(index * columns + column);
                        entry(ui, view, place, vec2(tile, row), picked, out);
                    }
                });
            }
        });
    }

    fn export(&self, view: View) -> Option<Export> {
        let picture = view.run().original.clone()?;
        let paint = move |_: &_| Ok(image::DynamicImage::ImageRgb8((*picture.pixels).clone()).into_rgba8());
        Some(Export::new(view, "original", None, paint))
    }
}

/// A picture over its name.
fn entry(ui: &mut Ui, view: View, place: &PictureFile, size: Vec2, picked: bool, out: &mut Vec<Command>) {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let name = place.name();
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, picked, format!("thumbnail of {name}")));
    if !ui.is_rect_visible(rect) {
        return;
    }
    let (palette, painter) = (view.palette, ui.painter());
    let (above, below) = rect.split_top_bottom_at_y(rect.bottom() - NAME);
    painter.rect_filled(above, RADIUS, palette.hovered);
    let mut hint = name.clone();
    match view.thumbs.thumb(place) {
        Thumb::Ready(texture) => {
            let [width, height] = texture.size().map(|side| side as f32);
            painter.image(texture.id(), fit(above.shrink(2.0), width / height), WHOLE, Color32::WHITE);
        }
        Thumb::Coming => spinner(ui, above.center(), 14.0),
        Thumb::Failed(why) => {
            let font = TextStyle::Small.resolve(ui.style());
            painter.text(above.center(), Align2::CENTER_CENTER, "no picture", font, palette.weak);
            hint = why;
        }
    }
    let stroke = match (picked, response.hovered() || response.has_focus()) {
        (true, _) => Stroke::new(2.0, palette.accent),
        (_, true) => Stroke::new(1.0, palette.weak),
        _ => Stroke::NONE,
    };
    painter.rect_stroke(above, RADIUS, stroke, StrokeKind::Inside);
    let colour = if picked { ui.visuals().strong_text_color() } else { palette.weak };
    let clipped = painter.with_clip_rect(below.intersect(ui.clip_rect()));
    let font = TextStyle::Small.resolve(ui.style());
    clipped.text(pos2(below.left() + 2.0, below.center().y), Align2::LEFT_CENTER, name, font, colour);
    if response.on_hover_text(hint).clicked() {
        out.push(Command::Open(match place {
            PictureFile::File(path) => PictureSource::File(path.clone()),
            PictureFile::Sample(name) => PictureSource::Named(format!("sample:{name}")),
        }));
    }
}
