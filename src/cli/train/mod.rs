//! `striate train`: a network learns from pictures with classes.

mod settings;
mod start;

pub(super) use start::{DataArgs, Origin, Prepared, name_damaged};

use super::{args::path, console::Console, table::Table};
use crate::{
    Error, Result,
    figures::to_json,
    net::{Graph, NodeId},
    train::{Epoch, LAST, Parameters, Setup, TrainingProgress, TrainingRecipe, TrainingRun, read_facts},
    zoo::{self, Card},
};
use serde::{Deserialize, Serialize};
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
    #[command(flatten)]
    part: PartArgs,
    /// Go on with the run in RUN after its last whole epoch, with its settings
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
#[derive(clap::Args, Clone, Serialize, Deserialize)]
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
    /// Lets only this part learn.
    fn choose(&self, parameters: &mut Parameters, graph: &Graph, heads: &[NodeId]) -> Result<()> {
        if self.head_only {
            parameters.freeze(|layer| heads.contains(&layer));
        }
        if let Some(name) = &self.freeze_to {
            let last = graph.find(name)?;
            parameters.freeze(|layer| layer > last);
        }
        if !parameters.all.iter().any(|parameter| parameter.learns) {
            return Err(Error::Usage("no layer with weights is left to learn".into()));
        }
        let body = parameters.all.iter_mut().filter(|parameter| !heads.contains(&parameter.layer));
        body.for_each(|parameter| parameter.rate = self.body_rate);
        Ok(())
    }
}

/// The settings of a run, which --resume keeps.
struct Kept {
    recipe: TrainingRecipe,
    part: PartArgs,
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
    let (kept, network) = match args.out.as_deref().filter(|_| args.resume && !args.recipe) {
        Some(out) => {
            let (kept, card) = resumed(out)?;
            (Some(kept), Some(card))
        }
        None => (None, args.network),
    };
    let from = args.from.as_deref().filter(|_| kept.is_none());
    let origin = Origin::new(network, from, console)?;
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
    let Kept { recipe, part } = match kept {
        Some(kept) => kept,
        None => Kept { recipe: recipe(args, &origin)?.0, part: args.part.clone() },
    };
    check_out(out, args.resume)?;
    let limit = args.minutes.map(|minutes| minutes * 60.0);
    let limit = limit.map(Duration::try_from_secs_f64).transpose();
    let limit = limit.map_err(|_| Error::Usage("--minutes is a number of minutes above 0".into()))?;
    let data = args.data.read(&origin, recipe.seed, console)?;
    name_damaged(console, &data.damaged);
    let prepared = Prepared::new(&origin, &args.data, &data.classes, &recipe)?;
    let Prepared { network, mut parameters, preprocess, mut facts, heads } = prepared;
    part.choose(&mut parameters, network.graph(), &heads)?;
    let chosen =
        serde_json::to_string(&part).map_err(|error| Error::Failed(format!("the part that learns: {error}")))?;
    facts.insert("part".into(), chosen);
    fs::create_dir_all(out).map_err(|error| Error::io("create", out, &error))?;
    let threads = thread::available_parallelism().map_or(1, |count| count.get().div_ceil(4));
    let folder = Some(out.clone());
    let (name, count) = (origin.name().to_owned(), data.train.len());
    let setup = Setup { folder, data: &data, preprocess, recipe, facts, limit, threads };
    let mut run = match args.resume {
        true => TrainingRun::resume(setup, network, parameters)?,
        false => TrainingRun::new(setup, network, parameters),
    };
    console.stage(&format!("{name} on {count} pictures"));
    let epochs = train(&mut run, console, args.json)?;
    let report = TrainingReport {
        network: name,
        data: args.data.shown(),
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
fn recipe(args: &Args, origin: &Origin) -> Result<(TrainingRecipe, &'static str)> {
    let (own, from) = TrainingRecipe::of(origin.name());
    let own = if args.from.is_some() { own.for_transfer() } else { own };
    Ok((args.settings.over(own)?, from))
}

/// The settings and the network of the run in a folder.
fn resumed(out: &Path) -> Result<(Kept, &'static Card)> {
    let last = out.join(LAST);
    if !last.is_file() {
        return Err(Error::Failed(format!("{} holds no {LAST}: there is no whole epoch to go on from", out.display())));
    }
    let facts = read_facts(&last)?;
    let lacks = |what: &str| Error::Failed(format!("{} does not say its {what}", last.display()));
    let [recipe, part] = ["recipe", "part"].map(|name| facts.get(name).ok_or_else(|| lacks(name)));
    let recipe = serde_json::from_str(recipe?).map_err(|_| lacks("recipe"))?;
    let part = serde_json::from_str(part?).map_err(|_| lacks("part"))?;
    let network = facts.get("network").ok_or_else(|| lacks("network"))?;
    Ok((Kept { recipe, part }, zoo::find(network)?))
}

fn check_out(out: &Path, resume: bool) -> Result<()> {
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
    let tell = |at: &TrainingProgress| {
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
