//! Published settings by name, and Striate's own.

use super::parameters::PARAMETERS;
use crate::{Result, error::unknown, methods::Settings};

/// Published settings, or ones chosen by looking at the pictures.
#[derive(Debug)]
pub struct Preset {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its name in the window.
    pub title: &'static str,
    /// The authors and year of the paper.
    pub paper: &'static str,
    /// Its effect, in two sentences.
    pub about: &'static str,
    /// The values that differ from the defaults, as [`Settings::parse`] reads them.
    values: &'static [&'static str],
}

/// The paper gives decay, blur and percentiles, but no step. The 100 times the plain gradient of its toolbox is for one
/// network's gradients: on photonet's it leaves the picture grey. Here the mean step is given, chosen by looking. As in
/// that toolbox a run ends with the best picture it came by: decay and clipping keep the last ones swinging. The fourth
/// has momentum, without which so few pixels do not find each other.
const YOSINSKI: &str = "Yosinski, Clune, Nguyen, Fuchs and Lipson 2015";

/// Every preset, the usual one first.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "striate",
        title: "Striate",
        paper: "chosen for Striate by looking at photonet's classes",
        about: "Waves of decorrelated colours, climbed by Adam under wider random moves, scales and turns than lucid's, with a \
                little total variation against stripes.",
        values: &[
            "parametrisation=fourier",
            "optimiser=adam",
            "rate=0.05",
            "jitter=12",
            "zoom=0.15",
            "rotate=15",
            "jitter-after=4",
            "variation=0.5",
            "steps=512",
        ],
    },
    Preset {
        name: "simonyan",
        title: "Simonyan",
        paper: "Simonyan, Vedaldi and Zisserman 2014",
        about: "Gradient ascent on the score minus lambda times the squared length of the picture, from the mean picture. \
                The paper gives neither lambda nor the step; these were chosen here, with lambda \
                relative to the gradient of the network's score.",
        values: &["gradient=normalised", "rate=1", "penalties=relative", "l2=0.6", "steps=300"],
    },
    Preset {
        name: "yosinski-1",
        title: "Yosinski 1",
        paper: YOSINSKI,
        about: "A slight blur every 4 steps, and half of the pixels, those nearest to the mean, set to the mean. The first \
                of the paper's four.",
        values: &[
            "gradient=normalised",
            "result=best",
            "rate=2",
            "steps=300",
            "blur=0.5",
            "blur-every=4",
            "small-norm=50",
        ],
    },
    Preset {
        name: "yosinski-2",
        title: "Yosinski 2",
        paper: YOSINSKI,
        about: "Strong decay, and a fifth of the pixels set to the mean. The second of the paper's four: the picture is \
                little more than the last gradients.",
        values: &["gradient=normalised", "result=best", "rate=6", "steps=150", "decay=0.3", "small-norm=20"],
    },
    Preset {
        name: "yosinski-3",
        title: "Yosinski 3",
        paper: YOSINSKI,
        about: "Blurred by a pixel every 4 steps with next to no decay. The third of the paper's four, and the usual one.",
        values: &[
            "gradient=normalised",
            "result=best",
            "rate=1.5",
            "steps=600",
            "decay=0.0001",
            "blur=1",
            "blur-every=4",
        ],
    },
    Preset {
        name: "yosinski-4",
        title: "Yosinski 4",
        paper: YOSINSKI,
        about: "A slight blur every 4 steps, and nine of ten pixels, those that matter least, set to the mean; held \
                between black and white. The fourth of the paper's four.",
        values: &[
            "gradient=normalised",
            "optimiser=momentum",
            "result=best",
            "rate=1.5",
            "steps=1000",
            "blur=0.5",
            "blur-every=4",
            "small-contribution=90",
            "values=clipped",
        ],
    },
    Preset {
        name: "lucid",
        title: "lucid",
        paper: "Olah, Mordvintsev and Schubert 2017",
        about: "Waves of decorrelated colours, climbed by Adam under random moves, scales and turns. The settings of \
                lucid, the program of the article.",
        values: &[
            "parametrisation=fourier",
            "optimiser=adam",
            "rate=0.05",
            "jitter=8",
            "zoom=0.1",
            "rotate=10",
            "jitter-after=4",
            "steps=512",
        ],
    },
    Preset {
        name: "deepdream",
        title: "DeepDream",
        paper: "Mordvintsev, Olah and Tyka 2015",
        about: "Starts from the open picture and amplifies what a layer finds in it, at four sizes from small to full. \
                Ten steps at each.",
        values: &[
            "start=picture",
            "gradient=normalised",
            "rate=1.5",
            "jitter=64",
            "edge=wrap",
            "values=clipped",
            "octaves=4",
            "octave-scale=1.4",
            "steps=40",
        ],
    },
    Preset {
        name: "mahendran",
        title: "Mahendran",
        paper: "Mahendran and Vedaldi 2015, 2016",
        about: "For inverting a layer: momentum, a penalty on the sixth power of pixels that holds them in range, and one \
                on squared variation. Starts from noise. The weights were chosen by looking at photonet.",
        values: &[
            "start=noise",
            "optimiser=momentum",
            "momentum=0.9",
            "gradient=normalised",
            "rate=1",
            "range=0.05",
            "variation=0.5",
            "variation-power=2",
            "steps=400",
        ],
    },
];

impl Preset {
    /// Its settings.
    ///
    /// # Errors
    /// None for the presets here: a test holds them to the parameters.
    pub fn settings(&self) -> Result<Settings> {
        Settings::parse(PARAMETERS, self.values.iter().copied())
    }
}

/// The preset called `name`; `yosinski` alone is the third of his four.
///
/// # Errors
/// [`crate::Error::Usage`] with the nearest names.
pub fn find(name: &str) -> Result<&'static Preset> {
    let wanted = if name.eq_ignore_ascii_case("yosinski") { "yosinski-3" } else { name };
    PRESETS.iter().find(|preset| preset.name.eq_ignore_ascii_case(wanted)).ok_or_else(|| {
        unknown("preset", name, PRESETS.iter().map(|preset| preset.name), "'striate maximise --help' lists them")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{super::parameters::in_words, *};

    #[test]
    fn presets_parse_and_are_found() {
        for preset in PRESETS {
            let settings = preset.settings().unwrap();
            let words = in_words(&settings);
            let again = Settings::parse(PARAMETERS, words.split(' ')).unwrap();
            assert_eq!(in_words(&again), words, "{}", preset.name);
            assert_eq!(find(&preset.name.to_uppercase()).unwrap().name, preset.name);
        }
        assert_eq!(find("yosinski").unwrap().name, "yosinski-3");
        assert!(find("simonian").unwrap_err().to_string().contains("simonyan"));
    }
}
