//! `striate ablate`: what removing a part of a network costs.

mod chart;
mod facts;
mod finished;
mod folder;
mod measure;
mod picture;
mod plan;
mod retrained;
mod units;

use super::{
    args::{NetworkArgs, path, samples},
    choice::NetworkChoice,
    console::Console,
    output::{check_path, check_picture},
};
use crate::{Error, Result, paths::from_user, weights::Source};
use clap::builder::{OsStringValueParser, TypedValueParser};
use plan::PlanArgs;
use std::{ffi::OsString, path::PathBuf};

/// Measure what removing parts of a network costs: accuracy over a folder, or the answer for one picture
///
/// A part is a layer, or a module of layers such as a residual block (layer1.1) or an Inception branch
/// (inception4a.branch2). Every --remove, --shuffle and number of dropped blocks is a row of the table, beside the network as it
/// is. The network is not trained again, unless --retrained names runs of 'striate train --remove'. Residual networks lose little with a block, plain ones everything (Veit, Wilber and Belongie
/// 2016; for layers of AlexNet: Zeiler and Fergus 2014, Table 3).
#[derive(clap::Args)]
pub(super) struct Args {
    #[arg(help = format!("A folder that holds a folder for each class, or a picture: a file, or sample:NAME ({})", samples()))]
    subject: OsString,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    plan: PlanArgs,
    /// Silence the units of this layer one after the other, the most important for --class first, over a folder
    #[arg(long, value_name = "LAYER", requires = "class", conflicts_with_all = ["remove", "each", "shuffle", "drop_blocks", "swap_blocks", "each_unit", "save"])]
    units: Option<String>,
    /// The class of --units: its index, label or WordNet id
    #[arg(long, value_name = "C", requires = "units")]
    class: Option<String>,
    /// A second network, whose modules of the same names are left out or change places: the plain network of the same depth
    #[arg(long, value_name = "NETWORK|FILE", value_parser = NetworkChoice::from_user, conflicts_with_all = ["units", "save"])]
    beside: Option<NetworkChoice>,
    /// Weights of --beside [default: what ships, else what was fetched, else synthetic:0]
    #[arg(long, value_name = "FILE|synthetic:SEED", requires = "beside", value_parser = OsStringValueParser::new().try_map(Source::from_user))]
    beside_weights: Option<Source>,
    /// The run of 'striate train --remove' in which the network learned without a row's parts, or its weights; may be given
    /// several times
    #[arg(long, value_name = "RUN|FILE", value_parser = path(), conflicts_with = "units")]
    retrained: Vec<PathBuf>,
    /// Keep finished rows in this file, and take from it those of an earlier run that was interrupted
    #[arg(long, value_name = "FILE.json", value_parser = path(), conflicts_with = "units")]
    resume: Option<PathBuf>,
    /// Draw the accuracies as bars, the error against the number of dropped or swapped blocks as a curve, or the units in the
    /// order of what they cost
    #[arg(long, value_name = "CHART.png", value_parser = path())]
    out: Option<PathBuf>,
    /// Write the rows as a table
    #[arg(long, value_name = "FILE.csv", value_parser = path())]
    csv: Option<PathBuf>,
    /// Write the changed network as weights of the unchanged one, where weights can express the change; for one row
    #[arg(long, value_name = "FILE.safetensors", value_parser = path())]
    save: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    check_path("--csv", args.csv.as_deref(), "csv", "a CSV file")?;
    check_path("--resume", args.resume.as_deref(), "json", "a JSON file")?;
    check_path("--save", args.save.as_deref(), "safetensors", "a safetensors file")?;
    check_picture("--out", args.out.as_deref())?;
    if let (Some(layer), Some(class)) = (&args.units, &args.class) {
        return match from_user(&args.subject).is_dir() {
            true => units::run(args, layer, class, console),
            false => Err(Error::Usage("--units measures a class over a folder of pictures".into())),
        };
    }
    args.plan.check()?;
    if from_user(&args.subject).is_dir() {
        return folder::run(args, console);
    }
    let of_folder = args.out.is_some() || args.csv.is_some() || args.beside.is_some() || args.resume.is_some();
    let of_folder = of_folder || !args.retrained.is_empty();
    if of_folder {
        return Err(Error::Usage(
            "--out, --csv, --beside, --retrained and --resume are for a folder: a picture has no accuracy".into(),
        ));
    }
    picture::run(args, console)
}
