//! The lane that a question waits in, as data.

/// Questions of one kind. In each lane the latest batch wins: it replaces the batch that waits and cancels the one that
/// runs.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InquiryLane {
    /// Unique name of the lane.
    pub name: &'static str,
    /// Thread that serves the lane.
    pub thread: Thread,
    /// Subject of the questions. A change of it cancels them.
    pub subject: Subject,
}

/// Thread that serves a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thread {
    /// The thread that also runs pictures. For answers that come within a fraction of a second.
    Shared,
    /// A thread of the lane's own. For answers that take long.
    Own,
}

/// Subject of a question: a new one makes the answer useless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The run on screen: another network, picture or alteration cancels the question.
    Run,
    /// The picture before it is altered: another network or picture cancels the question.
    Picture,
    /// Something that the question holds itself: only a newer question cancels it.
    Own,
}
