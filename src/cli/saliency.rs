//! `striate saliency`: which pixels matter for a class, by any method of [`METHODS`].

use super::{
    args::{self, PaintArgs, SubjectArgs},
    console::Console,
    facts::{ClassFacts, Facts},
    output::OutputArgs,
    pictures::{heatmap, paint_heatmap, paint_values, usual_map},
};
use crate::{
    Result,
    methods::{self, METHODS, Method},
    paint::Range,
};
use candle_core::{Device, Tensor};

/// Show which pixels of a picture matter for a class
///
/// Colours span up to the 99.5% quantile of the values, so that a few outliers do not darken the rest. Methods whose
/// values have a colour are drawn in colour, zero grey; with --map or --overlay as a heatmap of the largest magnitude
/// over the colours. --raw writes the exact values: (height, width) where the method makes a heatmap, else (channels,
/// height, width).
#[derive(clap::Args)]
#[command(after_long_help = about_methods())]
pub(super) struct Args {
    #[command(flatten)]
    subject: SubjectArgs,
    /// The class: its index, label or WordNet id [default: the predicted one]
    #[arg(long, value_name = "C")]
    class: Option<String>,
    #[arg(long, value_name = "METHOD", value_parser = methods::find, default_value = METHODS[0].name,
        help = format!("How: {}", METHODS.iter().map(|method| method.name).collect::<Vec<_>>().join(", ")))]
    method: &'static Method,
    /// Lay the heatmap over what the network sees of the picture
    #[arg(long)]
    overlay: bool,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    paint: PaintArgs,
}

fn about_methods() -> String {
    let about = |method: &Method| format!("  {} ({})\n      {}\n", method.name, method.paper, method.about);
    format!("Methods:\n{}", METHODS.iter().map(about).collect::<String>())
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    args.output.check()?;
    // Wrong names are said before anything runs.
    if let Some(class) = &args.class {
        args.subject.network.network.labels.find(class)?;
    }
    let run = args.subject.run(console)?;
    let class = args::class(args.class.as_deref(), &run)?;
    console.stage(&format!("{} for {}", args.method.title, run.model.class_name(class)));
    let attribution = run.attribute(args.method, class, console.watch())?;
    let [channels, height, width] = attribution.shape;
    let shape = if channels == 1 { vec![height, width] } else { vec![channels, height, width] };
    let facts = Facts {
        class: Some(ClassFacts::of(&run, class)),
        method: Some(args.method.name),
        paper: Some(args.method.paper),
        ..Facts::of(&run.model).picture(args.subject.name()).values(&shape, Range::of(&attribution.values))
    };
    let paint = || {
        let factor = args.output.scale().one(width, height);
        if channels == 3 && args.paint.map.is_none() && !args.overlay {
            return Ok(paint_values(&attribution.values, attribution.shape, factor));
        }
        let (values, signed) = heatmap(&attribution);
        let style = args.paint.style(usual_map(signed));
        paint_heatmap(&values, signed, [height, width], &style, factor, args.overlay.then_some(&run))
    };
    args.output.save(facts, paint, || Ok(Tensor::from_slice(&attribution.values, shape.clone(), &Device::Cpu)?))
}
