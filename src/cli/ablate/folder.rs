//! Accuracy over a folder without parts of the network, beside a second network where one is named.

use super::{
    Args, chart,
    facts::{AblationFacts, Accuracies, BesideFacts, MeasuredRows},
    finished::FinishedRows,
    measure::measure,
    plan::Row,
    retrained,
};
use crate::{
    Error, Result,
    cli::{console::Console, labelled::Labelled, table::Table},
    dataset::LabelledFolder,
    engine::Model,
    figures::{Facts, Spreadsheet, to_json, words::thousands},
    paint::{write_atomically, write_picture},
    paths::from_user,
    weights::Source,
};
use std::sync::Arc;

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    let root = from_user(&args.subject);
    let mut finished = FinishedRows::open(args.resume.as_deref())?;
    let Labelled { model, folder } = Labelled::open(&root, &args.network, console)?;
    let (rows, notes) = args.plan.rows(&model.network)?;
    notes.iter().for_each(|note| console.note(note));
    if args.save.is_some() && rows.len() != 1 {
        return Err(Error::Usage(format!("--save writes one changed network, and there are {} rows", rows.len())));
    }
    let beside = open_beside(args, &rows, console)?;
    let runs = retrained::open(args, &rows, console)?;
    let mut own = measure(&model, &rows, &folder, &mut finished, console)?;
    retrained::measure(&runs, &folder, &mut own.rows, &mut finished, console)?;
    let beside = match beside {
        Some((other, rows)) => {
            let look_up = |name: &str| other.labels.look_up(name);
            let folder = LabelledFolder::new(folder.listing.clone(), &other.card.name, &look_up)?;
            let measured = measure(&other, &rows, &folder, &mut finished, console)?.rows;
            let (network, weights) = (other.card.name.clone(), other.weights.to_string());
            Some(BesideFacts { network, weights, untrained: other.is_untrained(), measured })
        }
        None => None,
    };
    if let (Some(path), [row]) = (&args.save, &rows[..]) {
        model.write_operation(path, &row.operation(&own.means), &row.name())?;
    }
    let (facts, measured) = (Facts::of(&model), own.rows);
    let (pictures, unreadable) = (own.pictures, own.unreadable);
    let facts = AblationFacts { facts, folder: root, pictures, unreadable, measured, beside };
    if let Some(path) = &args.csv {
        let text = csv(&facts);
        write_atomically(path, |file| file.write_all(text.as_bytes()))?;
    }
    if let Some(path) = &args.out {
        write_picture(path, &chart::draw(&facts)?, &facts.facts.texts())?;
    }
    if args.json { to_json(&facts) } else { Ok(text(&facts)) }
}

/// The network of --beside with its rows, which are checked before anything is measured.
fn open_beside(args: &Args, rows: &[Row], console: &Console) -> Result<Option<(Arc<Model>, Vec<Row>)>> {
    let Some(choice) = &args.beside else { return Ok(None) };
    if rows.iter().any(|row| row.silent.is_some()) {
        return Err(Error::Usage(
            "--each-unit is of one network: units of another are others; leave --beside out".into(),
        ));
    }
    console.stage(&format!("reading weights of {}", choice.name()));
    let weights = args.beside_weights.clone().unwrap_or(Source::Shipped);
    let compute = &args.network.compute;
    let model = Model::open(&compute.over(choice.opening(weights)), &compute.device.open()?, console.watch())?;
    model.require_classes()?;
    model.notes.iter().for_each(|note| console.note(note));
    if model.is_untrained() {
        console.note(&format!("{} runs on synthetic weights and is untrained", model.card.name));
    }
    let rows = rows.iter().map(|row| row.beside(&model.network)).collect::<Result<_>>()?;
    Ok(Some((Arc::new(model), rows)))
}

/// Every network with its accuracies.
fn networks(facts: &AblationFacts) -> Vec<(&str, &MeasuredRows)> {
    let beside = facts.beside.iter().map(|beside| (beside.network.as_str(), &beside.measured));
    std::iter::once((facts.facts.network.as_str(), &facts.measured)).chain(beside).collect()
}

fn csv(facts: &AblationFacts) -> String {
    let titles =
        ["row", "removed", "dropped", "top1", "top5", "swapped", "unit", "network", "retrained_top1", "retrained_top5"];
    let mut cells = Spreadsheet::new(titles);
    let shown = |count: Option<usize>| count.map_or_else(String::new, |count| count.to_string());
    let percent = |percent: Option<f64>| percent.map_or_else(String::new, |percent| percent.to_string());
    for (network, measured) in networks(facts) {
        let Accuracies { top1, top5 } = measured.baseline;
        let (none, [top1, top5]) = (String::new, [top1.to_string(), top5.to_string()]);
        cells.add([
            "as it is".to_owned(),
            none(),
            none(),
            top1,
            top5,
            none(),
            none(),
            network.to_owned(),
            none(),
            none(),
        ]);
        for row in &measured.rows {
            let Accuracies { top1, top5 } = row.accuracies;
            cells.add([
                row.name.clone(),
                row.removed.join(" "),
                shown(row.dropped),
                top1.to_string(),
                top5.to_string(),
                shown(row.swapped),
                shown(row.unit),
                network.to_owned(),
                percent(row.retrained.map(|own| own.top1)),
                percent(row.retrained.map(|own| own.top5)),
            ]);
        }
    }
    cells.csv()
}

fn text(facts: &AblationFacts) -> String {
    let pictures = thousands(facts.pictures as u64);
    let one = |(network, measured): (&str, &MeasuredRows)| {
        format!("{}\n{network} on {pictures} pictures of {}\n", table(measured), facts.folder.display())
    };
    networks(facts).into_iter().map(one).collect::<Vec<_>>().join("\n")
}

fn table(measured: &MeasuredRows) -> String {
    let retrained = measured.rows.iter().any(|row| row.retrained.is_some());
    let mut titles = vec!["", ">top-1 %", ">change", ">top-5 %", ">change"];
    titles.extend(retrained.then_some([">retrained", ">change"]).into_iter().flatten());
    let mut table = Table::new(&titles);
    let base = measured.baseline;
    let change = |now: f64, before: f64| format!("{:+.2}", now - before);
    let shown = |name: &str, own: &Accuracies| {
        let (one, five) = (change(own.top1, base.top1), change(own.top5, base.top5));
        vec![name.to_owned(), format!("{:.2}", own.top1), one, format!("{:.2}", own.top5), five]
    };
    let [top1, top5] = [base.top1, base.top5].map(|percent| format!("{percent:.2}"));
    let more = |own: Option<Accuracies>| match own {
        Some(own) => vec![format!("{:.2}", own.top1), change(own.top1, base.top1)],
        None => vec![String::new(); if retrained { 2 } else { 0 }],
    };
    table.row([vec!["as it is".to_owned(), top1, String::new(), top5, String::new()], more(None)].concat());
    measured.rows.iter().for_each(|row| table.row([shown(&row.name, &row.accuracies), more(row.retrained)].concat()));
    table.render()
}
