//! Shared by `striate saliency` and `striate cam`: a method of a registry asked about a picture, its answer painted,
//! tested, and an object found by it.

mod batch;
mod facts;
mod pictures;
mod sheet;
mod trust;

use super::{
    args::{PaintArgs, SubjectArgs},
    checks::trust_checks,
    console::Console,
    object::ObjectArgs,
    output::OutputArgs,
    target::TargetArgs,
};
use crate::{
    Error, Result,
    figures::{self, Facts, HeatStyle},
    methods::{CAMS, METHODS, Method, Question, Settings},
};
use candle_core::{Device, Tensor};

#[derive(clap::Args)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    subject: SubjectArgs,
    #[command(flatten)]
    target: TargetArgs,
    /// A layer to read, for methods that read layers; several: the mean over them [default: the last with maps]
    #[arg(long = "layer", value_name = "L")]
    layers: Vec<String>,
    /// A parameter of the method, as --help lists them; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// Test whether to believe the heatmap: deletion and insertion curves, and layers drawn anew
    #[arg(long)]
    check: bool,
    /// For a folder: test these methods on every picture by deletion and insertion curves, separated by commas, or 'all'
    #[arg(long, value_name = "METHOD,...", value_delimiter = ',')]
    compare: Vec<String>,
    #[command(flatten)]
    object: ObjectArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    paint: PaintArgs,
}

/// The values alone, or over the picture.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Drawing {
    /// The values alone.
    Alone,
    /// A heatmap over the picture.
    Overlay,
}

/// Methods, papers and parameters, for `--help`.
pub(super) fn about(methods: &[Method]) -> String {
    let mut text = String::from("Methods, and what --set takes (each with its default):\n");
    for method in methods {
        text.push_str(&format!("  {} ({})\n      {}\n", method.name, method.paper, method.about));
        for parameter in method.parameters {
            text.push_str(&format!("      --set {}={parameter}\n          {}\n", parameter.name, parameter.about));
        }
    }
    text
}

/// Names for the help of `--method`.
pub(super) fn names(methods: &[Method]) -> String {
    methods.iter().map(|method| method.name).collect::<Vec<_>>().join(", ")
}

pub(super) fn run(args: &ExplainArgs, method: &'static Method, drawing: Drawing, console: &Console) -> Result<String> {
    if let Some(files) = args.subject.image.as_deref().map_or(Ok(None), pictures::many)? {
        return batch::run(args, method, drawing, &files, console);
    }
    if !args.compare.is_empty() {
        return Err(Error::Usage("--compare is for a folder of pictures; --check tests one heatmap".into()));
    }
    match args.check || args.object.wanted() {
        true => args.output.check()?,
        false => args.output.check_or_name(&args.subject.name(), method.name)?,
    }
    let settings = args.settings(method)?;
    args.layers.iter().try_for_each(|name| args.subject.network.check_layer(name, None))?;
    args.target.check(&args.subject.network)?;
    let run = args.subject.run(console)?;
    // Found again: what ran may lack the auxiliary classifiers.
    let graph = run.model.network.graph();
    let layers = args.layers.iter().map(|name| graph.find(name)).collect::<Result<Vec<_>>>()?;
    let aimed = args.target.aim(&run)?;
    console.stage(&format!("{} for {}", method.title, aimed.title()));
    let watch = console.watch();
    let question = Question { trace: &run.trace, target: aimed.target, layers: &layers, settings: &settings, watch };
    let answer = console.computing(|| method.ask(&question))?;
    let checks = args.check.then(|| trust_checks(&question, method, &answer, console)).transpose()?;
    let object = args.object.find(&run, &answer, console)?;

    let [channels, height, width] = answer.shape;
    let shape = if channels == 1 { vec![height, width] } else { answer.shape.to_vec() };
    let read = if method.layered { question.maps()? } else { Vec::new() };
    let facts = figures::attribution_facts(&run, method, aimed.target, &settings, &answer)?;
    let facts = Facts { check: checks, ..facts.picture(args.subject.name()) };
    let facts = match read.len() {
        0 | 1 => facts,
        _ => Facts { layers: Some(read.iter().map(|&id| graph.node(id).name.clone()).collect()), ..facts },
    };
    let scale = args.output.scale();
    if let Some(object) = object {
        let size = object.found.size;
        let facts = Facts { object: Some(object.facts()), shape: Some(size.to_vec()), ..facts };
        let values = || {
            let mask: Vec<f32> = object.found.mask.iter().map(|&inside| f32::from(inside)).collect();
            Ok(Tensor::from_vec(mask, size.to_vec(), &Device::Cpu)?)
        };
        return args.output.save(facts, || object.paint(&run, scale), values);
    }
    let [_, rows, columns] = graph.input_shape();
    let factor = scale.one(columns, rows);
    let style = HeatStyle { map: args.paint.map, gamma: args.paint.gamma, ..HeatStyle::default() };
    let paint = || match drawing {
        Drawing::Alone => Ok(figures::attribution_alone(&run, &answer, factor, &style)),
        Drawing::Overlay => figures::attribution_over(&run, &answer, factor, &style),
    };
    args.output.save(facts, paint, || Ok(Tensor::from_slice(&answer.values, shape.clone(), &Device::Cpu)?))
}

impl ExplainArgs {
    /// The method's parameters; refuses layers for a method that reads none.
    fn settings(&self, method: &'static Method) -> Result<Settings> {
        let settings = Settings::parse(method.parameters, self.settings.iter().map(String::as_str))?;
        if !self.layers.is_empty() && !method.layered {
            let layered: Vec<&str> = METHODS.iter().chain(CAMS).filter(|m| m.layered).map(|m| m.name).collect();
            let name = method.name;
            return Err(Error::Usage(format!("{name} reads no layer: --layer is for {}", layered.join(", "))));
        }
        Ok(settings)
    }
}
