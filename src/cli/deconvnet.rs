//! `striate deconvnet`: a unit's activation projected back to the picture.

use super::{
    args::{self, SubjectArgs},
    console::Console,
    output::OutputArgs,
};
use crate::{
    Error, Result,
    engine::Run,
    figures::{self, Facts, StepFacts, UnitFacts},
    methods::{Keep, PathStep, deconvnet, path, strongest_units},
    net::NodeId,
    paint::Range,
};
use candle_core::{Device, Tensor};

/// Project a unit's activation back to the picture (Zeiler and Fergus 2014)
///
/// One activation of the unit's feature map is kept and walked back to the picture. The result is the pattern that the
/// unit responds to. Zero is grey. Without --unit the 9 strongest units stand in a square, strongest first, each at its own full
/// scale. --raw writes (channels, height, width) with --unit, else (units, channels, height, width); with --path
/// (steps, channels, height, width).
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    subject: SubjectArgs,
    /// The layer; 'striate layers NETWORK' lists them
    #[arg(long)]
    layer: String,
    /// One unit of it [default: the 9 strongest]
    #[arg(long, value_name = "K")]
    unit: Option<usize>,
    /// Activation of the unit's map that is kept
    #[arg(long, value_name = "strongest|map|ROW,COL", default_value = "strongest", value_parser = str::parse::<Keep>)]
    keep: Keep,
    /// Pass local response normalisation by instead of multiplying by its derivative
    #[arg(long)]
    skip_lrn: bool,
    /// Cut each reconstruction to the part of the picture that the kept activation sees
    #[arg(long)]
    crop: bool,
    /// Beside each reconstruction the part of the picture that its activation sees, both cut to it
    #[arg(long, conflicts_with = "crop")]
    patches: bool,
    /// One unit's path, layer by layer: the part of the picture that it sees, its reconstruction, and what of that passes
    /// through the strongest unit of the layer before, of the one before that, down to the first
    #[arg(long, requires = "unit", conflicts_with_all = ["crop", "patches"])]
    path: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Units shown without --unit, and how many stand in a row.
const UNITS: usize = 9;
const COLUMNS: u32 = 3;

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    args.output.check_or_name(&args.subject.name(), "deconvnet")?;
    if args.keep == Keep::Map && (args.patches || args.path) {
        let flag = if args.path { "--path" } else { "--patches" };
        return Err(Error::Usage(format!("{flag} is for one activation: --keep strongest or --keep ROW,COL")));
    }
    args.subject.network.check_layer(&args.layer, args.unit)?;
    let run = args.subject.run(console)?;
    let graph = run.model.network.graph();
    let layer = graph.find(&args.layer)?;
    let unit = args.unit.map(|unit| args::unit(unit, layer, graph)).transpose()?;
    let units = unit.map_or_else(|| strongest(&run, layer, args.keep), |unit| Ok(vec![unit]))?;
    console.stage("projecting back");
    let mut found = Vec::new();
    for (index, &unit) in units.iter().enumerate() {
        let watch = console.watch().part(index, units.len());
        found.push(console.computing(|| deconvnet(&run.trace, layer, unit, args.keep, args.skip_lrn, &watch))?);
    }
    let steps = match args.path {
        true => {
            console.stage("following the path");
            path(&run.trace, &found[0], args.skip_lrn, console.watch())?
        }
        false => Vec::new(),
    };
    let shown = || found.iter().chain(steps.iter().map(|step| &step.through));
    let values: Vec<f32> = shown().flat_map(|one| one.values.iter().copied()).collect();
    let [channels, height, width] = found[0].shape;
    let shape = match unit {
        Some(_) if !args.path => vec![channels, height, width],
        _ => vec![shown().count(), channels, height, width],
    };
    let units =
        found.iter().map(|one| UnitFacts { unit: one.unit, position: one.position, activation: one.activation });
    let facts = Facts {
        unit,
        units: Some(units.collect()),
        path: args.path.then(|| facts_of(&run, &steps)),
        method: Some("deconvnet"),
        paper: Some("Zeiler and Fergus 2014"),
        ..Facts::of(&run.model).picture(args.subject.name()).layer(&run.model, layer).values(&shape, Range::of(&values))
    };
    let scale = args.output.scale();
    let paint = || match () {
        () if args.path => figures::strip(&run, &found[0], &steps, scale),
        () if args.patches => figures::pairs(&run, &found, scale, COLUMNS),
        () => figures::tiles(&run, &found, args.crop, scale, COLUMNS),
    };
    args.output.save(facts, paint, || Ok(Tensor::from_vec(values, shape, &Device::Cpu)?))
}

fn facts_of(run: &Run, steps: &[PathStep]) -> Vec<StepFacts> {
    let graph = run.model.network.graph();
    let facts = |PathStep { through, share }: &PathStep| StepFacts {
        layer: graph.node(through.layer).name.clone(),
        unit: through.unit,
        position: through.position,
        activation: through.activation,
        share: *share,
    };
    steps.iter().map(facts).collect()
}

/// The strongest units that are not silent: by their largest activation, or by the one at the position
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
            Err(Error::Failed(format!("nothing to show: every unit of {name} is silent on this picture")))
        }
        false => Ok(units.into_iter().map(|(unit, _)| unit).collect()),
    }
}
