//! What methods answered, kept so that going back costs nothing.

use crate::{
    engine::{
        Contribution, ContributionKey, Event, Inquiry, InquiryKey, Invariance, InvarianceKey, Pictured, Projection,
    },
    methods::{Attribution, Keep, Ranked},
    net::NodeId,
};
use std::{collections::HashMap, hash::Hash, sync::Arc};

/// A run's id, a layer, a unit and what of it was kept.
pub type Projected = (u64, NodeId, usize, Keep);

/// An answer, or why there is none.
pub type Answer<T> = Result<Arc<T>, String>;

/// The newest answers.
pub struct Answers {
    attributions: Recent<InquiryKey, Answer<Attribution>>,
    reconstructions: Recent<Projected, Answer<Pictured>>,
    invariances: Recent<InvarianceKey, Answer<Invariance>>,
    rankings: Recent<ContributionKey, Answer<Ranked>>,
    asked: Asked,
    /// What the engine was last asked to measure: no alteration of the picture ends that.
    measured: Option<InvarianceKey>,
}

/// What the engine was last asked for: the same is not asked for again, cancelled or not, until told.
#[derive(Default)]
struct Asked {
    attributions: Vec<InquiryKey>,
    slow: Option<InquiryKey>,
    reconstructions: Vec<Projected>,
    rankings: Vec<ContributionKey>,
}

impl Default for Answers {
    fn default() -> Self {
        Answers {
            attributions: Recent::new(48),
            reconstructions: Recent::new(96),
            invariances: Recent::new(32),
            rankings: Recent::new(64),
            asked: Asked::default(),
            measured: None,
        }
    }
}

impl Answers {
    /// Keeps what an event answers.
    pub fn keep(&mut self, event: &Event) {
        match event {
            Event::Invariance(key, result) => self.invariances.insert(*key, result.clone()),
            Event::Ranked(key, result) => self.rankings.insert(*key, result.clone()),
            Event::Attribution(key, result) => self.attributions.insert(key.clone(), result.clone()),
            Event::Reconstruction { run, layer, unit, keep, result } => {
                self.reconstructions.insert((*run, *layer, *unit, *keep), result.clone());
            }
            _ => {}
        }
    }

    /// The answer to an inquiry.
    pub fn attribution(&self, key: &InquiryKey) -> Option<&Answer<Attribution>> {
        self.attributions.get(key)
    }

    /// A unit's reconstruction.
    pub fn reconstruction(&self, key: Projected) -> Option<&Answer<Pictured>> {
        self.reconstructions.get(&key)
    }

    /// What was measured.
    pub fn invariance(&self, key: &InvarianceKey) -> Option<&Answer<Invariance>> {
        self.invariances.get(key)
    }

    /// The units of a layer by what they contribute.
    pub fn ranking(&self, key: &ContributionKey) -> Option<&Answer<Ranked>> {
        self.rankings.get(key)
    }

    /// Whether the engine was last asked to measure this.
    pub fn is_measured(&self, key: &InvarianceKey) -> bool {
        self.measured.as_ref() == Some(key)
    }

    /// The engine is asked to measure.
    pub fn measure(&mut self, key: InvarianceKey) {
        self.measured = Some(key);
    }

    /// Whether the engine was asked for this, so that it comes unless it was cancelled.
    pub fn is_asked(&self, key: &InquiryKey) -> bool {
        self.asked.slow.as_ref() == Some(key) || self.asked.attributions.contains(key)
    }

    /// What all panes together need: those inquiries that the engine should now be asked for, in place of what it was
    /// asked for before.
    pub fn should_attribute(&mut self, needed: Vec<Inquiry>) -> Vec<Inquiry> {
        let mut missing: Vec<(InquiryKey, Inquiry)> = Vec::new();
        for inquiry in needed {
            let key = inquiry.key();
            if self.attributions.get(&key).is_none() && missing.iter().all(|(other, _)| *other != key) {
                missing.push((key, inquiry));
            }
        }
        if missing.iter().all(|(key, _)| self.asked.attributions.contains(key)) {
            return Vec::new();
        }
        self.asked.attributions = missing.iter().map(|(key, _)| key.clone()).collect();
        missing.into_iter().map(|(_, inquiry)| inquiry).collect()
    }

    /// The engine is asked for what takes long.
    pub fn ask_slowly(&mut self, inquiry: &Inquiry) {
        self.asked.slow = Some(inquiry.key());
    }

    /// The same for reconstructions.
    pub fn should_project(&mut self, needed: Vec<Projection>) -> Vec<Projection> {
        let key = |(run, layer, unit, keep): &Projection| (run.id, *layer, *unit, *keep);
        let mut missing = needed;
        missing.retain(|projection| self.reconstructions.get(&key(projection)).is_none());
        if missing.iter().all(|projection| self.asked.reconstructions.contains(&key(projection))) {
            return Vec::new();
        }
        self.asked.reconstructions = missing.iter().map(key).collect();
        missing
    }

    /// The same for orders of units.
    pub fn should_rank(&mut self, needed: Vec<Contribution>) -> Vec<Contribution> {
        let key = |(run, layer, class): &Contribution| (run.id, *layer, *class);
        let mut missing = needed;
        missing.retain(|one| self.rankings.get(&key(one)).is_none());
        if missing.iter().all(|one| self.asked.rankings.contains(&key(one))) {
            return Vec::new();
        }
        self.asked.rankings = missing.iter().map(key).collect();
        missing
    }

    /// Forgets what was answered about runs that nobody will ask about again.
    pub fn forget(&mut self, is_alive: impl Fn(u64) -> bool) {
        self.attributions.retain(|key| is_alive(key.0));
        self.reconstructions.retain(|key| is_alive(key.0));
        self.rankings.retain(|key| is_alive(key.0));
    }

    /// What was cancelled may be asked for again.
    pub fn ask_again(&mut self) {
        self.asked = Asked::default();
    }
}

/// A map that forgets what was inserted longest ago.
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

    fn retain(&mut self, keep: impl Fn(&K) -> bool) {
        self.entries.retain(|key, _| keep(key));
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
