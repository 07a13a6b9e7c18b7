//! The accuracies of a network without parts, row by row.

use super::{
    facts::{MeasuredRows, RowFacts, accuracies},
    finished::FinishedRows,
    plan::{Row, StandIn},
};
use crate::{
    Error, Result,
    cli::{console::Console, labelled::note_left_out},
    dataset::{Damaged, Features, Hits, KeptInputs, LabelledFolder, Outcome, outcomes, pooled_features},
    engine::Model,
    figures::{Facts, words::thousands},
    watch::Watch,
};
use std::{collections::BTreeMap, path::Path, sync::Arc};

/// The values that parts have on the average, by the number of the layer.
pub(super) type UnitMeans = BTreeMap<usize, Vec<f32>>;

/// The accuracies of a network over a folder, and the pictures they are of.
pub(super) struct MeasuredNetwork {
    pub pictures: usize,
    pub unreadable: Vec<String>,
    pub rows: MeasuredRows,
    pub means: UnitMeans,
}

/// Measures every row; those that are `finished` are taken from there.
pub(super) fn measure(
    model: &Arc<Model>,
    rows: &[Row],
    folder: &LabelledFolder,
    finished: &mut FinishedRows,
    console: &Console,
) -> Result<MeasuredNetwork> {
    let read = |path: &Path| model.prepare_file(path);
    let kept = KeptInputs::new(&read);
    let over = |changed: &Arc<Model>, watch: &Watch| outcomes_of(changed, &kept, folder, watch);
    let count = thousands(folder.listing.entries.len() as u64);
    console.stage(&format!("{} on {count} pictures", model.card.name));
    let (found, damaged) = over(model, console.watch())?;
    let unreadable: Vec<String> = damaged.into_iter().map(|(_, why)| why).collect();
    if found.is_empty() {
        let first = unreadable.first().map_or("", String::as_str);
        return Err(Error::Failed(format!("none of the {count} pictures could be read: {first}")));
    }
    note_left_out(&unreadable, &folder.unmatched, console);
    let means = means(model, rows, folder, &kept, console)?;
    let baseline = accuracies(Hits::of(&found));
    let mut measured = MeasuredRows { baseline, rows: Vec::new() };
    console.stage(&format!("{} without parts, {} rows", model.card.name, rows.len()));
    let about = subject(model, folder, found.len());
    for (index, row) in rows.iter().enumerate() {
        let key = format!("{about}: {}{}", row.name(), row.absent.first().map_or("", |absent| absent.with.name()));
        let own = finished.or_measure(key, || {
            let changed = Arc::new(model.with_network(model.network.operated(&row.operation(&means))?));
            let (found, _) = over(&changed, &console.watch().part(index, rows.len()))?;
            Ok(accuracies(Hits::of(&found)))
        })?;
        measured.rows.push(RowFacts::of(row, own));
    }
    Ok(MeasuredNetwork { pictures: found.len(), unreadable, rows: measured, means })
}

/// The answers of a network over a folder, and the pictures that cannot be read.
pub(super) fn outcomes_of(
    model: &Arc<Model>,
    kept: &KeptInputs,
    folder: &LabelledFolder,
    watch: &Watch,
) -> Result<(Vec<Outcome>, Damaged)> {
    let at = |size| Ok(model.at(size)?.network.clone());
    outcomes(&model.network, &at, &|path: &Path| kept.prepare(path), folder, watch)
}

/// Everything but the change that a row's accuracy depends on.
pub(super) fn subject(model: &Model, folder: &LabelledFolder, pictures: usize) -> String {
    let facts = Facts::of(model);
    let preparation = facts.preparation.as_ref().map(ToString::to_string).unwrap_or_default();
    let names: Vec<&str> = folder.classes.iter().map(|class| class.folder.as_str()).collect();
    let folders = names.len();
    let ends = [names.first(), names.last()].map(|name| name.copied().unwrap_or_default());
    format!(
        "{} with {}, {preparation}, {pictures} pictures of {folders} classes, {} to {}",
        facts.network, facts.weights, ends[0], ends[1]
    )
}

/// The mean of every unit over the folder, for the outputs of parts that their mean stands for.
fn means(
    model: &Arc<Model>,
    rows: &[Row],
    folder: &LabelledFolder,
    kept: &KeptInputs,
    console: &Console,
) -> Result<UnitMeans> {
    let wanted = rows.iter().flat_map(|row| &row.absent).filter(|absent| absent.with == StandIn::Mean);
    let mut layers: Vec<usize> = wanted.map(|absent| absent.part.output).collect();
    layers.sort_unstable();
    layers.dedup();
    if layers.is_empty() {
        return Ok(UnitMeans::new());
    }
    console.stage("the means of the units");
    let (prepare, at) = (|path: &Path| kept.prepare(path), |size| Ok(model.at(size)?.network.clone()));
    let (found, _) = pooled_features(&model.network, &at, &prepare, &folder.listing, &layers, console.watch())?;
    Ok(layers.into_iter().zip(found.iter().map(Features::means)).collect())
}
