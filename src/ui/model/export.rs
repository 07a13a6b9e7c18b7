//! Saving what a pane shows: painting and writing happen on a worker thread, through the same [`crate::paint`] as the
//! command line's pictures.

use crate::{
    Error, Result,
    engine::Run,
    figures::{Cells, Facts},
    kernels::to_vec,
    net::NodeId,
    paint::{write_atomically, write_npy, write_picture},
    ui::model::state::View,
    watch::Watch,
};
use candle_core::{Device, Tensor};
use eframe::egui::{ColorImage, Context};
use image::RgbaImage;
use std::{path::Path, sync::Arc};

type PaintExport = Box<dyn FnOnce(&Watch) -> Result<RgbaImage> + Send>;

/// A file's extension and what such a file is.
pub type Ending = (&'static str, &'static str);

/// Makes the numbers behind a picture.
pub type MakeNumbers = Box<dyn FnOnce() -> Result<Tensor> + Send>;

/// The text entries of a picture file, by key.
pub type Texts = Vec<(&'static str, String)>;

/// The content of a pane, ready to be written with a description of it.
pub struct Export {
    /// Proposed name of the file, without ending.
    pub name: String,
    facts: Facts,
    /// Facts that only this pane has.
    extra: Texts,
    content: ExportContent,
}

/// The file types of pictures.
pub const PICTURES: &[Ending] = &[("png", "PNG picture"), ("jpg", "JPEG picture"), ("webp", "WebP picture")];

/// The file type of tables.
const TABLE: &[Ending] = &[("csv", "Table of comma-separated values")];

enum ExportContent {
    Picture(PaintExport, Option<MakeNumbers>),
    Table(Cells),
    /// A file of text, and what it is.
    Text(&'static [Ending], String),
}

impl Export {
    /// A picture about the run and the layer of `view`.
    pub fn new(
        view: View,
        name: &str,
        numbers: Option<MakeNumbers>,
        paint: impl FnOnce(&Watch) -> Result<RgbaImage> + Send + 'static,
    ) -> Self {
        Export::of(view, name, ExportContent::Picture(Box::new(paint), numbers))
    }

    /// A table about the network of `view`.
    pub fn table(view: View, name: &str, cells: Cells) -> Self {
        Export::of(view, name, ExportContent::Table(cells))
    }

    /// A text.
    pub fn plain(view: View, name: &str, text: String) -> Self {
        Export::of(view, name, ExportContent::Text(&[("txt", "Text")], text))
    }

    /// A drawing about the network of `view`.
    pub fn drawing(view: View, name: &str, text: String) -> Self {
        Export::of(view, name, ExportContent::Text(&[("svg", "SVG drawing")], text))
    }

    fn of(view: View, name: &str, content: ExportContent) -> Self {
        Export { name: file_name(view, name), facts: Facts::of_run(view.run()), extra: Vec::new(), content }
    }

    /// With facts about what the pane shows, added to those about the run.
    pub fn about(self, add: impl FnOnce(Facts) -> Facts) -> Self {
        Export { facts: add(self.facts), ..self }
    }

    /// With a fact that only this pane has.
    pub fn with(mut self, key: &'static str, text: impl Into<String>) -> Self {
        self.extra.push((key, text.into()));
        self
    }

    fn texts(&self) -> Texts {
        [self.facts.texts(), self.extra.clone()].concat()
    }

    /// The endings of a file of text; `None` where the pane shows a picture.
    pub fn text_endings(&self) -> Option<&'static [Ending]> {
        match &self.content {
            ExportContent::Picture(..) => None,
            ExportContent::Table(_) => Some(TABLE),
            ExportContent::Text(endings, _) => Some(endings),
        }
    }

    /// Whether there are numbers behind the picture.
    pub fn has_numbers(&self) -> bool {
        matches!(self.content, ExportContent::Picture(_, Some(_)))
    }

    /// Paints the picture; `None` where the pane shows a text.
    pub fn paint(self, watch: &Watch) -> Option<Result<RgbaImage>> {
        match self.content {
            ExportContent::Picture(paint, _) => Some(paint(watch)),
            ExportContent::Table(_) | ExportContent::Text(..) => None,
        }
    }

    /// The proposed name and the text entries.
    pub fn into_texts(self) -> (String, Texts) {
        let texts = self.texts();
        (self.name, texts)
    }

    /// Puts the picture on the clipboard, or the text: a table with tabs, as spreadsheets take it. Returns what was done
    /// in a sentence.
    ///
    /// # Errors
    /// When it cannot be painted.
    pub fn copy(self, ctx: &Context, watch: &Watch) -> Result<String> {
        match self.content {
            ExportContent::Picture(paint, _) => {
                let image = paint(watch)?;
                let size = [image.width() as usize, image.height() as usize];
                ctx.copy_image(ColorImage::from_rgba_unmultiplied(size, image.as_raw()));
                Ok(format!("Copied {} as a picture of {}x{} pixels", self.name, size[0], size[1]))
            }
            ExportContent::Table(cells) => {
                ctx.copy_text(cells.with_tabs());
                Ok(format!("Copied {} as a table", self.name))
            }
            ExportContent::Text(_, text) => {
                ctx.copy_text(text);
                Ok(format!("Copied {} as text", self.name))
            }
        }
    }

    /// Writes a picture in the format of the file's ending, or the numbers where that is .npy; text as it is. Returns what
    /// was done in a sentence.
    ///
    /// # Errors
    /// When the file cannot be written; then there is none.
    pub fn write(self, path: &Path, watch: &Watch) -> Result<String> {
        let wants_numbers = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npy"));
        let texts = self.texts();
        match self.content {
            ExportContent::Picture(_, Some(numbers)) if wants_numbers => write_npy(path, &numbers()?)?,
            ExportContent::Picture(paint, _) if !wants_numbers => write_picture(path, &paint(watch)?, &texts)?,
            ExportContent::Table(cells) if !wants_numbers => {
                write_atomically(path, |file| file.write_all(cells.csv().as_bytes()))?;
            }
            ExportContent::Text(_, text) if !wants_numbers => {
                write_atomically(path, |file| file.write_all(text.as_bytes()))?;
            }
            _ => return Err(Error::Failed("this pane has no single array of numbers to save".into())),
        }
        Ok(format!("Saved {}", path.display()))
    }
}

/// The proposed name of a file, without ending: the network, the picture, and what a pane shows.
pub fn file_name(view: View, name: &str) -> String {
    let picture = view.run().picture.as_ref().map_or("numbers", |picture| picture.name.as_str());
    let stem = picture.rsplit_once('.').map_or(picture, |(stem, _)| stem);
    plain_name(&format!("{} {stem} {name}", view.run().model.card.name))
}

/// A name of letters, digits, dots and single hyphens, which no file system refuses.
fn plain_name(name: &str) -> String {
    let keeps = |c: char| c.is_alphanumeric() || c == '.' || c == '_';
    let words = name.split(|c: char| !keeps(c)).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("-");
    name.chars().take(120).collect::<String>().trim_matches(['-', '.']).to_owned()
}

/// The feature maps of a layer, `(units, height, width)`, or of one unit, `(height, width)`.
pub fn numbers_of(run: &Arc<Run>, layer: NodeId, unit: Option<usize>) -> Option<MakeNumbers> {
    let run = Arc::clone(run);
    Some(Box::new(move || {
        let maps = run.trace.maps(layer)?;
        Ok(match unit {
            Some(unit) => maps.get(unit)?,
            None => maps,
        })
    }))
}

/// Values that a pane holds already.
pub fn numbers_from(values: &Arc<Vec<f32>>, shape: &[usize]) -> Option<MakeNumbers> {
    let (values, shape) = (Arc::clone(values), shape.to_vec());
    Some(Box::new(move || Ok(Tensor::from_vec(values.to_vec(), shape, &Device::Cpu)?)))
}

/// The values of a tensor, for a pane to keep.
pub fn values_of(tensor: &Tensor) -> Result<Arc<Vec<f32>>> {
    Ok(Arc::new(to_vec(tensor)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proposed_names_have_single_hyphens() {
        let name = plain_name("vgg16 my  cat (2) saliency lemon  ·  score 12.3");
        assert_eq!(name, "vgg16-my-cat-2-saliency-lemon-score-12.3");
        assert_eq!(plain_name("../a\\b: c"), "a-b-c");
        assert!(plain_name(&"long ".repeat(99)).len() <= 120);
    }
}
