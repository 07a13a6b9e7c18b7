//! The folder of `evaluate --out`: a page, the same as JSON, tables as CSV, and small pictures of the worst mistakes.

use super::{
    csv,
    page::{Thumbnail, page},
    report::Report,
};
use crate::{
    Error, Result,
    figures::to_json,
    html::address,
    paint::{FolderKind, NewFolder, write_atomically, write_png},
    picture::Picture,
    watch::Watch,
};
use image::{DynamicImage, imageops};
use std::path::{Path, absolute};

/// The folder inside that holds the small pictures.
const IMAGES: &str = "images";

/// The folder that an evaluation is.
pub(super) const EVALUATION: FolderKind =
    FolderKind { what: "evaluation", index: Some("index.html"), pictures: Some(IMAGES), others: &[".json", ".csv"] };

/// Longest side of a small picture, in pixels.
const SIDE: u32 = 160;
/// Small pictures at most.
const MOST: usize = 60;

/// Writes everything and puts the folder in its place.
pub(super) fn write_folder(report: &Report, most: usize, new: NewFolder, out: &Path, watch: &Watch) -> Result<()> {
    let here = absolute(out).map_err(|error| Error::io("write", out, &error))?;
    let link = |file: &Path| absolute(file).map_or_else(|_| String::new(), |file| address(&file, &here));
    let mut small = Vec::new();
    let worst = &report.evaluation.mistakes[..report.evaluation.mistakes.len().min(most.min(MOST))];
    for (index, outcome) in worst.iter().enumerate() {
        watch.at(index, worst.len())?;
        let pixels = Picture::open(&report.folder.listing.path(outcome.picture))?.pixels;
        let (width, height) = pixels.dimensions();
        let scale = f64::from(SIDE) / f64::from(width.max(height));
        let fit = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
        let tile = imageops::resize(&*pixels, fit(width), fit(height), imageops::FilterType::Triangle);
        let file = format!("{IMAGES}/mistake-{:03}.png", index + 1);
        write_png(&new.path(&file), &DynamicImage::from(tile).into_rgba8(), &report.facts.texts())?;
        small.push(Thumbnail { file, outcome: *outcome });
    }
    let texts = [
        ("evaluation.json", to_json(&report.json(usize::MAX))?),
        ("pictures.csv", csv::pictures(report)),
        ("classes.csv", csv::classes(report)),
        ("confusion.csv", csv::confusion(report)),
    ];
    for (name, text) in texts {
        write_atomically(&new.path(name), |file| file.write_all(text.as_bytes()))?;
    }
    new.write_index(&page(report, &small, &link))?;
    new.finish()
}
