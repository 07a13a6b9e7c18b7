//! What one reverse walk from a target to the picture gives: saliency (Simonyan, Vedaldi and Zisserman 2014), the
//! signed gradient and its parts, gradient x input, guided backpropagation (Springenberg et al. 2015) and the
//! deconvnet's rule applied to a class (Zeiler and Fergus 2014).

use super::{attribution::Attribution, method::Method, question::Question, settings::Parameter};
use crate::{Result, net::Rule};
use candle_core::Tensor;

/// For methods that say what each colour value adds.
pub(super) const COLOURS: Parameter = Parameter::choice(
    "colours",
    "Whether the three colours of a pixel are added up or kept apart",
    &["sum", "separate"],
);

pub(super) const SALIENCY: Method = Method {
    name: "saliency",
    title: "Saliency",
    paper: "Simonyan, Vedaldi and Zisserman 2014",
    about: "How much the class's score changes when a pixel changes: the largest absolute derivative over the colour \
            channels. Bright pixels are those to which the score is most sensitive.",
    run: |question| Attribution::new(&question.walk(0, Rule::Gradient)?.abs()?.max_keepdim(1)?, false),
    ..Method::BLANK
};

pub(super) const GRADIENT: Method = Method {
    name: "gradient",
    title: "Gradient",
    paper: "Simonyan, Vedaldi and Zisserman 2014",
    about: "The derivative of the class's score with respect to each colour value of the picture. Grey is zero; lighter \
            means that more of that colour raises the score, darker that it lowers it.",
    run: |question| Attribution::new(&question.walk(0, Rule::Gradient)?, true),
    ..Method::BLANK
};

pub(super) const POSITIVE: Method = Method {
    name: "positive-gradient",
    title: "Positive gradient",
    paper: "Simonyan, Vedaldi and Zisserman 2014",
    about: "The part of the gradient above zero, the largest over the colours: where more of some colour would raise \
            the score.",
    run: |question| Attribution::new(&question.walk(0, Rule::Gradient)?.relu()?.max_keepdim(1)?, false),
    ..Method::BLANK
};

pub(super) const NEGATIVE: Method = Method {
    name: "negative-gradient",
    title: "Negative gradient",
    paper: "Simonyan, Vedaldi and Zisserman 2014",
    about: "The part of the gradient below zero, its largest size over the colours: where more of some colour would \
            lower the score.",
    run: |question| Attribution::new(&question.walk(0, Rule::Gradient)?.neg()?.relu()?.max_keepdim(1)?, false),
    ..Method::BLANK
};

pub(super) const GRADIENT_X_INPUT: Method = Method {
    name: "gradient-x-input",
    title: "Gradient x input",
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
    paper: "Springenberg, Dosovitskiy, Brox and Riedmiller 2015",
    about: "The gradient, but every rectifier lets only positive signals back through units that were active. It shows \
            sharp structures that excite the network, with little regard to which class was asked for.",
    run: |question| Attribution::new(&question.walk(0, Rule::Guided)?, true),
    ..Method::BLANK
};

pub(super) const DECONVNET: Method = Method {
    name: "deconvnet",
    title: "Deconvnet",
    paper: "Zeiler and Fergus 2014",
    about: "The class's score projected back to the picture: at rectifiers only positive signals pass, at max pools \
            they return to where the maximum was. It shows the structures that lead to the class.",
    run: |question| Attribution::new(&question.walk(0, Rule::Deconvnet)?, true),
    ..Method::BLANK
};

/// Signed shares `(1, channels, height, width)`, added up over the colours unless [`COLOURS`] says otherwise.
pub(super) fn coloured(question: &Question, shares: &Tensor) -> Result<Attribution> {
    match question.settings.choice(&COLOURS) {
        "separate" => Attribution::new(shares, true),
        _ => Attribution::new(&shares.sum_keepdim(1)?, true),
    }
}
