//! `striate train`: a network learns from pictures with classes.

mod settings;
mod start;

pub(super) use start::{DataArgs, origin, read};

use super::{args::path, console::Console, table::Table};
use crate::{
    Error, Result,
    engine::{LearningPart, PreparedTraining, RunSettings, TrainingOrigin},
    figures::to_json,
    train::{Epoch, LAST, Learner, Setup, StochasticDepth, TrainingProgress, TrainingRecipe, TrainingRun},
    zoo::{self, Card},
};
use serde::Serialize;
use settings::SettingArgs;
use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// Train a network on pictures with classes
///
/// The settings are those of a recipe for the network, which --recipe prints; each has a flag. RUN gets the weights after every
/// epoch, a line of numbers an epoch (metrics.jsonl), and last.safetensors, from which --resume goes on after the last whole
/// epoch to the same weights as without a break. The same seed gives the same weights. Any of the weights files opens with
/// --weights.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The network [default: that of --from]
    #[arg(long, value_name = "NETWORK", value_parser = zoo::find)]
    network: Option<&'static Card>,
    #[command(flatten)]
    data: DataArgs,
    /// The folder that the run writes to
    #[arg(long, value_name = "RUN", value_parser = path(), required_unless_present = "recipe")]
    out: Option<PathBuf>,
    /// Stop after the epoch in which so many minutes have passed
    #[arg(long, value_name = "M")]
    minutes: Option<f64>,
    /// Start from trained weights: a network's own, or a file's. The classifier starts anew, unless the classes are the same
    #[arg(long, value_name = "NETWORK|FILE")]
    from: Option<String>,
    /// Leave these parts out, separated by commas: layers, or modules such as layer1.1. Their readers read their input instead,
    /// and start anew where it has another shape
    #[arg(long, value_name = "LAYER,...", value_delimiter = ',')]
    remove: Vec<String>,
    #[command(flatten)]
    part: PartArgs,
    /// Go on with the run in RUN after its last whole epoch, with its settings; where there is none, begin
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    settings: SettingArgs,
    /// Print the recipe as JSON, and train nothing
    #[arg(long)]
    recipe: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The part of a network that learns.
#[derive(clap::Args)]
struct PartArgs {
    /// Leave the weights of all layers up to this one as they are
    #[arg(long, value_name = "LAYER", conflicts_with = "head_only")]
    freeze_to: Option<String>,
    /// Train the classifier alone
    #[arg(long)]
    head_only: bool,
    /// A factor for the learning rate of all layers before the classifier
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    body_rate: f64,
}

impl PartArgs {
    fn part(&self) -> LearningPart {
        LearningPart { freeze_to: self.freeze_to.clone(), head_only: self.head_only, body_rate: self.body_rate }
    }
}

#[derive(Serialize)]
struct TrainingReport {
    network: String,
    data: String,
    out: PathBuf,
    train_pictures: usize,
    test_pictures: usize,
    classes: usize,
    damaged: Vec<String>,
    epochs: Vec<Epoch>,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    let kept = match args.out.as_deref().filter(|_| args.resume && !args.recipe) {
        Some(out) => resumed(args, out)?,
        None => None,
    };
    let resumes = kept.is_some();
    let origin = match &kept {
        Some(kept) => TrainingOrigin::resumed(kept)?,
        None => origin(args.network, args.from.as_deref(), console)?.without(&args.remove)?,
    };
    let Some(out) = args.out.as_ref().filter(|_| !args.recipe) else {
        let (recipe, from) = recipe(args, &origin)?;
        #[derive(Serialize)]
        struct Printed<'a> {
            origin: &'a str,
            #[serde(flatten)]
            recipe: TrainingRecipe,
        }
        return to_json(&Printed { origin: from, recipe });
    };
    let (recipe, part) = match kept {
        Some(kept) => (kept.recipe, kept.part),
        None => (recipe(args, &origin)?.0, args.part.part()),
    };
    check(out, args.resume, origin.card(), recipe.stochastic_depth)?;
    let limit = args.minutes.map(|minutes| minutes * 60.0);
    let limit = limit.map(Duration::try_from_secs_f64).transpose();
    let limit = limit.map_err(|_| Error::Usage("--minutes is a number of minutes above 0".into()))?;
    let source = args.data.data()?;
    let data = read(&source, &origin, recipe.seed, console)?;
    let PreparedTraining { network, parameters, preprocess, facts, anew, .. } =
        PreparedTraining::new(&origin, &source, &data.classes, (&recipe, &part))?;
    if !anew.is_empty() {
        console.note(&format!("new shapes, which start anew: {}", anew.join(", ")));
    }
    fs::create_dir_all(out).map_err(|error| Error::io("create", out, &error))?;
    let threads = thread::available_parallelism().map_or(1, |count| count.get().div_ceil(4));
    let folder = Some(out.clone());
    let (name, count) = (origin.card().name.to_owned(), data.train.len());
    let setup = Setup { folder, data: &data, preprocess, recipe, facts, limit, threads };
    let mut run = match resumes {
        true => TrainingRun::resume(setup, network, parameters)?,
        false => TrainingRun::new(setup, network, parameters),
    };
    console.stage(&format!("{name} on {count} pictures"));
    let epochs = train(&mut run, console, args.json)?;
    let report = TrainingReport {
        network: name,
        data: source.source.to_string(),
        out: out.clone(),
        train_pictures: count,
        test_pictures: data.test.len(),
        classes: data.classes.len(),
        damaged: data.damaged.clone(),
        epochs,
    };
    if args.json { to_json(&report) } else { Ok(text(&report)) }
}

/// The recipe with what the flags change, and where it comes from.
fn recipe(args: &Args, origin: &TrainingOrigin) -> Result<(TrainingRecipe, &'static str)> {
    let (own, from) = TrainingRecipe::of(origin.card().name);
    let own = if args.from.is_some() { own.for_transfer() } else { own };
    Ok((args.settings.over(own)?, from))
}

/// The settings of the run in a folder; `None` where no epoch of it is whole, so that it begins anew.
///
/// # Errors
/// [`Error::Usage`] where `args` ask for other settings than the run's.
fn resumed(args: &Args, out: &Path) -> Result<Option<RunSettings>> {
    let last = out.join(LAST);
    if !last.is_file() {
        return Ok(None);
    }
    let kept = RunSettings::read(&last)?;
    let data = args.data.data()?;
    let size = data.size.map(|size| size.to_string());
    let part = args.part.part();
    let share = kept.facts.get("test_share").is_some_and(|share| *share != data.share.to_string());
    let removed = TrainingOrigin::resumed(&kept)?.without(&args.remove)?.left_out().len() > kept.left_out().len();
    let differs = [
        ("--network", args.network.is_some_and(|card| card.name != kept.network.name)),
        ("--from", args.from.is_some() && args.from.as_ref() != kept.facts.get("from")),
        ("--remove", removed),
        ("the part that learns", part != LearningPart::default() && part != kept.part),
        ("the recipe", args.settings.over(kept.recipe.clone())? != kept.recipe),
        ("--size", size.as_ref() != kept.facts.get("size")),
        ("--test-share", share),
    ];
    match differs.iter().find(|(_, differs)| *differs) {
        Some((what, _)) => {
            let why = format!("{what} is not that of the run in {}", out.display());
            Err(Error::Usage(format!("{why}: --resume goes on with the run's own settings")))
        }
        None => Ok(Some(kept)),
    }
}

/// Checks what a run would otherwise find out after reading the pictures.
fn check(out: &Path, resume: bool, card: &Card, depth: f64) -> Result<()> {
    if depth > 0.0 && StochasticDepth::of(&(card.build)(card.size())?, depth).is_empty() {
        let name = card.name;
        return Err(Error::Usage(format!("{name} has no residual branches that --stochastic-depth could leave out")));
    }
    let shown = out.display();
    if out.exists() && !out.is_dir() {
        return Err(Error::Failed(format!("{shown} is a file: --out names a folder")));
    }
    if !resume && out.join(LAST).exists() {
        return Err(Error::Usage(format!("{shown} holds a run already: --resume goes on with it")));
    }
    Ok(())
}

fn train(run: &mut TrainingRun, console: &Console, quiet: bool) -> Result<Vec<Epoch>> {
    let mut epochs = Vec::new();
    let tell = |at: &TrainingProgress, _: &Learner| {
        console.say(format!(
            "epoch {}/{}  loss {:.3}  {:.1}%  {:.0} pictures/s",
            at.epoch,
            at.epochs,
            at.loss,
            100.0 * at.top1,
            at.pictures_per_second
        ));
        // Cancelling shows in the next batch.
        let _ = console.watch().at((at.share * 1e4) as usize, 10_000);
    };
    let finished = |epoch: &Epoch| {
        if !quiet {
            console.note(&format!(
                "epoch {}: loss {:.4}, {:.2}% right in training; loss {:.4}, {:.2}% right in the test; {:.0} pictures/s",
                epoch.epoch,
                epoch.loss,
                100.0 * epoch.train_top1,
                epoch.test_loss,
                100.0 * epoch.test_top1,
                epoch.pictures_per_second
            ));
        }
        epochs.push(*epoch);
    };
    let done = run.train(console.watch(), tell, finished);
    if matches!(done, Err(Error::Cancelled)) {
        console.note(&format!("{} whole epochs are kept: --resume goes on from there", run.done()));
    }
    done.map(|()| epochs)
}

fn text(report: &TrainingReport) -> String {
    let mut table = Table::new(&["epoch", "loss", "train top-1", "test loss", "test top-1", "seconds", "pictures/s"]);
    for epoch in &report.epochs {
        table.row([
            epoch.epoch.to_string(),
            format!("{:.4}", epoch.loss),
            format!("{:.2}%", 100.0 * epoch.train_top1),
            format!("{:.4}", epoch.test_loss),
            format!("{:.2}%", 100.0 * epoch.test_top1),
            format!("{:.1}", epoch.seconds),
            format!("{:.0}", epoch.pictures_per_second),
        ]);
    }
    let last = report.out.join(LAST);
    format!("{}\n{} opens with --weights {}\n", table.render(), report.network, last.display())
}
