//! `striate activations`: a layer's feature maps.

use super::{
    args::{self, PaintArgs, SubjectArgs},
    console::Console,
    output::OutputArgs,
};
use crate::{
    Result,
    figures::{self, Facts},
    paint::ColourMap,
};
use candle_core::{Device, Tensor};

/// Paint what a layer answers to a picture: all its feature maps side by side, or one
///
/// The maps stand row by row in the order of their units. --raw writes (units, height, width), or (height, width) with
/// --unit.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    subject: SubjectArgs,
    /// The layer; 'striate layers NETWORK' lists them
    #[arg(long)]
    layer: String,
    /// One unit of it, alone
    #[arg(long, value_name = "K")]
    unit: Option<usize>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    paint: PaintArgs,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    args.output.check_or_name(&args.subject.name(), "activations")?;
    args.subject.network.check_layer(&args.layer, args.unit)?;
    let run = args.subject.run(console)?;
    let graph = run.model.network.graph();
    let layer = graph.find(&args.layer)?;
    let unit = args.unit.map(|unit| args::unit(unit, layer, graph)).transpose()?;
    let view = &run.layers[layer];
    let style = args.paint.style(ColourMap::Viridis);
    let [units, height, width] = view.shape;
    let scaling = args.paint.scaling(&style, height * width);
    let facts = Facts { unit, ..Facts::of(&run.model).picture(args.subject.name()).layer(&run.model, layer) };
    let (facts, raw) = match unit {
        None => (facts.values(&view.shape, view.range()), (0..units, vec![units, height, width])),
        Some(unit) => (facts.values(&[height, width], view.ranges[unit]), (unit..unit + 1, vec![height, width])),
    };
    let values = || {
        let (units, shape) = raw;
        let area = height * width;
        let values = view.with_values(|values| values[units.start * area..units.end * area].to_vec())?;
        Ok(Tensor::from_vec(values, shape, &Device::Cpu)?)
    };
    let scale = args.output.scale();
    let paint = || match unit {
        None => figures::all_units(view, &scale.mosaic(units, width, height), scaling, &style),
        Some(unit) => figures::one_unit(view, unit, scale, scaling, &style),
    };
    args.output.save(facts, paint, values)
}
