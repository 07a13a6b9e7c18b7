//! `striate nearest`: the pictures of a folder that a layer finds most alike to a picture.

use super::folder::{FolderArgs, note_damaged};
use crate::{
    Result,
    cli::{console::Console, table::Table},
    dataset::{nearest_neighbours, pooled_features},
    engine::Run,
    figures::to_json,
};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// List the pictures of a folder whose features at a layer are nearest to those of a picture
///
/// The features are the means of the layer's feature maps; nearness is the cosine of the angle between them, -1 to 1.
#[derive(clap::Args)]
pub(in crate::cli) struct NearestArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// The picture: a file, or sample:NAME
    picture: String,
    /// The layer [default: the last feature maps before the classifier]
    #[arg(long)]
    layer: Option<String>,
    /// Pictures to list
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..))]
    count: u16,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct NearestFacts {
    layer: String,
    picture: String,
    nearest: Vec<NeighbourFacts>,
}

#[derive(Serialize)]
struct NeighbourFacts {
    file: PathBuf,
    cosine: f32,
}

pub(in crate::cli) fn nearest(args: &NearestArgs, console: &Console) -> Result<String> {
    let picture = crate::cli::args::picture(&args.picture)?;
    let subject = args.folder.open(console)?;
    let layer = subject.layer(args.layer.as_deref())?;
    let listing = subject.listing()?;
    console.stage(&format!("running {} pictures", listing.entries.len()));
    let run = Run::picture(&subject.model, picture, &console.watch().quiet())?;
    let [_, height, width] = subject.model.network.graph().node(layer).extent();
    let mean = |map: &[f32]| map.iter().sum::<f32>() / map.len() as f32;
    let query: Vec<f32> = run.trace.values(layer)?.chunks_exact(height * width).map(mean).collect();
    let (prepare, at) =
        (|path: &Path| subject.model.prepare_file(path), |size| Ok(subject.model.at(size)?.network.clone()));
    let (features, damaged) =
        pooled_features(&subject.model.network, &at, &prepare, &listing, &[layer], console.watch())?;
    note_damaged(&damaged, console);
    let found = nearest_neighbours(&features[0], &query, args.count.into());
    let neighbour =
        |(row, cosine): (usize, f32)| NeighbourFacts { file: listing.path(features[0].pictures[row]), cosine };
    let facts = NearestFacts {
        layer: subject.model.network.graph().node(layer).name.clone(),
        picture: args.picture.clone(),
        nearest: found.into_iter().map(neighbour).collect(),
    };
    if args.json {
        return to_json(&facts);
    }
    let mut table = Table::new(&[">", ">cosine", "file"]);
    for (rank, neighbour) in facts.nearest.iter().enumerate() {
        table.row([(rank + 1).to_string(), format!("{:.4}", neighbour.cosine), neighbour.file.display().to_string()]);
    }
    Ok(format!("nearest to {} at {}\n{}", facts.picture, facts.layer, table.render()))
}
