//! The facts about an answer of an attribution method.

use super::{
    class::ClassFacts,
    parts::{SumFacts, TargetFacts, settings},
    record::Facts,
};
use crate::{
    Result,
    engine::Run,
    methods::{Attribution, Keep, Method, Settings, Target},
    paint::Range,
};

/// A target that is no class, in words and with its value on the picture.
///
/// # Errors
/// Those of [`Target::aim`].
pub fn target_facts(run: &Run, target: Target) -> Result<TargetFacts> {
    let name = |layer: usize| &run.model.network.graph().node(layer).name;
    let what = match target {
        Target::Class(class) => format!("the score of {}", run.model.class_name(class)),
        Target::Difference(class, minus) => {
            format!("the score of {} minus that of {}", run.model.class_name(class), run.model.class_name(minus))
        }
        Target::Layer(layer) => format!("the mean of layer {}", name(layer)),
        Target::Unit { layer, unit, keep } => {
            let which = match keep {
                Keep::Strongest => "the strongest activation".to_owned(),
                Keep::Map => "the mean".to_owned(),
                Keep::At(row, column) => format!("the activation at ({row}, {column})"),
            };
            format!("{which} of unit {unit} of {}", name(layer))
        }
    };
    let aim = target.aim(&run.trace)?;
    let value = aim.values(&run.trace.output(aim.node).narrow(0, 0, 1)?)?[0];
    Ok(TargetFacts { what, value })
}

/// The facts about an attribution: target, method, settings, layer, shape, range and sum.
///
/// # Errors
/// Those of [`target_facts`].
pub fn attribution_facts(
    run: &Run,
    method: &Method,
    target: Target,
    chosen: &Settings,
    answer: &Attribution,
) -> Result<Facts> {
    let facts = match target {
        Target::Class(class) => Facts { class: Some(ClassFacts::of(run, class)), ..Facts::of_run(run) },
        Target::Difference(class, minus) => {
            let [class, minus] = [class, minus].map(|class| Some(ClassFacts::of(run, class)));
            Facts { class, minus, ..Facts::of_run(run) }
        }
        Target::Unit { .. } | Target::Layer(_) => {
            Facts { target: Some(target_facts(run, target)?), ..Facts::of_run(run) }
        }
    };
    let [channels, height, width] = answer.shape;
    let shape: &[usize] = if channels == 1 { &[height, width] } else { &answer.shape };
    let facts = Facts {
        settings: settings(method.parameters, chosen),
        sum: answer.check.map(SumFacts::from),
        note: answer.note.clone(),
        ..facts.method(method.name, method.paper).values(shape, Range::of(&answer.values))
    };
    Ok(answer.layer.map_or(facts.clone(), |layer| facts.layer(&run.model, layer)))
}
