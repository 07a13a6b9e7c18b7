//! `striate classify`: the most probable classes of a picture.

use super::{
    args::{SubjectArgs, path, picture, picture_name},
    console::Console,
    output::{aside, check_path, check_stdout, is_stdout, write_raw},
    table::{Table, bar},
};
use crate::{
    Error, Result,
    engine::{AuxiliaryAnswer, Run},
    figures::{ClassFacts, Facts, to_json, words::number},
};
use candle_core::{Device, Tensor};
use serde::Serialize;
use std::{ffi::OsString, path::PathBuf};

/// Print the most probable classes of a picture, or of several
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    subject: SubjectArgs,
    /// More pictures. One that cannot be read is named, and the rest still runs
    #[arg(value_name = "IMAGE", conflicts_with_all = ["input", "raw"])]
    more: Vec<OsString>,
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
    /// The best class of each auxiliary classifier.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    auxiliary: Vec<HeadFacts>,
}

#[derive(Serialize)]
struct HeadFacts {
    layer: String,
    class: String,
    index: usize,
    score: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<f32>,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    check_path("--raw", args.raw.as_deref(), "npy", "a .npy file")?;
    check_stdout("--raw", args.raw.as_deref(), args.json)?;
    if !args.more.is_empty() {
        return several(args, console);
    }
    let run = args.subject.run(console)?;
    run.model.require_classes()?;
    if let Some(path) = &args.raw {
        write_raw(path, &Tensor::from_slice(&run.scores, run.scores.len(), &Device::Cpu)?)?;
    }
    let answer = answer(args, &run, args.subject.name());
    let to_stdout = args.raw.as_deref().is_some_and(is_stdout);
    if args.json { to_json(&answer) } else { Ok(aside(text(&answer, &run), to_stdout)) }
}

/// The answers for several pictures.
#[derive(Serialize)]
struct ClassifyAnswers {
    pictures: Vec<ClassifyAnswer>,
    /// A sentence for each picture that could not be read.
    damaged: Vec<String>,
}

fn answer(args: &Args, run: &Run, picture: String) -> ClassifyAnswer {
    let facts = Facts { raw: args.raw.clone(), ..Facts::of(&run.model).picture(picture) };
    let top = run.ranking().into_iter().take(args.top.into()).map(|class| ClassFacts::of(run, class)).collect();
    let auxiliary = run.auxiliary().into_iter().map(|head| head_facts(run, &head)).collect();
    ClassifyAnswer { facts, classes: run.scores.len(), forward_seconds: run.took.as_secs_f64(), top, auxiliary }
}

fn head_facts(run: &Run, head: &AuxiliaryAnswer) -> HeadFacts {
    HeadFacts {
        layer: run.model.network.graph().node(head.layer).name.clone(),
        class: run.model.class_name(head.class),
        index: head.class,
        score: head.score,
        probability: Some(head.probability).filter(|_| !run.model.is_untrained()),
    }
}

/// Several pictures, one after another, through one network. Those that cannot be read are named in the end.
fn several(args: &Args, console: &Console) -> Result<String> {
    let model = args.subject.network.open(console)?;
    model.require_classes()?;
    let sources: Vec<&OsString> = args.subject.image.iter().chain(&args.more).collect();
    let (mut answers, mut texts, mut damaged) = (Vec::new(), String::new(), Vec::new());
    console.stage(&format!("running {} on {} pictures", model.card.name, sources.len()));
    for (index, source) in sources.iter().enumerate() {
        let watch = console.watch().part(index, sources.len());
        match picture(source).and_then(|picture| Run::picture(&model, picture, &watch)) {
            Ok(run) => {
                let answer = answer(args, &run, picture_name(source));
                texts += &(text(&answer, &run) + "\n");
                answers.push(answer);
            }
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => damaged.push(error.to_string()),
        }
    }
    if answers.is_empty() {
        return Err(Error::Failed(format!(
            "none of the {} pictures can be shown: {}",
            sources.len(),
            damaged.join("; ")
        )));
    }
    damaged.iter().for_each(|error| console.warn(error));
    if args.json { to_json(&ClassifyAnswers { pictures: answers, damaged }) } else { Ok(texts) }
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
    let head = |head: &HeadFacts| {
        let HeadFacts { layer, class, score, .. } = head;
        let value = head.probability.map_or_else(|| number(*score), |share| format!("{:.2}%", 100.0 * share));
        format!("auxiliary classifier {layer}: {class} ({value})\n")
    };
    let heads: String = answer.auxiliary.iter().map(head).collect();
    let warning = if untrained { "untrained: the weights are made up, so the scores mean nothing\n" } else { "" };
    let picture = answer.facts.picture.as_deref().unwrap_or_default();
    let raw =
        answer.facts.raw.as_ref().map_or_else(String::new, |path| format!("wrote the scores to {}\n", path.display()));
    format!(
        "{picture}, seen by {} ({:.0} ms)\n{warning}\n{}{heads}{raw}",
        run.model.card.title,
        1000.0 * answer.forward_seconds,
        table.render()
    )
}
