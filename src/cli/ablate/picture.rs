//! The answer for one picture without parts of the network.

use super::{Args, plan::StandIn};
use crate::{
    Error, Result,
    cli::{args, console::Console, table::Table},
    engine::{Model, Run},
    figures::{Facts, to_json},
    net::Trace,
};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

#[derive(Serialize)]
struct AnswerFacts {
    #[serde(flatten)]
    facts: Facts,
    baseline: Answer,
    rows: Vec<RowAnswer>,
}

/// The likeliest class, and the probability of the class that the whole network predicts.
#[derive(Serialize)]
struct Answer {
    class: usize,
    label: String,
    probability: f32,
    baseline_probability: f32,
}

#[derive(Serialize)]
struct RowAnswer {
    #[serde(skip)]
    name: String,
    removed: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    with: Option<StandIn>,
    #[serde(flatten)]
    answer: Answer,
    /// The scores before softmax.
    scores: Vec<f32>,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    let picture = args::picture(&args.subject)?;
    let model = args.network.open(console)?;
    model.require_classes()?;
    let run = Run::picture(&model, picture, console.watch())?;
    let (rows, notes) = args.plan.rows(&run.model.network)?;
    notes.iter().for_each(|note| console.note(note));
    if args.save.is_some() && rows.len() != 1 {
        return Err(Error::Usage(format!("--save writes one changed network, and there are {} rows", rows.len())));
    }
    let mut means = BTreeMap::new();
    for absent in rows.iter().flat_map(|row| &row.absent).filter(|absent| absent.with == StandIn::Mean) {
        means.insert(absent.part.output, unit_means(&run.trace, absent.part.output)?);
    }
    let class = run.predicted();
    console.stage(&format!("{} without parts, {} rows", model.card.name, rows.len()));
    let mut found = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let changed = Arc::new(run.model.network.operated(&row.operation(&means))?);
        let watch = console.watch().part(index, rows.len());
        let trace = changed.forward(run.trace.output(0), &watch)?;
        let answer = answer(&model, &trace.probabilities()?, class);
        let with = row.absent.first().map(|absent| absent.with);
        found.push(RowAnswer { name: row.name(), removed: row.removed(), with, answer, scores: trace.scores()? });
    }
    if let (Some(path), [row]) = (&args.save, &rows[..]) {
        run.model.write_operation(path, &row.operation(&means), &row.name())?;
    }
    let facts =
        AnswerFacts { facts: Facts::of_run(&run), baseline: answer(&model, &run.probabilities, class), rows: found };
    if args.json { to_json(&facts) } else { Ok(text(&facts)) }
}

fn answer(model: &Model, probabilities: &[f32], baseline: usize) -> Answer {
    let better = |best: usize, class: usize| if probabilities[class] > probabilities[best] { class } else { best };
    let class = (0..probabilities.len()).fold(0, better);
    Answer {
        class,
        label: model.class_name(class),
        probability: probabilities[class],
        baseline_probability: probabilities[baseline],
    }
}

/// The mean of every unit's map.
fn unit_means(trace: &Trace, layer: usize) -> Result<Vec<f32>> {
    let [_, height, width] = trace.network().graph().node(layer).extent();
    let mean = |map: &[f32]| map.iter().sum::<f32>() / map.len() as f32;
    Ok(trace.values(layer)?.chunks_exact(height * width).map(mean).collect())
}

fn text(facts: &AnswerFacts) -> String {
    let label = &facts.baseline.label;
    let mut table = Table::new(&["", "class", ">%", ">of the first %"]);
    let percent = |share: f32| format!("{:.2}", 100.0 * share);
    let row = |name: &str, answer: &Answer| {
        [name.to_owned(), answer.label.clone(), percent(answer.probability), percent(answer.baseline_probability)]
    };
    table.row(row("as it is", &facts.baseline));
    facts.rows.iter().for_each(|found| table.row(row(&found.name, &found.answer)));
    format!("{}\nthe last column is the probability of {label}\n", table.render())
}
