//! Accuracy over a folder without parts of the network.

use super::{
    Args, chart,
    facts::{AblationFacts, Accuracies, RowFacts, accuracies},
    plan::{Row, StandIn},
};
use crate::{
    Error, Result,
    cli::{
        console::Console,
        labelled::{Labelled, note_left_out},
        table::Table,
    },
    dataset::{Damaged, Hits, KeptInputs, LabelledFolder, outcomes, pooled_features},
    engine::Model,
    figures::{Cells, Facts, to_json, words::thousands},
    paint::{write_atomically, write_picture},
    paths::from_user,
    watch::Watch,
};
use std::{collections::BTreeMap, path::Path, sync::Arc};

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    let root = from_user(&args.subject);
    let Labelled { model, folder } = Labelled::open(&root, &args.network, console)?;
    let (rows, notes) = args.plan.rows(&model.network)?;
    notes.iter().for_each(|note| console.note(note));
    if args.save.is_some() && rows.len() != 1 {
        return Err(Error::Usage(format!("--save writes one changed network, and there are {} rows", rows.len())));
    }
    let read = |path: &Path| model.prepare_file(path);
    let kept = KeptInputs::new(&read);
    let measure = |model: &Arc<Model>, watch: &Watch| {
        let at = |size| Ok(model.at(size)?.network.clone());
        outcomes(&model.network, &at, &|path: &Path| kept.prepare(path), &folder, watch)
    };
    let count = thousands(folder.listing.entries.len() as u64);
    console.stage(&format!("{} on {count} pictures", model.card.name));
    let (found, damaged) = measure(&model, console.watch())?;
    let unreadable: Vec<String> = damaged.into_iter().map(|(_, why): (usize, String)| why).collect();
    if found.is_empty() {
        let first = unreadable.first().map_or("", String::as_str);
        return Err(Error::Failed(format!("none of the {count} pictures could be read: {first}")));
    }
    note_left_out(&unreadable, &folder.unmatched, console);
    let means = means(&model, &rows, &folder, &kept, console)?;
    let mut facts = AblationFacts {
        facts: Facts::of(&model),
        folder: root,
        pictures: found.len(),
        unreadable,
        baseline: accuracies(Hits::of(&found)),
        rows: Vec::new(),
    };
    console.stage(&format!("{} without parts, {} rows", model.card.name, rows.len()));
    for (index, row) in rows.iter().enumerate() {
        let operation = row.operation(&means);
        let changed = Arc::new(model.with_network(model.network.operated(&operation)?));
        let (found, _): (_, Damaged) = measure(&changed, &console.watch().part(index, rows.len()))?;
        facts.rows.push(row_facts(row, accuracies(Hits::of(&found))));
    }
    if let (Some(path), [row]) = (&args.save, &rows[..]) {
        model.write_operation(path, &row.operation(&means), &row.name())?;
    }
    if let Some(path) = &args.csv {
        let text = csv(&facts);
        write_atomically(path, |file| file.write_all(text.as_bytes()))?;
    }
    if let Some(path) = &args.out {
        write_picture(path, &chart::draw(&facts)?, &facts.facts.texts())?;
    }
    if args.json { to_json(&facts) } else { Ok(text(&facts)) }
}

fn row_facts(row: &Row, accuracies: Accuracies) -> RowFacts {
    RowFacts {
        name: row.name(),
        removed: row.removed(),
        with: row.absent.first().map(|absent| absent.with),
        moved: row.moved.iter().map(|(to, from)| [to.part.name.clone(), from.part.name.clone()]).collect(),
        dropped: row.dropped,
        accuracies,
    }
}

/// The mean of every unit over the folder, for the outputs of parts that their mean stands for.
fn means(
    model: &Arc<Model>,
    rows: &[Row],
    folder: &LabelledFolder,
    kept: &KeptInputs,
    console: &Console,
) -> Result<BTreeMap<usize, Vec<f32>>> {
    let wanted = rows.iter().flat_map(|row| &row.absent).filter(|absent| absent.with == StandIn::Mean);
    let mut layers: Vec<usize> = wanted.map(|absent| absent.part.output).collect();
    layers.sort_unstable();
    layers.dedup();
    if layers.is_empty() {
        return Ok(BTreeMap::new());
    }
    console.stage("the means of the units");
    let (prepare, at) = (|path: &Path| kept.prepare(path), |size| Ok(model.at(size)?.network.clone()));
    let (found, _) = pooled_features(&model.network, &at, &prepare, &folder.listing, &layers, console.watch())?;
    Ok(layers.into_iter().zip(found.iter().map(crate::dataset::Features::means)).collect())
}

fn csv(facts: &AblationFacts) -> String {
    let mut cells = Cells::new(["row", "removed", "dropped", "top1", "top5"]);
    let numbers = |accuracies: &Accuracies| [accuracies.top1.to_string(), accuracies.top5.to_string()];
    let [top1, top5] = numbers(&facts.baseline);
    cells.add(["as it is".to_owned(), String::new(), String::new(), top1, top5]);
    for row in &facts.rows {
        let [top1, top5] = numbers(&row.accuracies);
        let dropped = row.dropped.map_or_else(String::new, |count| count.to_string());
        cells.add([row.name.clone(), row.removed.join(" "), dropped, top1, top5]);
    }
    cells.csv()
}

fn text(facts: &AblationFacts) -> String {
    let mut table = Table::new(&["", ">top-1 %", ">change", ">top-5 %", ">change"]);
    let base = facts.baseline;
    let shown = |name: &str, own: &Accuracies| {
        let change = |now: f64, before: f64| format!("{:+.2}", now - before);
        let (one, five) = (change(own.top1, base.top1), change(own.top5, base.top5));
        [name.to_owned(), format!("{:.2}", own.top1), one, format!("{:.2}", own.top5), five]
    };
    table.row([
        "as it is".to_owned(),
        format!("{:.2}", base.top1),
        String::new(),
        format!("{:.2}", base.top5),
        String::new(),
    ]);
    facts.rows.iter().for_each(|row| table.row(shown(&row.name, &row.accuracies)));
    let (network, pictures) = (&facts.facts.network, thousands(facts.pictures as u64));
    format!("{}\n{network} on {pictures} pictures of {}\n", table.render(), facts.folder.display())
}
