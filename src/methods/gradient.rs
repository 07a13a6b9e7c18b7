//! Methods of one reverse walk from a target to the picture: saliency (Simonyan, Vedaldi and Zisserman 2014), the
//! signed gradient and its parts, gradient x input, guided backpropagation (Springenberg et al. 2015) and the
//! deconvnet's rule applied to a class (Zeiler and Fergus 2014).

use super::{attribution::Attribution, method::Method, question::Question, settings::Parameter, target::Aim};
use crate::{
    Error, Result,
    kernels::to_vec,
    net::{NodeId, Op, Reverse, Rule},
};
use candle_core::Tensor;

/// For methods that attribute to each colour value.
pub(super) const COLOURS: Parameter =
    Parameter::choice("colours", "Values of a pixel's three colours: added up or kept apart", &["sum", "separate"]);

pub(super) const SALIENCY: Method = Method {
    name: "saliency",
    title: "Saliency",
    formula: "M(i,j) = max over colours c of |∂S/∂x(c,i,j)|",
    caution: "It shows where a change of the pixels would change the score, not where the evidence lies; it is noisy by nature.",
    paper: "Simonyan, Vedaldi and Zisserman 2014",
    about: "The change of the class's score when a pixel changes: the largest absolute derivative over the colour \
            channels. Bright pixels are those to which the score is most sensitive.",
    run: |question| Attribution::new(&question.walk(0, Rule::Gradient)?.abs()?.max_keepdim(1)?, false),
    ..Method::BLANK
};

pub(super) const GRADIENT: Method = Method {
    name: "gradient",
    title: "Gradient",
    formula: "G = ∂S/∂x",
    paper: "Simonyan, Vedaldi and Zisserman 2014",
    about: "The derivative of the class's score with respect to each colour value of the picture. Grey is zero; lighter \
            means that more of that colour raises the score, darker that it lowers it.",
    run: |question| Attribution::new(&question.walk(0, Rule::Gradient)?, true),
    ..Method::BLANK
};

pub(super) const POSITIVE: Method = Method {
    name: "positive-gradient",
    title: "Positive gradient",
    formula: "M(i,j) = max over colours c of max(0, ∂S/∂x(c,i,j))",
    paper: "Simonyan, Vedaldi and Zisserman 2014",
    about: "The part of the gradient above zero, the largest over the colours: where more of some colour would raise \
            the score.",
    run: |question| Attribution::new(&question.walk(0, Rule::Gradient)?.relu()?.max_keepdim(1)?, false),
    ..Method::BLANK
};

pub(super) const NEGATIVE: Method = Method {
    name: "negative-gradient",
    title: "Negative gradient",
    formula: "M(i,j) = max over colours c of max(0, −∂S/∂x(c,i,j))",
    paper: "Simonyan, Vedaldi and Zisserman 2014",
    about: "The part of the gradient below zero, its largest size over the colours: where more of some colour would \
            lower the score.",
    run: |question| Attribution::new(&question.walk(0, Rule::Gradient)?.neg()?.relu()?.max_keepdim(1)?, false),
    ..Method::BLANK
};

pub(super) const GRADIENT_X_INPUT: Method = Method {
    name: "gradient-x-input",
    title: "Gradient x input",
    formula: "A = x · ∂S/∂x",
    caution: "It is zero wherever the prepared input is zero, whatever the network does there.",
    paper: "Shrikumar, Greenside, Shcherbina and Kundaje 2016",
    about: "The gradient times the normalised pixel, summed over the colours: what each pixel adds to the score to \
            first order. Red raises the score, blue lowers it.",
    parameters: &[COLOURS],
    run: |question| {
        let product = (question.walk(0, Rule::Gradient)? * question.trace.output(0))?;
        coloured(question, &product)
    },
    ..Method::BLANK
};

pub(super) const GUIDED_BACKPROP: Method = Method {
    name: "guided-backprop",
    title: "Guided backprop",
    formula: "at every rectifier g ← g · [x > 0] · [g > 0]",
    caution: "It depends on the class and on the learned weights hardly at all: it recovers edges of the picture (Adebayo et al. 2018; Nie et al. 2018). Do not read it as evidence for a class.",
    paper: "Springenberg, Dosovitskiy, Brox and Riedmiller 2015",
    about: "The gradient, but every rectifier lets only positive signals back through units that were active. It shows \
            sharp structures that excite the network, with little regard to which class was asked for.",
    run: |question| by_rule(question, Rule::Guided),
    ..Method::BLANK
};

pub(super) const DECONVNET: Method = Method {
    name: "deconvnet",
    title: "Deconvnet",
    formula: "at every rectifier g ← g · [g > 0]",
    caution: "It depends on the class hardly at all (Mahendran and Vedaldi 2016). Read it as what a unit finds, not as evidence for a class.",
    paper: "Zeiler and Fergus 2014",
    about: "The class's score projected back to the picture: at rectifiers only positive signals pass, at max pools \
            they return to where the maximum was. It shows the structures that lead to the class.",
    run: |question| by_rule(question, Rule::Deconvnet),
    ..Method::BLANK
};

/// One walk under a rule that lets only positive signals pass. Where none of the whole target reaches the picture, the
/// walk begins again at the strongest place of the maps that the target is the mean of.
fn by_rule(question: &Question, rule: Rule) -> Result<Attribution> {
    let whole = question.walk(0, rule)?;
    if !is_zero(&whole)? {
        return Attribution::new(&whole, true);
    }
    let aim = question.aim()?;
    let (maps, seed) = before_pooling(question, &aim)?;
    if let Some((place, one)) = strongest_place(question, maps, &seed)? {
        let how = Reverse { rule, watch: question.watch.clone(), ..Reverse::default() };
        let part = question.trace.reverse(maps, &one, 0, &how)?;
        if !is_zero(&part)? {
            let name = &question.trace.network().graph().node(maps).name;
            let note = format!(
                "only positive signals pass a rectifier under this rule, and none of the whole target reaches the \
                 picture; this is the projection of its strongest place alone, row {}, column {} of {name}",
                place[0], place[1]
            );
            return Ok(Attribution { note: Some(note), ..Attribution::new(&part, true)? });
        }
    }
    Err(Error::Failed(format!(
        "nothing to show, because only positive signals pass a rectifier under this rule, and none is left before layer \
         {}; the saliency map has no such rule, and neither has the deconvnet projection of a unit of an earlier layer",
        dying_layer(question, &aim, rule)?
    )))
}

fn is_zero(values: &Tensor) -> Result<bool> {
    Ok(to_vec(values)?.iter().all(|&value| value == 0.0))
}

/// The layer before the pooling that a target may end in, with the target's weights there.
fn before_pooling(question: &Question, aim: &Aim) -> Result<(NodeId, Tensor)> {
    let trace = question.trace;
    let (mut layer, mut seed) = (aim.node, aim.seed.clone());
    loop {
        let node = trace.network().graph().node(layer);
        match node.op {
            Op::Flatten | Op::Dropout { .. } | Op::AvgPool { .. } | Op::AdaptiveAvgPool { .. } => {
                seed = trace.step(layer, 0, &seed, &Reverse::default())?;
                layer = node.inputs[0];
            }
            _ => return Ok((layer, seed)),
        }
    }
}

/// The row and column of the strongest activation among the places that a seed weighs, and a seed for it alone.
fn strongest_place(question: &Question, layer: NodeId, seed: &Tensor) -> Result<Option<([usize; 2], Tensor)>> {
    let [_, height, width] = question.trace.network().graph().node(layer).extent();
    let (values, weights) = (question.trace.values(layer)?, to_vec(seed)?);
    let weighed = weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
    let Some((at, _)) = weighed.max_by(|(a, _), (b, _)| values[*a].total_cmp(&values[*b]).then(b.cmp(a))) else {
        return Ok(None);
    };
    let [unit, row, column] = [at / (height * width), at / width % height, at % width];
    let one = question.trace.seed(layer, [unit, row, column], 1.0)?;
    Ok((height * width > 1).then_some(([row, column], one)))
}

/// The name of the last layer that a signal reaches.
fn dying_layer(question: &Question, aim: &Aim, rule: Rule) -> Result<String> {
    let trace = question.trace;
    let mut last = aim.node;
    trace.walk(aim.node, &aim.seed, 0, question.watch, |layer, index, signal| {
        if !is_zero(signal)? {
            last = layer;
        }
        trace.step(layer, index, signal, &rule.into())
    })?;
    Ok(trace.network().graph().node(last).name.clone())
}

/// Signed shares `(1, channels, height, width)`, added up over the colours unless [`COLOURS`] says otherwise.
pub(super) fn coloured(question: &Question, shares: &Tensor) -> Result<Attribution> {
    match question.settings.choice(&COLOURS) {
        "separate" => Attribution::new(shares, true),
        _ => Attribution::new(&shares.sum_keepdim(1)?, true),
    }
}
