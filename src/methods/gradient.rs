//! What one reverse walk from a class's score to the picture gives: saliency (Simonyan, Vedaldi and Zisserman 2014),
//! the signed gradient, gradient x input, guided backpropagation (Springenberg et al. 2015) and the deconvnet's rule
//! applied to a class (Zeiler and Fergus 2014).

use super::{Attribution, Method, Question};
use crate::{
    Result,
    kernels::to_vec,
    net::{Reverse, Rule},
};
use candle_core::Tensor;

pub(super) const SALIENCY: Method = Method {
    name: "saliency",
    title: "Saliency",
    paper: "Simonyan, Vedaldi and Zisserman 2014",
    about: "How much the class's score changes when a pixel changes: the largest absolute derivative over the colour \
            channels. Bright pixels are those to which the score is most sensitive.",
    run: |question| {
        let gradient = walk(question, Rule::Gradient)?;
        attribution(&gradient.abs()?.max_keepdim(1)?, false)
    },
};

pub(super) const GRADIENT: Method = Method {
    name: "gradient",
    title: "Gradient",
    paper: "Simonyan, Vedaldi and Zisserman 2014",
    about: "The derivative of the class's score with respect to each colour value of the picture. Grey is zero; lighter \
            means that more of that colour raises the score, darker that it lowers it.",
    run: |question| attribution(&walk(question, Rule::Gradient)?, true),
};

pub(super) const GRADIENT_X_INPUT: Method = Method {
    name: "gradient-x-input",
    title: "Gradient x input",
    paper: "Shrikumar, Greenside, Shcherbina and Kundaje 2016",
    about: "The gradient times the normalised pixel, summed over the colours: what each pixel adds to the score to \
            first order. Red raises the score, blue lowers it.",
    run: |question| {
        let product = (walk(question, Rule::Gradient)? * question.trace.output(0))?;
        attribution(&product.sum_keepdim(1)?, true)
    },
};

pub(super) const GUIDED_BACKPROP: Method = Method {
    name: "guided-backprop",
    title: "Guided backprop",
    paper: "Springenberg, Dosovitskiy, Brox and Riedmiller 2015",
    about: "The gradient, but every rectifier lets only positive signals back through units that were active. It shows \
            sharp structures that excite the network, with little regard to which class was asked for.",
    run: |question| attribution(&walk(question, Rule::Guided)?, true),
};

pub(super) const DECONVNET: Method = Method {
    name: "deconvnet",
    title: "Deconvnet",
    paper: "Zeiler and Fergus 2014",
    about: "The class's score projected back to the picture: at rectifiers only positive signals pass, at max pools \
            they return to where the maximum was. It shows the structures that lead to the class.",
    run: |question| attribution(&walk(question, Rule::Deconvnet)?, true),
};

/// dS_c/dI under a rule, `(1, channels, height, width)`.
fn walk(question: &Question, rule: Rule) -> Result<Tensor> {
    let trace = question.trace;
    let scores = trace.network().graph().scores();
    let seed = trace.seed(scores, [question.class, 0, 0], 1.0)?;
    trace.reverse(scores, &seed, 0, &Reverse { rule, watch: question.watch.clone(), ..Reverse::default() })
}

fn attribution(values: &Tensor, signed: bool) -> Result<Attribution> {
    let (_, channels, height, width) = values.dims4()?;
    Attribution { values: to_vec(values)?, shape: [channels, height, width], signed }.check()
}
