//! The cache of answers, and the record of what the engine was asked for.

use super::{
    erased::{Answered, AnyInquiry, AnyKey},
    lane::{InquiryLane, Subject},
    question::InquiryKey,
    shelves::{Answer, Shelves},
};
use std::collections::BTreeMap;

/// A question without an answer, and its key.
type Unanswered = (Box<dyn AnyKey>, AnyInquiry);

/// The newest answers, and for each lane the keys that the engine was last asked for.
#[derive(Default)]
pub struct Answers {
    shelves: Shelves,
    asked: BTreeMap<&'static InquiryLane, Vec<Box<dyn AnyKey>>>,
}

impl Answers {
    /// Keeps an answer.
    pub fn keep(&mut self, answered: Answered) {
        answered.put(&mut self.shelves);
    }

    /// The answer to a question; `None` while there is none.
    pub fn get<K: InquiryKey>(&self, key: &K) -> Option<&Answer<K::Answer>> {
        self.shelves.get(key)
    }

    /// Whether the engine was asked this question. The answer then comes, unless it was cancelled.
    pub fn is_asked<K: InquiryKey>(&self, key: &K) -> bool {
        self.asked.values().flatten().any(|other| other.is(key))
    }

    /// Takes the questions of all panels in one frame and returns, by lane, those that the engine has to be asked now:
    /// the unanswered ones of each lane in which one was not asked before. A cancelled question is not asked again
    /// until [`Answers::ask_again`].
    pub fn missing(&mut self, needed: Vec<AnyInquiry>) -> Vec<(&'static InquiryLane, Vec<AnyInquiry>)> {
        let mut lanes: BTreeMap<&'static InquiryLane, Vec<Unanswered>> = BTreeMap::new();
        for inquiry in needed {
            let (key, lane) = (inquiry.key(), lanes.entry(inquiry.lane()).or_default());
            if !inquiry.is_answered(&self.shelves) && !lane.iter().any(|(other, _)| other.is(key.as_any())) {
                lane.push((key, inquiry));
            }
        }
        let was_asked = |lane, key: &dyn AnyKey| {
            self.asked.get(lane).is_some_and(|asked: &Vec<Box<dyn AnyKey>>| asked.iter().any(|o| o.is(key.as_any())))
        };
        lanes.retain(|lane, missing| !missing.iter().all(|(key, _)| was_asked(*lane, key.as_ref())));
        let mut requests = Vec::with_capacity(lanes.len());
        for (lane, missing) in lanes {
            let (keys, inquiries) = missing.into_iter().unzip();
            self.asked.insert(lane, keys);
            requests.push((lane, inquiries));
        }
        requests
    }

    /// Records that the engine is asked one question at the user's wish.
    pub fn ask(&mut self, inquiry: &AnyInquiry) {
        self.asked.insert(inquiry.lane(), vec![inquiry.key()]);
    }

    /// Drops the answers about runs that are held no more.
    pub fn forget(&mut self, is_held: impl Fn(u64) -> bool) {
        self.shelves.forget(&is_held);
    }

    /// Allows cancelled questions to be asked again. Questions about the unaltered picture stay asked: an alteration
    /// does not cancel them.
    pub fn ask_again(&mut self) {
        self.asked.retain(|lane, _| lane.subject == Subject::Picture);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        Error, Result,
        engine::inquiry::{Inquiry, Thread},
        watch::Watch,
    };

    static LANE: InquiryLane = InquiryLane { name: "test", thread: Thread::Shared, subject: Subject::Run };

    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Key(u64);

    impl InquiryKey for Key {
        type Answer = u64;
        const KEPT: usize = 3;
        fn runs(&self) -> Vec<u64> {
            vec![self.0]
        }
    }

    struct Double(u64);

    impl Inquiry for Double {
        type Key = Key;
        fn lane(&self) -> &'static InquiryLane {
            &LANE
        }
        fn key(&self) -> Key {
            Key(self.0)
        }
        fn label(&self) -> String {
            "doubling".into()
        }
        fn answer(&self, _: &Watch) -> Result<u64> {
            if self.0 == 13 { Err(Error::Failed("unlucky".into())) } else { Ok(2 * self.0) }
        }
    }

    fn asked(answers: &mut Answers, numbers: &[u64]) -> usize {
        let needed = numbers.iter().map(|&number| Double(number).into()).collect();
        answers.missing(needed).iter().map(|(_, inquiries)| inquiries.len()).sum()
    }

    #[test]
    fn a_question_is_asked_once_until_it_may_be_asked_again() {
        let mut answers = Answers::default();
        assert_eq!(asked(&mut answers, &[1, 2, 1]), 2);
        assert_eq!(asked(&mut answers, &[2, 1]), 0);
        assert!(answers.is_asked(&Key(2)) && !answers.is_asked(&Key(3)));
        answers.keep(AnyInquiry::from(Double(1)).answer(&Watch::default()).unwrap());
        assert_eq!(**answers.get(&Key(1)).unwrap().as_ref().unwrap(), 2);
        assert_eq!(asked(&mut answers, &[1]), 0);
        // A new question of the lane replaces the batch that runs: what that lacks is asked again with it.
        assert_eq!(asked(&mut answers, &[1, 2, 3]), 2);
        answers.ask_again();
        assert_eq!(asked(&mut answers, &[2]), 1);
    }

    #[test]
    fn failures_are_kept_and_the_oldest_and_those_of_dropped_runs_are_not() {
        let mut answers = Answers::default();
        for number in [13, 1, 2] {
            answers.keep(AnyInquiry::from(Double(number)).answer(&Watch::default()).unwrap());
        }
        assert_eq!(answers.get(&Key(13)).unwrap().as_ref().unwrap_err(), "unlucky");
        answers.keep(AnyInquiry::from(Double(4)).failed("a defect".into()));
        assert!(answers.get(&Key(13)).is_none() && answers.get(&Key(4)).unwrap().is_err());
        answers.forget(|run| run != 2);
        assert!(answers.get(&Key(2)).is_none() && answers.get(&Key(1)).is_some());
    }
}
