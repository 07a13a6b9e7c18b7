//! A data set: examples to learn from, and others to test with.

use super::example::LabelledPicture;

/// Examples to learn from and to test with.
#[derive(Clone, Debug, Default)]
pub struct DataSet {
    /// The names of the classes.
    pub classes: Vec<String>,
    /// Pictures to learn from.
    pub train: Vec<LabelledPicture>,
    /// Pictures to test with, which training never sees.
    pub test: Vec<LabelledPicture>,
    /// One sentence for each picture that cannot be read.
    pub damaged: Vec<String>,
}
