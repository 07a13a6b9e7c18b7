//! The lanes in which requests wait: which thread serves them, and which request makes which other pointless.

use super::inquiry::{InquiryLane, LANES, Subject, Thread};

/// Requests of one kind. The latest replaces the one that waits and cancels the one that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Opening networks.
    Model,
    /// Opening and running pictures.
    Picture,
    /// Running the picture altered.
    Alter,
    /// Running a second picture for comparison.
    Compare,
    /// Background questions of one kind.
    Inquiry(&'static InquiryLane),
    /// Steps of a live synthesis, taken while nothing else waits.
    Synthesis,
    /// Exports.
    Task,
    /// Downloads of weights.
    Fetch,
    /// Runs of pinned panes, beside the run on screen.
    Reopen,
}

impl From<&'static InquiryLane> for Lane {
    fn from(lane: &'static InquiryLane) -> Self {
        Lane::Inquiry(lane)
    }
}

impl Lane {
    /// The lanes of each thread, in the order in which they are served. Work that takes long has a thread of its own, so
    /// that nothing waits for it.
    pub(super) fn threads() -> Vec<Vec<Lane>> {
        let inquiries = |thread: Thread| LANES.into_iter().filter(move |lane| lane.thread == thread).map(Lane::Inquiry);
        let mut shared = vec![Lane::Model, Lane::Picture, Lane::Alter, Lane::Compare];
        shared.extend(inquiries(Thread::Shared));
        shared.push(Lane::Synthesis);
        let own = inquiries(Thread::Own).chain([Lane::Task, Lane::Fetch, Lane::Reopen]);
        [shared].into_iter().chain(own.map(|lane| vec![lane])).collect()
    }

    /// Whether a new request in this lane cancels those in `other`. A task has its own data and goes on. An alteration
    /// goes on through a change of network, because it is done to the picture.
    pub(super) fn cancels(self, other: Lane) -> bool {
        match (self, other) {
            (Lane::Model, Lane::Fetch) | (Lane::Fetch, Lane::Model) | (Lane::Picture, Lane::Alter) => true,
            (Lane::Model | Lane::Picture, Lane::Inquiry(inquiry)) => inquiry.subject != Subject::Own,
            (Lane::Alter, Lane::Inquiry(inquiry)) => inquiry.subject == Subject::Run,
            _ => self == other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_lane_has_one_thread_and_every_question_a_name_of_its_own() {
        let threads = Lane::threads();
        let lanes: Vec<Lane> = threads.iter().flatten().copied().collect();
        assert_eq!(lanes.len(), lanes.iter().collect::<BTreeSet<_>>().len());
        assert!(LANES.iter().all(|lane| lanes.contains(&Lane::Inquiry(lane))));
        assert_eq!(LANES.len(), LANES.iter().map(|lane| lane.name).collect::<BTreeSet<_>>().len());
    }
}
