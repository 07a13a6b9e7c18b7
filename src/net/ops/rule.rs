//! Rules of the reverse walk at a rectifier.

use serde::Serialize;

/// The rule of the reverse walk at a rectifier with input x and incoming gradient g.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Rule {
    /// `g [x > 0]`: the derivative, 0 at x = 0.
    #[default]
    Gradient,
    /// `g [x > 0] [g > 0]`: guided backpropagation (Springenberg, Dosovitskiy, Brox and Riedmiller 2015).
    Guided,
    /// `g [g > 0]`: deconvnet (Zeiler and Fergus 2014).
    Deconvnet,
}
