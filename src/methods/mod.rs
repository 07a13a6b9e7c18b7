//! Questions asked of a trace, one file a method. [`METHODS`] lists those that attribute a class's score to the
//! picture's pixels; flags, pickers and the tour are derived from it.
//!
//! Architecture invariant: a method is data and a function of a trace; it knows no file, no window and no network by
//! name.

mod deconvnet;
mod gradient;
mod strength;

pub use deconvnet::{Keep, Reconstruction, deconvnet};
pub use strength::strongest_units;

use crate::{Error, Result, error::unknown, net::Trace, watch::Watch};

/// A way to say which pixels matter for a class.
#[derive(Debug)]
pub struct Method {
    /// What `--method` calls it.
    pub name: &'static str,
    /// What the window calls it.
    pub title: &'static str,
    /// Who published it.
    pub paper: &'static str,
    /// What it shows, in two sentences.
    pub about: &'static str,
    /// The method itself.
    pub run: fn(&Question) -> Result<Attribution>,
}

/// What a method is asked: which pixels of the trace's picture matter for class `class`?
pub struct Question<'a> {
    /// One forward pass.
    pub trace: &'a Trace,
    /// Index of the class whose score S_c, before softmax, is explained.
    pub class: usize,
    /// Progress and cancelling.
    pub watch: &'a Watch,
}

/// Values at the pixels of the network's input.
#[derive(Clone, Debug)]
pub struct Attribution {
    /// Row-major `(channels, height, width)`; one channel where the method makes a heatmap.
    pub values: Vec<f32>,
    /// Channels, height and width.
    pub shape: [usize; 3],
    /// Whether values below zero mean something (then zero is drawn as the neutral colour).
    pub signed: bool,
}

impl Attribution {
    /// Refuses what could only be drawn as a blank or misleading picture, saying why.
    ///
    /// # Errors
    /// [`Error::Failed`] when all values are zero or any is not finite.
    pub fn check(self) -> Result<Self> {
        if self.values.iter().any(|value| !value.is_finite()) {
            return Err(Error::Failed(
                "nothing to show: the network's weights or scores are not finite numbers".into(),
            ));
        }
        if self.values.iter().all(|&value| value == 0.0) {
            return Err(Error::Failed("nothing to show: no pixel of this picture changes the score".into()));
        }
        Ok(self)
    }
}

/// Every attribution method, the usual one first.
pub const METHODS: &[Method] = &[
    gradient::SALIENCY,
    gradient::GRADIENT,
    gradient::GRADIENT_X_INPUT,
    gradient::GUIDED_BACKPROP,
    gradient::DECONVNET,
];

/// The method called `name`.
///
/// # Errors
/// [`Error::Usage`] with the nearest names.
pub fn find(name: &str) -> Result<&'static Method> {
    METHODS
        .iter()
        .find(|method| method.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| unknown("method", name, METHODS.iter().map(|m| m.name), "'striate saliency --help' lists them"))
}
