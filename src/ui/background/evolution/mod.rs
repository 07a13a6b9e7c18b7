//! The checkpoints of a run as one thing: a thread opens them and runs the picture through those near the epoch on screen
//! ahead of need, and makes what the Evolution pane shows of all epochs.

mod jobs;
mod queue;
mod session;

pub use queue::{EpochLayer, EvolutionLook, PictureOrigin, UnitTiles};
pub use session::EvolutionSession;
