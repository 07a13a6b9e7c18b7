//! `striate classify`: the most probable classes of a picture.

use super::{
    args::{SubjectArgs, path},
    console::Console,
    output::{aside, check_path, check_stdout, is_stdout, write_raw},
    table::{Table, bar},
};
use crate::{
    Result,
    engine::Run,
    figures::{ClassFacts, Facts, to_json, words::number},
};
use candle_core::{Device, Tensor};
use serde::Serialize;
use std::path::PathBuf;

/// Print the most probable classes of a picture
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    subject: SubjectArgs,
    /// Number of classes to print
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    top: u16,
    /// Write the scores of all classes before softmax: float32, (classes)
    #[arg(long, value_name = "FILE.npy", value_parser = path())]
    raw: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct ClassifyAnswer {
    #[serde(flatten)]
    facts: Facts,
    classes: usize,
    forward_seconds: f64,
    top: Vec<ClassFacts>,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    check_path("--raw", args.raw.as_deref(), "npy", "a .npy file")?;
    check_stdout("--raw", args.raw.as_deref(), args.json)?;
    let run = args.subject.run(console)?;
    run.model.require_classes()?;
    if let Some(path) = &args.raw {
        write_raw(path, &Tensor::from_slice(&run.scores, run.scores.len(), &Device::Cpu)?)?;
    }
    let facts = Facts { raw: args.raw.clone(), ..Facts::of(&run.model).picture(args.subject.name()) };
    let top = run.ranking().into_iter().take(args.top.into()).map(|class| ClassFacts::of(&run, class)).collect();
    let answer = ClassifyAnswer { facts, classes: run.scores.len(), forward_seconds: run.took.as_secs_f64(), top };
    let to_stdout = args.raw.as_deref().is_some_and(is_stdout);
    if args.json { to_json(&answer) } else { Ok(aside(text(&answer, &run), to_stdout)) }
}

fn text(answer: &ClassifyAnswer, run: &Run) -> String {
    let untrained = answer.facts.untrained;
    let columns: &[&str] = match untrained {
        true => &[">", "class", ">score"],
        false => &[">", ">probability", "", "class", ">index", ">score", "WordNet id"],
    };
    let mut table = Table::new(columns);
    for (rank, class) in answer.top.iter().enumerate() {
        let mut cells = vec![(rank + 1).to_string()];
        if let Some(probability) = class.probability {
            cells.extend([format!("{:.2}%", 100.0 * probability), bar(probability, 20)]);
        }
        cells.push(class.title());
        match untrained {
            true => cells.push(number(class.score)),
            false => {
                let score = format!("{:.3}", class.score);
                cells.extend([class.index.to_string(), score, class.wnid.clone().unwrap_or_default()]);
            }
        }
        table.row(cells);
    }
    let warning = if untrained { "untrained: the weights are made up, so the scores mean nothing\n" } else { "" };
    let picture = answer.facts.picture.as_deref().unwrap_or_default();
    let raw =
        answer.facts.raw.as_ref().map_or_else(String::new, |path| format!("wrote the scores to {}\n", path.display()));
    format!(
        "{picture}, seen by {} ({:.0} ms)\n{warning}\n{}{raw}",
        run.model.card.title,
        1000.0 * answer.forward_seconds,
        table.render()
    )
}
