//! `striate activations`: a layer's feature maps.

use super::{
    args::{self, PaintArgs, SubjectArgs},
    console::Console,
    facts::Facts,
    output::OutputArgs,
    pictures::Scale,
};
use crate::{
    Result,
    engine::LayerView,
    paint::{ColourMap, Layout, Maps, Scaling, Style, mosaic, paint_plane},
};
use candle_core::{Device, Tensor};
use image::RgbaImage;

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
    args.output.check(false)?;
    let graph = args.subject.network.graph()?;
    let layer = graph.find(&args.layer)?;
    let unit = args.unit.map(|unit| args::unit(unit, layer, &graph)).transpose()?;
    let run = args.subject.run(console)?;
    // Found again: what ran may lack the auxiliary classifiers.
    let layer = run.model.network.graph().find(&args.layer)?;
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
    args.output.save(facts, || paint(view, unit, scaling, &style, args.output.scale()), values)
}

/// All maps, or that of one unit.
fn paint(view: &LayerView, unit: Option<usize>, scaling: Scaling, style: &Style, scale: Scale) -> Result<RgbaImage> {
    let [units, height, width] = view.shape;
    let Some(unit) = unit else { return all(view, &scale.mosaic(units, width, height), scaling, style) };
    let factor = scale.one(width, height);
    let range = scaling.range(view.ranges[unit], view.range());
    view.with_values(|values| {
        let plane = Maps { values, units, height, width }.plane(unit);
        paint_plane(&plane, width as u32 * factor, height as u32 * factor, range, style)
    })
}

/// All maps of a layer.
pub(super) fn all(view: &LayerView, layout: &Layout, scaling: Scaling, style: &Style) -> Result<RgbaImage> {
    let [units, height, width] = view.shape;
    view.with_values(|values| mosaic(&Maps { values, units, height, width }, layout, scaling, style))
}
