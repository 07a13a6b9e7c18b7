//! `striate evaluate`: where the network is right over a folder of pictures, and where it is wrong.

mod csv;
mod folder;
mod page;
mod report;

use super::{
    args::{NetworkArgs, path},
    console::Console,
    labelled::Labelled,
    output::check_path,
};
use crate::{
    Error, Result,
    dataset::{Evaluation, outcomes},
    figures::{Facts, to_json, words::thousands},
    paint::{NewFolder, write_atomically},
};
use folder::{EVALUATION, write_folder};
use report::Report;
use std::{path::PathBuf, time::Instant};

/// Measure where a network is right and wrong over a folder of pictures, a folder a class
///
/// A class's folder is named after the class: its label, else its WordNet id, else its index. Labels are those of
/// --labels where that is given. Pictures may lie in folders within it: the accuracy of each such folder is then given
/// over all classes. Pictures that cannot be read are named, counted and left out. Precision, recall and F1 are those of
/// scikit-learn; the calibration error is that of Guo et al. (2017) with 15 bins.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder that holds a folder for each class
    #[arg(value_parser = path())]
    folder: PathBuf,
    #[command(flatten)]
    network: NetworkArgs,
    /// Mistakes to list, the most confident first
    #[arg(long, value_name = "N", default_value_t = 20)]
    mistakes: u16,
    /// Write a page with everything, the same as JSON, and tables as CSV into a folder
    #[arg(long, value_name = "DIR", value_parser = path())]
    out: Option<PathBuf>,
    /// Write a line for each picture: its class, the prediction and the probabilities
    #[arg(long, value_name = "FILE.csv", value_parser = path())]
    csv: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    check_path("--csv", args.csv.as_deref(), "csv", "a CSV file")?;
    let Labelled { model, folder } = Labelled::open(&args.folder, &args.network, console)?;
    let new = args.out.as_ref().map(|out| NewFolder::create(out, EVALUATION)).transpose()?;
    let start = Instant::now();
    let count = folder.listing.entries.len();
    console.stage(&format!("{} on {} pictures", model.card.name, thousands(count as u64)));
    let prepare = |path: &std::path::Path| model.prepare_file(path);
    let at = |size| Ok(model.at(size)?.network.clone());
    let (found, damaged) = outcomes(&model.network, &at, &prepare, &folder, console.watch())?;
    let seconds = start.elapsed().as_secs_f64();
    if found.is_empty() {
        let first = damaged.first().map_or("", |(_, why)| why);
        return Err(Error::Failed(format!("none of the {count} pictures could be read: {first}")));
    }
    let unreadable: Vec<String> = damaged.into_iter().map(|(_, why)| why).collect();
    super::labelled::note_left_out(&unreadable, &folder.unmatched, console);
    let evaluation = Evaluation::of(&folder, &found);
    let report = Report {
        facts: Facts::of(&model),
        model: &model,
        folder: &folder,
        outcomes: &found,
        evaluation: &evaluation,
        unreadable,
        seconds,
    };
    if let Some(path) = &args.csv {
        let text = csv::pictures(&report);
        write_atomically(path, |file| file.write_all(text.as_bytes()))?;
    }
    if let (Some(new), Some(out)) = (new, &args.out) {
        console.stage("writing the page");
        write_folder(&report, args.mistakes.into(), new, out, console.watch())?;
    }
    if args.json { to_json(&report.json(args.mistakes.into())) } else { Ok(report.text(args.mistakes.into())) }
}
