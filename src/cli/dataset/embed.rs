//! `striate embed`: the pictures of a folder on a plane, near where their features are alike.

use super::folder::{FolderArgs, note_damaged};
use crate::{
    Error, Result,
    cli::{console::Console, output::check_path},
    dataset::{pooled_features, principal_components, tsne, umap},
    figures::to_json,
    paint::write_png,
    picture::Picture,
};
use image::{Rgba, RgbaImage, imageops};
use rayon::prelude::*;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Width and height of the picture, in pixels.
const SIDE: u32 = 1600;

/// The way from features to a plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Way {
    /// The two principal components
    Pca,
    /// t-SNE (van der Maaten and Hinton 2008; Barnes-Hut, van der Maaten 2014)
    Tsne,
    /// UMAP (McInnes, Healy and Melville 2018)
    Umap,
}

/// Place the pictures of a folder on a plane by their features at a layer
///
/// The features are the means of the layer's feature maps. --out draws every picture small at its place.
#[derive(clap::Args)]
pub(in crate::cli) struct EmbedArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// The layer [default: the last feature maps before the classifier]
    #[arg(long)]
    layer: Option<String>,
    /// The projection
    #[arg(long, value_enum, default_value_t = Way::Pca)]
    by: Way,
    /// Neighbours that t-SNE keeps near, in effect
    #[arg(long, value_name = "N", default_value_t = 30.0)]
    perplexity: f32,
    /// Neighbours that UMAP keeps near
    #[arg(long, value_name = "N", default_value_t = 15)]
    neighbours: usize,
    /// The picture
    #[arg(long, value_name = "FILE.png")]
    out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct EmbedFacts {
    layer: String,
    by: Way,
    /// Share of the variance along each axis, for principal components.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    explained: Vec<f64>,
    points: Vec<PointFacts>,
}

#[derive(Serialize)]
struct PointFacts {
    file: PathBuf,
    class: Option<String>,
    x: f32,
    y: f32,
}

pub(in crate::cli) fn embed(args: &EmbedArgs, console: &Console) -> Result<String> {
    if args.out.is_none() && !args.json {
        return Err(Error::Usage(
            "say where the picture goes with --out FILE.png, or ask for numbers with --json".into(),
        ));
    }
    check_path("--out", args.out.as_deref(), "png", "a PNG")?;
    let subject = args.folder.open(console)?;
    let layer = subject.layer(args.layer.as_deref())?;
    let listing = subject.listing()?;
    console.stage(&format!("running {} pictures", listing.entries.len()));
    let (prepare, at) =
        (|path: &Path| subject.model.prepare_file(path), |size| Ok(subject.model.at(size)?.network.clone()));
    let [pass, rest] = console.watch().split(0.6);
    let (mut features, damaged) = pooled_features(&subject.model.network, &at, &prepare, &listing, &[layer], &pass)?;
    note_damaged(&damaged, console);
    let features = features.remove(0);
    console.stage("projecting");
    let (points, explained) = match args.by {
        Way::Pca => {
            let found = principal_components(&features, 2, &rest)?;
            (found.points, found.explained)
        }
        Way::Tsne => (tsne(&features, args.perplexity, &mut |_| {}, &rest)?, Vec::new()),
        Way::Umap => (umap(&features, args.neighbours, &mut |_| {}, &rest)?, Vec::new()),
    };
    let point = |(row, place): (usize, &[f32])| {
        let picture = features.pictures[row];
        let class = listing.entries[picture].group.map(|group| listing.groups[group].clone());
        PointFacts { file: listing.path(picture), class, x: place[0], y: place[1] }
    };
    let points: Vec<PointFacts> = points.chunks_exact(2).enumerate().map(point).collect();
    let layer = subject.model.network.graph().node(layer).name.clone();
    let facts = EmbedFacts { layer, by: args.by, explained, points };
    if let Some(out) = &args.out {
        let by = format!("{:?}", args.by);
        let texts = [("Network", subject.model.card.name.to_string()), ("Layer", facts.layer.clone()), ("Method", by)];
        write_png(out, &draw(&facts.points)?, &texts)?;
    }
    match args.json {
        true => to_json(&facts),
        false => Ok(format!("{} pictures at {}\n", facts.points.len(), facts.layer)),
    }
}

/// Every picture small at its place, on the largest square that holds all.
fn draw(points: &[PointFacts]) -> Result<RgbaImage> {
    let mut sheet = RgbaImage::from_pixel(SIDE, SIDE, Rgba([24, 24, 27, 255]));
    let side = (f64::from(SIDE) / (points.len() as f64).sqrt() * 0.8).clamp(12.0, 96.0) as u32;
    let span = |value: &dyn Fn(&PointFacts) -> f32| {
        let values = points.iter().map(value);
        let low = values.clone().fold(f32::INFINITY, f32::min);
        (low, (values.fold(f32::NEG_INFINITY, f32::max) - low).max(f32::MIN_POSITIVE))
    };
    let (x, y) = (span(&|point| point.x), span(&|point| point.y));
    let small = |point: &PointFacts| -> Result<RgbaImage> {
        let pixels = Picture::open(&point.file)?.pixels;
        let (width, height) = pixels.dimensions();
        let scale = f64::from(side) / f64::from(width.max(height));
        let fit = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
        Ok(image::DynamicImage::from(imageops::thumbnail(&*pixels, fit(width), fit(height))).into_rgba8())
    };
    let tiles: Vec<RgbaImage> = points.par_iter().map(small).collect::<Result<_>>()?;
    let room = (SIDE - side) as f32;
    for (point, tile) in points.iter().zip(&tiles) {
        let left = (point.x - x.0) / x.1 * room;
        let top = (1.0 - (point.y - y.0) / y.1) * room;
        imageops::overlay(&mut sheet, tile, left as i64, top as i64);
    }
    Ok(sheet)
}
