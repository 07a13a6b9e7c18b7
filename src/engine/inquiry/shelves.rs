//! Storage for answers: one shelf for each type of key, which keeps the newest.

use super::question::InquiryKey;
use std::{
    any::{Any, TypeId},
    collections::HashMap,
    hash::Hash,
    sync::Arc,
};

/// An answer, or the reason why there is none.
pub type Answer<T> = Result<Arc<T>, String>;

/// All shelves, by the type of their keys.
#[derive(Default)]
pub(super) struct Shelves(HashMap<TypeId, Box<dyn AnyShelf>>);

impl Shelves {
    /// The answer to a question.
    pub fn get<K: InquiryKey>(&self, key: &K) -> Option<&Answer<K::Answer>> {
        self.0.get(&TypeId::of::<K>())?.as_any().downcast_ref::<Shelf<K>>()?.0.get(key)
    }

    /// Keeps an answer.
    pub fn insert<K: InquiryKey>(&mut self, key: K, answer: Answer<K::Answer>) {
        let new = || Box::new(Shelf::<K>(Recent::new(K::KEPT))) as Box<dyn AnyShelf>;
        let shelf = self.0.entry(TypeId::of::<K>()).or_insert_with(new);
        if let Some(shelf) = shelf.as_any_mut().downcast_mut::<Shelf<K>>() {
            shelf.0.insert(key, answer);
        }
    }

    /// Drops the answers about runs that are held no more.
    pub fn forget(&mut self, is_held: &dyn Fn(u64) -> bool) {
        self.0.values_mut().for_each(|shelf| shelf.forget(is_held));
    }
}

/// A shelf whose types are not known.
trait AnyShelf {
    fn forget(&mut self, is_held: &dyn Fn(u64) -> bool);
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

struct Shelf<K: InquiryKey>(Recent<K, Answer<K::Answer>>);

impl<K: InquiryKey> AnyShelf for Shelf<K> {
    fn forget(&mut self, is_held: &dyn Fn(u64) -> bool) {
        self.0.entries.retain(|key, _| key.runs().into_iter().all(is_held));
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// A map of limited size that drops the oldest entry.
struct Recent<K, V> {
    entries: HashMap<K, (u64, V)>,
    clock: u64,
    limit: usize,
}

impl<K: Clone + Eq + Hash, V> Recent<K, V> {
    fn new(limit: usize) -> Self {
        Recent { entries: HashMap::new(), clock: 0, limit }
    }

    fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    fn insert(&mut self, key: K, value: V) {
        self.clock += 1;
        self.entries.insert(key, (self.clock, value));
        if self.entries.len() > self.limit
            && let Some(oldest) = self.entries.iter().min_by_key(|(_, (at, _))| *at).map(|(key, _)| key.clone())
        {
            self.entries.remove(&oldest);
        }
    }
}
