//! Networks that learned without the parts that a row leaves out: runs of `striate train --remove`.

use super::{
    Args,
    facts::{MeasuredRows, accuracies},
    finished::FinishedRows,
    measure::{outcomes_of, subject},
    plan::Row,
};
use crate::{
    Error, Result,
    cli::console::Console,
    dataset::{Hits, KeptInputs, LabelledFolder},
    engine::{BY_FILE, Model, Opening},
    train::LAST,
    weights::Source,
};
use std::{path::Path, sync::Arc};

/// A network that was trained without a row's parts.
pub(super) struct Retrained {
    row: usize,
    model: Arc<Model>,
}

/// The networks of --retrained with their rows, which are found before anything is measured.
pub(super) fn open(args: &Args, rows: &[Row], console: &Console) -> Result<Vec<Retrained>> {
    args.retrained.iter().map(|run| find(run, args, rows, console)).collect()
}

fn find(run: &Path, args: &Args, rows: &[Row], console: &Console) -> Result<Retrained> {
    console.stage(&format!("reading weights of {}", run.display()));
    let file = if run.is_dir() { run.join(LAST) } else { run.to_owned() };
    let opening = Opening { weights: Source::File(file), ..Opening::of(BY_FILE) };
    let compute = &args.network.compute;
    let model = Model::open(&compute.over(opening), &compute.device.open()?, console.watch())?;
    model.require_classes()?;
    let sorted = |mut parts: Vec<String>| {
        parts.sort();
        parts
    };
    let without = sorted(model.left_out());
    let is_its = |row: &Row| row.moved.is_empty() && row.silent.is_none() && sorted(row.removed()) == without;
    match rows.iter().position(is_its) {
        Some(row) => Ok(Retrained { row, model: Arc::new(model) }),
        None if without.is_empty() => Err(Error::Usage(format!(
            "the network in {} has all its parts: 'striate train --remove' trains one without some",
            run.display()
        ))),
        None => Err(Error::Usage(format!(
            "the network in {} is without {}, and no row is: --remove {} makes one",
            run.display(),
            without.join(", "),
            without.join(",")
        ))),
    }
}

/// Measures the networks and keeps their accuracies with their rows.
pub(super) fn measure(
    retrained: &[Retrained],
    folder: &LabelledFolder,
    measured: &mut MeasuredRows,
    finished: &mut FinishedRows,
    console: &Console,
) -> Result<()> {
    for (index, Retrained { row, model }) in retrained.iter().enumerate() {
        let look_up = |name: &str| model.labels.look_up(name);
        let folder = LabelledFolder::new(folder.listing.clone(), &model.card.name, &look_up)?;
        let key = format!("{}: retrained", subject(model, &folder, folder.listing.entries.len()));
        console.stage(&format!("{}, retrained", model.card.title));
        let own = finished.or_measure(key, || {
            let read = |path: &Path| model.prepare_file(path);
            let kept = KeptInputs::new(&read);
            let watch = console.watch().part(index, retrained.len());
            Ok(accuracies(Hits::of(&outcomes_of(model, &kept, &folder, &watch)?.0)))
        })?;
        measured.rows[*row].retrained = Some(own);
    }
    Ok(())
}
