//! `--check`: two tests that tell whether to believe a heatmap.

use super::console::Console;
use crate::{
    Result,
    figures::{CurveTest, LayerRedrawn, TrustChecks},
    methods::{Attribution, Curve, Method, Question, REDRAWN, curves, randomised},
};

/// Steps of the deletion and insertion curves.
const STEPS: usize = 50;

/// Runs both tests of a heatmap.
pub(super) fn trust_checks(
    question: &Question,
    method: &Method,
    answer: &Attribution,
    console: &Console,
) -> Result<TrustChecks> {
    console.stage("covering and showing pixels");
    let half = |index| console.watch().part(index, 2);
    let forwards = curves(&question.of(question.trace, &half(0)), answer, STEPS)?;
    let backwards = curves(&question.of(question.trace, &half(1)), &answer.reversed(), STEPS)?;
    let test = |Curve { area, shares, values }, reversed: Curve| CurveTest {
        area,
        reversed_area: reversed.area,
        shares,
        values,
    };
    console.stage("redrawing weights");
    let graph = question.trace.network().graph();
    let redrawn = randomised(question, method, REDRAWN)?.into_iter();
    let named = redrawn
        .map(|step| LayerRedrawn { layer: graph.node(step.layer).name.clone(), correlation: step.correlation })
        .collect();
    Ok(TrustChecks {
        deletion: test(forwards.deletion, backwards.deletion),
        insertion: test(forwards.insertion, backwards.insertion),
        randomisation: named,
    })
}
