//! Questions for files and folders. The system's dialog waits on a thread of its own, so the window never waits; where the
//! system has none, the window draws one. Tests answer in its place.

mod ask;
mod browser;
mod open;
pub mod paths;
pub mod save;

pub use ask::{Ask, FileQuestion, native};
pub use open::{Dialogs, Purpose, opened};
