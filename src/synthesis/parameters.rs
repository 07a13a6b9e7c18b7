//! Parameters of a synthesis as data: flags and sliders are made from [`PARAMETERS`].

use crate::methods::{Parameter, ParameterKind, Settings};

pub(super) const STEPS: Parameter = Parameter::count("steps", "Steps in all", [1, 100_000], 512, "steps");
pub(super) const SEED: Parameter =
    Parameter::count("seed", "Seed of the random numbers: the same seed gives the same picture", [0, 999_999], 0, "");
pub(super) const RESULT: Parameter = Parameter::choice(
    "result",
    "The picture that a run ends with: its last, or the best of its last three quarters, in which the class was likeliest \
     (without a class, the objective largest)",
    &["last", "best"],
);
pub(super) const PARAMETRISATION: Parameter = Parameter::choice(
    "parametrisation",
    "Parameters of the picture: its pixels, or the waves that it is the sum of, in decorrelated colours",
    &["pixels", "fourier"],
);
pub(super) const DECAY_POWER: Parameter = Parameter::number(
    "decay-power",
    "Preference of a step for large waves: amplitudes go with frequency to minus this",
    [0.0, 3.0],
    1.0,
    "",
);
pub(super) const START: Parameter = Parameter::choice(
    "start",
    "Start of the pixels: the mean colour, noise, or the open picture",
    &["mean", "noise", "picture"],
);
pub(super) const NOISE: Parameter =
    Parameter::number("noise", "Deviation of the noise that pixels start from", [0.0, 128.0], 10.0, "grey levels");
pub(super) const OPTIMISER: Parameter = Parameter::choice(
    "optimiser",
    "Rule that turns the gradient into a step: times the rate, with momentum, or by Adam",
    &["ascent", "momentum", "adam"],
);
pub(super) const GRADIENT: Parameter = Parameter::choice(
    "gradient",
    "Gradient as it is, or divided by the mean of its sizes, so that the rate is the mean step",
    &["plain", "normalised"],
);
pub(super) const RATE: Parameter =
    Parameter::number("rate", "Length of a step; of pixels in grey levels", [0.0, 1e6], 1.0, "");
pub(super) const MOMENTUM: Parameter =
    Parameter::number("momentum", "The share of the last step that momentum takes again", [0.0, 0.999], 0.9, "");
pub(super) const PENALTIES: Parameter = Parameter::choice(
    "penalties",
    "Weights of penalties: as given, or relative to the size of the objective's gradient in the first step, so that one \
     weight suits networks whose scores differ in size",
    &["plain", "relative"],
);
pub(super) const L2: Parameter = Parameter::number(
    "l2",
    "Penalty on the mean square of a pixel about the mean colour, black to white being 1 (lambda)",
    [0.0, 1e6],
    0.0,
    "",
);
pub(super) const L1: Parameter =
    Parameter::number("l1", "Penalty on the mean size of a pixel's colours about the mean colour", [0.0, 1e6], 0.0, "");
pub(super) const RANGE: Parameter = Parameter::number(
    "range",
    "Penalty on the mean sixth power of a pixel about the mean colour: holds all pixels within a range",
    [0.0, 1e9],
    0.0,
    "",
);
pub(super) const VARIATION: Parameter = Parameter::number(
    "variation",
    "Penalty on total variation: the mean difference of neighbours",
    [0.0, 1e6],
    0.0,
    "",
);
pub(super) const VARIATION_POWER: Parameter =
    Parameter::number("variation-power", "The power that these differences are raised to (beta)", [1.0, 3.0], 1.0, "");
pub(super) const SHARPNESS: Parameter = Parameter::number(
    "sharpness",
    "Penalty on the difference from the picture blurred by a pixel",
    [0.0, 1e6],
    0.0,
    "",
);
pub(super) const DECAY: Parameter =
    Parameter::number("decay", "The share of every pixel that is lost after a step", [0.0, 1.0], 0.0, "");
pub(super) const BLUR: Parameter =
    Parameter::number("blur", "Deviation of the Gaussian that blurs pixels between steps", [0.0, 10.0], 0.0, "pixels");
pub(super) const BLUR_EVERY: Parameter =
    Parameter::count("blur-every", "Steps from blur to blur", [1, 1000], 4, "steps");
pub(super) const SMALL_NORM: Parameter = Parameter::number(
    "small-norm",
    "Pixels whose colour is nearest to the mean, of which this share becomes the mean after a step",
    [0.0, 100.0],
    0.0,
    "percent",
);
pub(super) const SMALL_CONTRIBUTION: Parameter = Parameter::number(
    "small-contribution",
    "Pixels that matter least to the objective, of which this share becomes the mean after a step",
    [0.0, 100.0],
    0.0,
    "percent",
);
pub(super) const VALID: Parameter =
    Parameter::choice("values", "Pixels beyond black and white: free or clipped", &["free", "clipped"]);
pub(super) const JITTER: Parameter = Parameter::count(
    "jitter",
    "Random crop before every step: moves the picture by up to half of it",
    [0, 128],
    0,
    "pixels",
);
pub(super) const ZOOM: Parameter =
    Parameter::number("zoom", "Random scale before every step, up to this share either way", [0.0, 0.5], 0.0, "");
pub(super) const ROTATE: Parameter = Parameter::number(
    "rotate",
    "Random rotation before every step, up to this either way",
    [0.0, 180.0],
    0.0,
    "degrees",
);
pub(super) const JITTER_AFTER: Parameter =
    Parameter::count("jitter-after", "Random crop after scale and rotation", [0, 128], 0, "pixels");
pub(super) const EDGE: Parameter = Parameter::choice(
    "edge",
    "Surroundings of the picture in random transforms: the mean colour, or its other side",
    &["mean", "wrap"],
);
pub(super) const OCTAVES: Parameter =
    Parameter::count("octaves", "Sizes that the picture grows through, small to full", [1, 10], 1, "");
pub(super) const OCTAVE_SCALE: Parameter =
    Parameter::number("octave-scale", "Factor from each size to the next", [1.05, 3.0], 1.4, "");

/// All of them, in the order in which flags and sliders stand.
pub const PARAMETERS: &[Parameter] = &[
    STEPS,
    SEED,
    RESULT,
    PARAMETRISATION,
    DECAY_POWER,
    START,
    NOISE,
    OPTIMISER,
    GRADIENT,
    RATE,
    MOMENTUM,
    PENALTIES,
    L2,
    L1,
    RANGE,
    VARIATION,
    VARIATION_POWER,
    SHARPNESS,
    DECAY,
    BLUR,
    BLUR_EVERY,
    SMALL_NORM,
    SMALL_CONTRIBUTION,
    VALID,
    JITTER,
    ZOOM,
    ROTATE,
    JITTER_AFTER,
    EDGE,
    OCTAVES,
    OCTAVE_SCALE,
];

/// A parameter's value as it is typed.
pub fn in_words_of(parameter: &Parameter, settings: &Settings) -> String {
    match parameter.kind {
        ParameterKind::Choice(_) => settings.choice(parameter).to_owned(),
        _ => settings.number(parameter).to_string(),
    }
}

/// The settings that differ from the defaults, as NAME=VALUE with blanks between. They reproduce a picture.
pub fn in_words(settings: &Settings) -> String {
    let set = PARAMETERS.iter().filter(|parameter| settings.number(parameter) != parameter.default());
    set.map(|parameter| format!("{}={}", parameter.name, in_words_of(parameter, settings)))
        .collect::<Vec<_>>()
        .join(" ")
}
