//! `striate invert`: pictures with the same activations of a layer as the one given.

use super::{
    args::SubjectArgs,
    console::Console,
    output::OutputArgs,
    synthesis::{self, SynthesisArgs, Usual, canvas},
};
use crate::{
    Result,
    figures::{self, Facts},
    net::NodeId,
    paint::Range,
    synthesis::{Goal, Images, PARAMETERS, Recipe, Term},
};
use candle_core::Device;

/// Reconstruct a picture from a layer's activations (Mahendran and Vedaldi 2015)
///
/// Details that the layer does not represent come from the penalties. With several layers the reconstructions stand
/// side by side after the picture itself. --raw writes them normalised, (layers, channels, height, width).
#[derive(clap::Args)]
#[command(after_long_help = synthesis::about_presets())]
pub(super) struct Args {
    #[command(flatten)]
    subject: SubjectArgs,
    /// A layer, or several; 'striate layers NETWORK' lists them
    #[arg(long, required = true)]
    layer: Vec<String>,
    #[command(flatten)]
    synthesis: SynthesisArgs<Invert>,
    #[command(flatten)]
    output: OutputArgs,
}

/// The preset of `invert`.
struct Invert;

impl Usual for Invert {
    const PRESET: &'static str = "mahendran";
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    args.output.check_or_name(&args.subject.name(), "invert")?;
    args.layer.iter().try_for_each(|name| args.subject.network.check_layer(name, None))?;
    let preset = args.synthesis.preset()?;
    let settings = args.synthesis.settings(preset, &[])?;
    let run = args.subject.run(console)?;
    let model = &run.model;
    let graph = model.network.graph();
    let layers: Vec<NodeId> = args.layer.iter().map(|name| graph.find(name)).collect::<Result<_>>()?;
    let shown = Images::from_tensor(run.trace.output(0))?;
    let mut found: Vec<f32> = Vec::new();
    let mut words = Vec::new();
    for (index, &layer) in layers.iter().enumerate() {
        let name = &graph.node(layer).name;
        console.stage(&format!("inverting {name} ({} of {})", index + 1, layers.len()));
        let goal = Goal::Match { layer, wanted: run.trace.values(layer)?.into() };
        let terms = vec![Term { goal, weight: 1.0 }];
        let recipe = Recipe { terms, settings: settings.clone(), batch: 1, size: None, picture: Some(shown.clone()) };
        let mut canvas = canvas(model, recipe)?;
        found.extend(synthesis::run(&mut canvas, &run.model, console, |_| Ok(()))?.values);
        let [_, saved] = canvas.assess(console.watch())?;
        words.push(format!("{name} (distance {:.4})", (-saved.value).max(0.0).sqrt()));
    }
    let [_, channels, height, width] = shown.dims;
    let images = Images { dims: [layers.len(), channels, height, width], values: found };
    let facts = Facts {
        goal: Some(format!("the picture as it is seen by {}", words.join(", "))),
        method: Some(preset.name),
        paper: Some(preset.paper),
        settings: figures::settings(PARAMETERS, &settings),
        ..Facts::of(model).picture(args.subject.name()).values(&images.dims, Range::of(&images.values))
    };
    let paint = || {
        let values = [shown.values.as_slice(), &images.values].concat();
        figures::synthesised(
            &Images { dims: [layers.len() + 1, channels, height, width], values },
            model,
            args.output.scale(),
        )
    };
    args.output.save(facts, paint, || images.tensor(&Device::Cpu))
}
