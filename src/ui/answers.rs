//! What methods answered about the run on screen, kept so that going back costs nothing.

use crate::{
    engine::{Event, Run},
    methods::{Attribution, Keep, Method, Reconstruction},
    net::NodeId,
};
use std::{collections::HashMap, hash::Hash, sync::Arc};

/// A method's name and a class.
pub type Attributed = (&'static str, usize);

/// A layer, a unit and what of it was kept.
pub type Projected = (NodeId, usize, Keep);

/// An answer, or why there is none.
pub type Answer<T> = Result<Arc<T>, String>;

/// The newest answers.
pub struct Answers {
    run: u64,
    attributions: Recent<Attributed, Answer<Attribution>>,
    reconstructions: Recent<Projected, Answer<Reconstruction>>,
    asked: Asked,
}

/// What the engine was last asked for: the same is not asked for again, cancelled or not, until told.
#[derive(Default, PartialEq)]
struct Asked {
    attribution: Option<Attributed>,
    reconstructions: Vec<Projected>,
}

impl Default for Answers {
    fn default() -> Self {
        Answers { run: 0, attributions: Recent::new(24), reconstructions: Recent::new(64), asked: Asked::default() }
    }
}

impl Answers {
    /// Another run: none of this is about it.
    pub fn start(&mut self, run: &Run) {
        *self = Answers { run: run.id, ..Answers::default() };
    }

    /// Keeps what an event answers; returns whether it was one for here.
    pub fn keep(&mut self, event: &Event) {
        match event {
            Event::Attribution { run, method, class, result } if *run == self.run => {
                self.attributions.insert((method, *class), result.clone());
            }
            Event::Reconstruction { run, layer, unit, keep, result } if *run == self.run => {
                self.reconstructions.insert((*layer, *unit, *keep), result.clone());
            }
            _ => {}
        }
    }

    /// The answer of a method for a class.
    pub fn attribution(&self, method: &Method, class: usize) -> Option<&Answer<Attribution>> {
        self.attributions.get(&(method.name, class))
    }

    /// A unit's reconstruction.
    pub fn reconstruction(&self, key: Projected) -> Option<&Answer<Reconstruction>> {
        self.reconstructions.get(&key)
    }

    /// Whether the engine should now be asked for this attribution.
    pub fn should_attribute(&mut self, key: Attributed) -> bool {
        let ask = self.attributions.get(&key).is_none() && self.asked.attribution != Some(key);
        if ask {
            self.asked.attribution = Some(key);
        }
        ask
    }

    /// Which of these the engine should now be asked for.
    pub fn should_project(&mut self, keys: &[Projected]) -> Vec<Projected> {
        let missing = |key: &&Projected| self.reconstructions.get(key).is_none();
        let missing: Vec<Projected> = keys.iter().filter(missing).copied().collect();
        if missing.is_empty() || missing.iter().all(|key| self.asked.reconstructions.contains(key)) {
            return Vec::new();
        }
        self.asked.reconstructions.clone_from(&missing);
        missing
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

impl<K: Copy + Eq + Hash, V> Recent<K, V> {
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
            && let Some(oldest) = self.entries.iter().min_by_key(|(_, (at, _))| *at).map(|(&key, _)| key)
        {
            self.entries.remove(&oldest);
        }
    }
}
