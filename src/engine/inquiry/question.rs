//! The interface of a question and of the key that its answer is kept by.

use super::lane::InquiryLane;
use crate::{Result, watch::Watch};
use std::hash::Hash;

/// Everything that an answer depends on, without the run itself.
pub trait InquiryKey: Clone + Eq + Hash + Send + Sync + 'static {
    /// The answer.
    type Answer: Send + Sync + 'static;

    /// Number of answers that are kept; the oldest is dropped first.
    const KEPT: usize;

    /// Ids of the runs that the answer is about. It is dropped once the window holds one of them no more. An answer
    /// without any stays until newer ones replace it.
    fn runs(&self) -> Vec<u64>;
}

/// A question about a run, with all that answering it takes.
pub trait Inquiry: Send + Sync + 'static {
    /// Its key.
    type Key: InquiryKey;

    /// The lane it waits in, one of the list in `engine/inquiry/mod.rs`.
    fn lane(&self) -> &'static InquiryLane;

    /// The key of its answer.
    fn key(&self) -> Self::Key;

    /// The words beside its progress bar.
    fn label(&self) -> String;

    /// Computes the answer on a worker thread.
    ///
    /// # Errors
    /// When there is no answer, with the reason; [`crate::Error::Cancelled`] when cancelled.
    fn answer(&self, watch: &Watch) -> Result<<Self::Key as InquiryKey>::Answer>;
}
