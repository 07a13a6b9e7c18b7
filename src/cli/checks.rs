//! Whether to believe a heatmap: two tests of it, for `--check`.

use super::{console::Console, facts::number};
use crate::{
    Result,
    methods::{Attribution, Curve, Method, Question, curves, randomised},
};
use serde::Serialize;

/// Steps of the curves, and places on the way down at which the network is asked again.
const STEPS: usize = 50;
const REDRAWN: usize = 6;

/// The keys are part of the command line.
#[derive(Clone, Serialize)]
pub(super) struct Checks {
    /// The brightest pixels are covered first.
    deletion: Test,
    /// The brightest pixels are shown first.
    insertion: Test,
    /// Layers drawn anew from the top down to this one, and the rank correlation with the trained network's heatmap.
    randomisation: Vec<Redrawn>,
}

#[derive(Clone, Serialize)]
struct Test {
    area: f32,
    /// The same with the dimmest pixels first: the heatmap has to do better than this.
    reversed_area: f32,
    shares: Vec<f32>,
    values: Vec<f32>,
}

#[derive(Clone, Serialize)]
struct Redrawn {
    layer: String,
    correlation: Option<f32>,
}

impl Checks {
    pub fn run(question: &Question, method: &Method, answer: &Attribution, console: &Console) -> Result<Self> {
        console.stage("covering and showing pixels");
        let half = |index| console.watch().part(index, 2);
        let forwards = curves(&question.of(question.trace, &half(0)), answer, STEPS)?;
        let backwards = curves(&question.of(question.trace, &half(1)), &answer.reversed(), STEPS)?;
        let test = |Curve { area, shares, values }, reversed: Curve| Test {
            area,
            reversed_area: reversed.area,
            shares,
            values,
        };
        console.stage("drawing weights anew");
        let graph = question.trace.network().graph();
        let redrawn = randomised(question, method, REDRAWN)?.into_iter();
        let named = redrawn
            .map(|step| Redrawn { layer: graph.node(step.layer).name.clone(), correlation: step.correlation })
            .collect();
        Ok(Checks {
            deletion: test(forwards.deletion, backwards.deletion),
            insertion: test(forwards.insertion, backwards.insertion),
            randomisation: named,
        })
    }

    /// A line for each test, with what it means.
    pub fn text(&self) -> String {
        let line = |name: &str, test: &Test, better: bool, what: &str| {
            let verdict = if better { "passed" } else { "FAILED" };
            let (area, reversed) = (number(test.area), number(test.reversed_area));
            format!("{name:10}{verdict}: {what} first, area {area}; {reversed} in the opposite order\n")
        };
        let Checks { deletion, insertion, randomisation } = self;
        let mut text = line("deletion", deletion, deletion.area < deletion.reversed_area, "brightest pixels covered");
        text += &line("insertion", insertion, insertion.area > insertion.reversed_area, "brightest pixels shown");
        let steps: Vec<String> = randomisation
            .iter()
            .map(|step| match step.correlation {
                Some(correlation) => format!("{} {correlation:.2}", step.layer),
                None => format!("{} nothing left", step.layer),
            })
            .collect();
        text += &format!("redrawn   rank correlation as layers are drawn anew down to: {}\n", steps.join(", "));
        text
    }
}
