//! Questions and answers of any type, as the engine passes them on.

use super::{
    lane::InquiryLane,
    question::{Inquiry, InquiryKey},
    shelves::{Answer, Shelves},
};
use crate::{Error, Result, watch::Watch};
use std::{any::Any, sync::Arc};

/// A question of any type. Cheap to clone.
#[derive(Clone)]
pub struct AnyInquiry(Arc<dyn Ask>);

impl<Q: Inquiry> From<Q> for AnyInquiry {
    fn from(inquiry: Q) -> Self {
        AnyInquiry(Arc::new(Typed(inquiry)))
    }
}

impl AnyInquiry {
    /// The lane it waits in.
    pub fn lane(&self) -> &'static InquiryLane {
        self.0.lane()
    }

    /// The words beside its progress bar.
    pub fn label(&self) -> String {
        self.0.label()
    }

    /// Computes the answer; a failure is an answer too.
    ///
    /// # Errors
    /// [`Error::Cancelled`] alone.
    pub fn answer(&self, watch: &Watch) -> Result<Answered> {
        self.0.answer(watch).map(Answered)
    }

    /// The answer that says why there is none.
    pub(in crate::engine) fn failed(&self, why: String) -> Answered {
        Answered(self.0.failed(why))
    }

    pub(super) fn key(&self) -> Box<dyn AnyKey> {
        self.0.key()
    }

    pub(super) fn is_answered(&self, shelves: &Shelves) -> bool {
        self.0.is_answered(shelves)
    }
}

/// An answer of any type with its key.
pub struct Answered(Box<dyn Put>);

impl Answered {
    /// The answer, if it has this type of key.
    pub fn get<K: InquiryKey>(&self) -> Option<(&K, &Answer<K::Answer>)> {
        self.0.as_any().downcast_ref::<KeyedAnswer<K>>().map(|found| (&found.key, &found.answer))
    }

    pub(super) fn put(self, shelves: &mut Shelves) {
        self.0.put(shelves);
    }
}

/// [`Inquiry`] without its types.
trait Ask: Send + Sync {
    fn lane(&self) -> &'static InquiryLane;
    fn label(&self) -> String;
    fn key(&self) -> Box<dyn AnyKey>;
    fn is_answered(&self, shelves: &Shelves) -> bool;
    fn answer(&self, watch: &Watch) -> Result<Box<dyn Put>>;
    fn failed(&self, why: String) -> Box<dyn Put>;
}

struct Typed<Q>(Q);

impl<Q: Inquiry> Ask for Typed<Q> {
    fn lane(&self) -> &'static InquiryLane {
        self.0.lane()
    }

    fn label(&self) -> String {
        self.0.label()
    }

    fn key(&self) -> Box<dyn AnyKey> {
        Box::new(self.0.key())
    }

    fn is_answered(&self, shelves: &Shelves) -> bool {
        shelves.get(&self.0.key()).is_some()
    }

    fn answer(&self, watch: &Watch) -> Result<Box<dyn Put>> {
        match self.0.answer(watch) {
            Err(Error::Cancelled) => Err(Error::Cancelled),
            Err(error) => Ok(self.failed(error.to_string())),
            Ok(answer) => Ok(Box::new(KeyedAnswer { key: self.0.key(), answer: Ok(Arc::new(answer)) })),
        }
    }

    fn failed(&self, why: String) -> Box<dyn Put> {
        Box::new(KeyedAnswer { key: self.0.key(), answer: Err(why) })
    }
}

/// An answer without its types.
trait Put: Send {
    fn put(self: Box<Self>, shelves: &mut Shelves);
    fn as_any(&self) -> &dyn Any;
}

struct KeyedAnswer<K: InquiryKey> {
    key: K,
    answer: Answer<K::Answer>,
}

impl<K: InquiryKey> Put for KeyedAnswer<K> {
    fn put(self: Box<Self>, shelves: &mut Shelves) {
        shelves.insert(self.key, self.answer);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A key of any type: all that can be done with it is to compare it.
pub(super) trait AnyKey {
    fn is(&self, other: &dyn Any) -> bool;
    fn as_any(&self) -> &dyn Any;
}

impl<K: InquiryKey> AnyKey for K {
    fn is(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<K>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
