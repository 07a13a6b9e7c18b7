//! Reasons why there is nothing to show, given as a sentence in place of a blank or misleading picture.

use super::{
    attribution::Attribution,
    question::{Question, reaches},
    target::Target,
};
use crate::{Error, Result, kernels::to_vec, net::NodeId};

fn nothing(reason: &str) -> Error {
    Error::Failed(format!("nothing to show, because {reason}"))
}

/// Refuses questions that have no answer: weights that are not numbers, a picture of one flat colour.
pub(super) fn before(question: &Question) -> Result<()> {
    let trace = question.trace;
    unless_finite(question, question.aim()?.node)?;
    let [channels, height, width] = trace.network().graph().input_shape();
    let picture = trace.values(0)?;
    let flat = |plane: &[f32]| plane.iter().all(|&value| value == plane[0]);
    if height * width > 1 && channels > 0 && picture.chunks(height * width).all(flat) {
        return Err(nothing("the picture is one flat colour: no part of it differs from any other"));
    }
    Ok(())
}

/// Refuses values that are not numbers in the layers up to `last`.
pub(super) fn unless_finite(question: &Question, last: NodeId) -> Result<()> {
    // All layers: a logistic function hides an infinity from the scores. A sum is finite only if all values are, and
    // costs a fraction of the layer.
    for id in 0..=last {
        if !f64::from(to_vec(&question.trace.output(id).sum_all()?.flatten_all()?)?[0]).is_finite() {
            return Err(not_finite(question)?);
        }
    }
    Ok(())
}

/// Names the first layer whose values are not finite.
fn not_finite(question: &Question) -> Result<Error> {
    let trace = question.trace;
    let graph = trace.network().graph();
    for (id, node) in graph.nodes().iter().enumerate() {
        if to_vec(trace.output(id))?.iter().all(|value| value.is_finite()) {
            continue;
        }
        return Ok(nothing(&format!("the values of layer {} overflow: they hold NaN or infinity", node.name)));
    }
    Ok(nothing("the values of the network are too large to add up"))
}

/// Refuses an answer that could only be drawn as a blank, with the reason.
pub(super) fn after(question: &Question, answer: Attribution) -> Result<Attribution> {
    if answer.values.iter().any(|value| !value.is_finite()) {
        return Err(nothing("the result overflows: it is not made of finite numbers"));
    }
    let first = answer.values[0];
    if answer.values.len() > 1 && answer.values.iter().all(|&value| value == first)
        || first == 0.0 && answer.values.len() == 1
    {
        return Err(blank(question, answer.layer, first == 0.0)?);
    }
    Ok(answer)
}

/// The reason why all values of an answer are equal.
fn blank(question: &Question, layer: Option<NodeId>, zero: bool) -> Result<Error> {
    let trace = question.trace;
    let graph = trace.network().graph();
    let target = question.aim()?.node;
    for id in (1..=target).filter(|&id| reaches(graph, id, target)) {
        let values = to_vec(trace.output(id))?;
        if values.iter().all(|&value| value == 0.0) {
            let name = &graph.node(id).name;
            return Ok(nothing(&format!("layer {name} is dead on this picture: all its activations are zero")));
        }
    }
    let silent = matches!(question.target, Target::Unit { .. })
        && question.aim()?.values(&trace.output(target).narrow(0, 0, 1)?)?[0] == 0.0;
    Ok(match layer {
        _ if silent => nothing(&format!("the unit of layer {} is silent on this picture", graph.node(target).name)),
        _ if !zero => nothing("every place has the same value: the method does not tell them apart here"),
        Some(layer) => nothing(&format!(
            "nowhere in layer {} do the units speak for the target rather than against it",
            graph.node(layer).name
        )),
        None => nothing("every value is zero: by this method no pixel of this picture changes the target"),
    })
}
