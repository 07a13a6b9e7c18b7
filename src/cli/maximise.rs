//! `striate maximise`: a picture that excites a class, a unit or a layer.

use super::{
    args::{self, NetworkArgs},
    console::Console,
    output::OutputArgs,
    sheet,
    synthesis::{self, NamedGoal, SynthesisArgs, Usual, canvas, class_facts},
};
use crate::{
    Error, Result,
    engine::Model,
    figures::{self, Facts, synthesised},
    methods::Settings,
    net::{Graph, NodeId},
    paint::{Range, read_npy, write_png},
    synthesis::{At, Canvas, Goal, Images, PARAMETERS, Preset, Recipe, Term},
};
use std::{ffi::OsString, path::PathBuf, sync::Arc};

/// Make the picture that a class, a unit or a layer would most like to see (Simonyan, Vedaldi and Zisserman 2014)
///
/// Climbs the score by gradient ascent from the mean picture, noise or IMAGE. --class and --unit may be given several
/// times, each with a weight (lemon:0.5); a layer without a unit stands for all it finds (DeepDream). --grid makes one
/// picture for each, in one sheet; broken off, the same command goes on where it was. --raw writes the normalised
/// pictures (batch, channels, height, width), as --input reads them.
#[derive(clap::Args)]
#[command(after_long_help = synthesis::about_presets())]
pub(super) struct Args {
    /// A picture to start from: a file or sample:NAME
    image: Option<OsString>,
    /// A class by index, label or WordNet id, with a weight; 'all' with --grid
    #[arg(long, value_name = "C[:WEIGHT]")]
    class: Vec<String>,
    /// Maximise the logarithm of the class's probability in place of its score
    #[arg(long)]
    log_probability: bool,
    /// A layer; 'striate layers NETWORK' lists them
    #[arg(long)]
    layer: Option<String>,
    /// A unit of the layer, with a weight
    #[arg(long, value_name = "K[:WEIGHT]", requires = "layer")]
    unit: Vec<String>,
    /// A direction in the layer's space: an array of a number for each of its units
    #[arg(long, value_name = "FILE.npy", requires = "layer", conflicts_with = "unit", value_parser = args::path())]
    direction: Option<PathBuf>,
    /// Position on a unit's map: the mean over it, its centre, or one position. The centre shows a unit's pattern alone; the
    /// mean repeats it, and of a first convolution before its rectifier it is but an even colour
    #[arg(long, value_name = "mean|centre|ROW,COL", default_value = "mean", value_parser = str::parse::<At>)]
    at: At,
    /// Minimise instead
    #[arg(long)]
    minimise: bool,
    /// Pictures made at once, side by side
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    batch: u16,
    /// Weight of making the pictures of a batch differ, in the layer, else in the last one with maps
    #[arg(long, value_name = "WEIGHT")]
    diversity: Option<f32>,
    /// One picture for each class, or unit of the layer, in one sheet
    #[arg(long, conflicts_with_all = ["raw", "every", "diversity", "direction"])]
    grid: bool,
    /// Also write the picture after every so many steps, as OUT-STEP.png
    #[arg(long, value_name = "N", requires = "out", value_parser = clap::value_parser!(u32).range(1..))]
    every: Option<u32>,
    #[command(flatten)]
    synthesis: SynthesisArgs<Maximise>,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// The preset of `maximise`.
struct Maximise;

impl Usual for Maximise {
    const PRESET: &'static str = "striate";
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    args.output.check_or_name(&args.network.name(), "maximise")?;
    let picture = args.image.as_ref().map(args::picture).transpose()?;
    let usual: &[&str] = if picture.is_some() { &["start=picture"] } else { &[] };
    let preset = args.synthesis.preset()?;
    let settings = args.synthesis.settings(preset, usual)?;
    args.class
        .iter()
        .filter(|class| *class != "all")
        .try_for_each(|text| weighted(text, |name| args.network.check_class(name)).map(drop))?;
    let model = args.network.open(console)?;
    let goals = args.goals(&model)?;
    let model = picture.as_ref().map_or_else(|| Ok(Arc::clone(&model)), |picture| model.for_picture(picture))?;
    let picture =
        picture.map(|picture| Images::from_tensor(&model.preprocess.apply(&picture, model.network.device())?.tensor));
    let recipe =
        Recipe { terms: Vec::new(), settings, batch: args.batch.into(), size: None, picture: picture.transpose()? };
    let facts = args.facts(&model, preset, &recipe.settings);
    if args.grid {
        return sheet::run(goals, &recipe, &model, &args.output, facts, console);
    }
    let wanted = NamedGoal {
        words: goals.iter().map(|goal| goal.words.as_str()).collect::<Vec<_>>().join(" + "),
        terms: goals.into_iter().flat_map(|goal| goal.terms).collect(),
    };
    console.stage(&wanted.words);
    let class = wanted.terms.first().and_then(|term| term.goal.class());
    let mut canvas = canvas(&model, Recipe { terms: wanted.terms, ..recipe })?;
    let facts = Facts { goal: Some(wanted.words), ..facts };
    let images = synthesis::run(&mut canvas, &model, console, |canvas| args.frame(canvas, &model, &facts))?;
    let class = class.map(|class| class_facts(&model, &images, class, console)).transpose()?;
    let facts = Facts { class, ..facts }.values(&images.dims, Range::of(&images.values));
    let paint = || synthesised(&images, &model, args.output.scale());
    args.output.save(facts, paint, || images.tensor(&candle_core::Device::Cpu))
}

impl Args {
    /// The goals of the command line, in their order.
    fn goals(&self, model: &Model) -> Result<Vec<NamedGoal>> {
        let graph = model.network.graph();
        let sign = if self.minimise { -1.0 } else { 1.0 };
        let mut goals = Vec::new();
        let mut want = |goal: Goal, weight: f32, words: String| {
            let weight = sign * weight;
            let words = if weight == 1.0 { words } else { format!("{weight} x {words}") };
            goals.push(NamedGoal { terms: vec![Term { goal, weight }], words });
        };
        let labels = &model.labels;
        let all = self.grid && self.class == ["all"];
        let classes: Vec<(usize, f32)> = match all {
            true => (0..graph.node(graph.scores()).extent()[0]).map(|class| (class, 1.0)).collect(),
            false => self.class.iter().map(|text| weighted(text, |name| labels.find(name))).collect::<Result<_>>()?,
        };
        for (class, weight) in classes {
            let goal = if self.log_probability { Goal::LogProbability(class) } else { Goal::Score(class) };
            want(goal, weight, class_words(model, class));
        }
        if let Some(name) = &self.layer {
            self.layer_goals(graph, graph.find(name)?, want)?;
        }
        if goals.is_empty() {
            return Err(Error::Usage("say what to excite: --class C, or --layer L with or without --unit K".into()));
        }
        if let Some(weight) = self.diversity {
            let layer = self.layer.as_ref().map_or(Ok(graph.last_maps()), |name| graph.find(name))?;
            let words = format!("{weight} x diversity in {}", graph.node(layer).name);
            goals.push(NamedGoal { terms: vec![Term { goal: Goal::Diversity(layer), weight }], words });
        }
        let batch = self.batch.into();
        goals.iter().flat_map(|goal| &goal.terms).try_for_each(|term| term.goal.check(graph, batch))?;
        Ok(goals)
    }

    fn layer_goals(&self, graph: &Graph, layer: NodeId, mut want: impl FnMut(Goal, f32, String)) -> Result<()> {
        let (name, units) = (&graph.node(layer).name, graph.node(layer).extent()[0]);
        let at = self.at;
        let mut unit =
            |unit: usize, weight| want(Goal::Unit { layer, unit, at }, weight, format!("unit {unit} of {name}"));
        if let Some(path) = &self.direction {
            let direction: Vec<f32> = crate::kernels::to_vec(&read_npy(path)?)?;
            let words = format!("direction {} in {name}", path.display());
            want(Goal::Direction { layer, direction: direction.into() }, 1.0, words);
        } else if !self.unit.is_empty() {
            for text in &self.unit {
                let number = |text: &str| {
                    let number = text.parse().map_err(|_| Error::Usage(format!("'{text}' is no unit: a number is")))?;
                    args::unit(number, layer, graph)
                };
                let (number, weight) = weighted(text, number)?;
                unit(number, weight);
            }
        } else if self.grid {
            (0..units).for_each(|number| unit(number, 1.0));
        } else {
            want(Goal::Layer(layer), 1.0, format!("layer {name}"));
        }
        Ok(())
    }

    fn facts(&self, model: &Model, preset: &'static Preset, settings: &Settings) -> Facts {
        Facts {
            picture: self.image.as_ref().map(|image| image.to_string_lossy().into_owned()),
            method: Some(preset.name),
            paper: Some(preset.paper),
            settings: figures::settings(PARAMETERS, settings),
            ..Facts::of(model)
        }
    }

    /// Writes the picture of a step for `--every`.
    fn frame(&self, canvas: &Canvas, model: &Model, facts: &Facts) -> Result<()> {
        let (Some(every), Some(out)) = (self.every, self.output.picture()) else { return Ok(()) };
        if !canvas.step_number().is_multiple_of(every as usize) {
            return Ok(());
        }
        let mut name = out.file_stem().unwrap_or_default().to_owned();
        name.push(format!("-{:05}.png", canvas.step_number()));
        let path = out.with_file_name(name);
        let mut texts = facts.texts();
        texts.push(("Step", canvas.step_number().to_string()));
        write_png(&path, &synthesised(&canvas.saved(), model, self.output.scale())?, &texts)
    }
}

/// A class by its number and name. The classes of an untrained network have no names.
fn class_words(model: &Model, class: usize) -> String {
    match model.is_untrained() {
        true => model.class_name(class),
        false => format!("class {class} ({})", model.class_name(class)),
    }
}

/// Splits `NAME:WEIGHT`; the weight is 1 where it is missing. A name may have colons of its own.
fn weighted<T>(text: &str, read: impl Fn(&str) -> Result<T>) -> Result<(T, f32)> {
    let split = text.rsplit_once(':').and_then(|(name, weight)| Some((name, weight.trim().parse::<f32>().ok()?)));
    match split.filter(|(_, weight)| weight.is_finite()) {
        Some((name, weight)) => Ok((read(name)?, weight)),
        None => Ok((read(text)?, 1.0)),
    }
}
