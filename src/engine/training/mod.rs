//! The start of a run of training, for every face: network, first weights, data, the part that learns, and the settings that
//! a run's folder keeps.

mod data;
mod kept;
mod model;
mod origin;
mod part;

pub use data::{TEST_SHARE, TrainingData};
pub use kept::RunSettings;
pub use origin::{PreparedTraining, TrainingOrigin};
pub use part::LearningPart;
