//! `striate deconvnet`: what excites a unit, projected back to the picture.

use super::{
    args::{self, SubjectArgs},
    console::Console,
    facts::{Facts, UnitFacts},
    output::OutputArgs,
    pictures::{grid, paint_values, patch},
};
use crate::{
    Error, Result,
    engine::Run,
    methods::{Keep, Reconstruction, deconvnet, strongest_units},
    net::{Field, NodeId},
    paint::Range,
};
use candle_core::{Device, Tensor};
use image::{RgbaImage, imageops};

/// Project what excites a unit back to the picture (Zeiler and Fergus 2014)
///
/// Of the unit's feature map one activation is kept and walked back to the picture: what of the picture made the unit
/// answer. Zero is grey. Without --unit the 9 strongest units stand in a square, strongest first, each at its own full
/// scale. --raw writes (channels, height, width) with --unit, else (units, channels, height, width).
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    subject: SubjectArgs,
    /// The layer; 'striate layers NETWORK' lists them
    #[arg(long)]
    layer: String,
    /// One unit of it [default: the 9 that answer most]
    #[arg(long, value_name = "K")]
    unit: Option<usize>,
    /// Which activation of the unit's map is kept
    #[arg(long, value_name = "strongest|map|ROW,COL", default_value = "strongest", value_parser = str::parse::<Keep>)]
    keep: Keep,
    /// Pass local response normalisation by instead of multiplying by its derivative
    #[arg(long)]
    skip_lrn: bool,
    /// Cut each reconstruction to the part of the picture that the kept activation sees
    #[arg(long)]
    crop: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Units shown without --unit, and how many stand in a row.
const UNITS: usize = 9;
const COLUMNS: u32 = 3;

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    args.output.check(false)?;
    let graph = args.subject.network.graph()?;
    let layer = graph.find(&args.layer)?;
    let unit = args.unit.map(|unit| args::unit(unit, layer, &graph)).transpose()?;
    let run = args.subject.run(console)?;
    let units = unit.map_or_else(|| strongest(&run, layer, args.keep), |unit| Ok(vec![unit]))?;
    console.stage("projecting back");
    let mut found = Vec::new();
    for (index, &unit) in units.iter().enumerate() {
        let watch = console.watch().part(index, units.len());
        found.push(deconvnet(&run.trace, layer, unit, args.keep, args.skip_lrn, &watch)?);
    }
    let values: Vec<f32> = found.iter().flat_map(|one| one.values.iter().copied()).collect();
    let [channels, height, width] = found[0].shape;
    let shape = match unit {
        Some(_) => vec![channels, height, width],
        None => vec![found.len(), channels, height, width],
    };
    let units =
        found.iter().map(|one| UnitFacts { unit: one.unit, position: one.position, activation: one.activation });
    let facts = Facts {
        unit,
        units: Some(units.collect()),
        method: Some("deconvnet"),
        paper: Some("Zeiler and Fergus 2014"),
        ..Facts::of(&run.model).picture(args.subject.name()).layer(&run.model, layer).values(&shape, Range::of(&values))
    };
    let field = run.model.network.graph().costs()[layer].field;
    let paint = || {
        // Unenlarged, and then all by the same factor.
        let tiles: Vec<RgbaImage> = found.iter().map(|one| tile(one, args.crop.then_some(&field))).collect();
        let columns = (tiles.len() as u32).min(COLUMNS);
        let (across, down) = tiles[0].dimensions();
        let factor = args.output.scale().one((across * columns) as usize, (down * columns) as usize);
        let enlarge = |tile| imageops::resize(tile, across * factor, down * factor, imageops::FilterType::Nearest);
        Ok(grid(&tiles.iter().map(enlarge).collect::<Vec<_>>(), columns))
    };
    args.output.save(facts, paint, || Ok(Tensor::from_vec(values, shape, &Device::Cpu)?))
}

/// A reconstruction, a pixel a value, or with `field` the part of it that its activation sees.
pub(super) fn tile(one: &Reconstruction, field: Option<&[Field; 2]>) -> RgbaImage {
    let [_, height, width] = one.shape;
    let whole = paint_values(&one.values, one.shape, 1);
    let (Some(field), Some(position)) = (field, one.position) else { return whole };
    let [x, y, across, down] = patch(field, position, [height, width]);
    imageops::crop_imm(&whole, x, y, across, down).to_image()
}

/// The units that answer most, of those that answer at all: by their largest activation, or by the one at the position
/// that is kept.
fn strongest(run: &Run, layer: NodeId, keep: Keep) -> Result<Vec<usize>> {
    let mut units = match keep {
        Keep::At(row, column) => {
            let [_, height, width] = run.layers[layer].shape;
            // Says what is wrong with the position.
            run.trace.seed(layer, [0, row, column], 1.0)?;
            let at = |map: &[f32]| map[row * width + column];
            let mut units: Vec<(usize, f32)> = run.layers[layer]
                .with_values(|values| values.chunks_exact(height * width).map(at).enumerate().collect())?;
            units.sort_by(|a, b| b.1.total_cmp(&a.1));
            units
        }
        _ => strongest_units(&run.trace, layer)?,
    };
    units.retain(|&(_, activation)| activation > 0.0);
    units.truncate(UNITS);
    match units.is_empty() {
        true => {
            let name = &run.model.network.graph().node(layer).name;
            Err(Error::Failed(format!("nothing to show: no unit of {name} answers to this picture")))
        }
        false => Ok(units.into_iter().map(|(unit, _)| unit).collect()),
    }
}
