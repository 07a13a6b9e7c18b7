//! Pictures with classes, from folders and from the files of known data sets.

mod cifar;
mod csv;
mod example;
mod folder;
mod idx;
mod set;
mod source;
mod split;

pub use example::{LabelledPicture, Stored};
pub use set::DataSet;
pub use source::DataSource;
