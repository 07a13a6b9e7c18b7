//! Events that the worker threads send to the window.

use super::{inquiry::Answered, lane::Lane, live::Frame, model::Model, run::Run};
use std::sync::Arc;

/// Something that happened.
pub enum Event {
    /// A network is open.
    Model(Arc<Model>),
    /// A picture ran.
    Run(Arc<Run>),
    /// The second picture ran, or there is none any more.
    Compared(Option<Arc<Run>>),
    /// A pinned pane's picture ran; the number is that of the request.
    Reopened(u64, Arc<Run>),
    /// A question is answered.
    Answered(Answered),
    /// A live synthesis has a new picture.
    Frame(Arc<Frame>),
    /// A task ended well, with this sentence.
    Finished(String),
    /// A request failed, for this reason; the screen stays as it was.
    Failed(Lane, String),
}
