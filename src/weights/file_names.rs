//! The tensors of a file by the names that a graph may know them by.

use super::{
    counted::counted,
    spelling::{respelled, unwrapped},
    unrolled::unrolled,
};
use crate::net::Tensors;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

/// Prefixes of one name that are tried, the shortest first. A checkpoint holds a handful of networks.
const MAX_PREFIXES: usize = 64;

/// A tensor of a file.
struct FileTensor {
    /// Its name in the file.
    own: String,
    /// The same without wrappers.
    plain: String,
    shape: Vec<usize>,
}

/// Every name of every tensor: without wrappers, and in other spellings.
pub(super) struct FileNames {
    entries: Vec<FileTensor>,
    /// Names to entries. A tensor's own name goes before another spelling of a second tensor.
    known: BTreeMap<String, usize>,
    /// Answers of [`FileNames::prefixes_of`], which many networks ask for.
    prefixes: Mutex<HashMap<String, Arc<Vec<String>>>>,
}

impl FileNames {
    pub fn new(tensors: &Tensors) -> Self {
        let named = tensors.iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec()));
        let sorted: BTreeMap<String, Vec<usize>> = named.collect();
        let entries: Vec<FileTensor> =
            sorted.into_iter().map(|(own, shape)| FileTensor { plain: unwrapped(&own), own, shape }).collect();
        let plain = || entries.iter().map(|entry| entry.plain.as_str());
        // Collected and sorted at once: names inserted one by one take seconds where a file has a hundred thousand.
        let mut names: Vec<(String, usize)> = plain().map(str::to_owned).zip(0..).collect();
        for (index, name) in plain().enumerate() {
            names.extend(respelled(name).into_iter().map(|other| (other, index)));
        }
        // Of one name twice the first counts.
        let index_of: HashMap<&str, usize> =
            entries.iter().enumerate().rev().map(|(index, entry)| (entry.plain.as_str(), index)).collect();
        for (name, other) in counted(plain()) {
            names.extend(respelled(&other).into_iter().map(|spelled| (spelled, index_of[name])));
        }
        names.extend(unrolled(plain()).into_iter().map(|(name, other)| (other, index_of[name])));
        // Of one name twice the map keeps the later: here the first in the file's order.
        names.reverse();
        let known: BTreeMap<String, usize> = names.into_iter().collect();
        FileNames { entries, known, prefixes: Mutex::default() }
    }

    /// The tensor called `name`: its name in the file and its shape.
    pub fn find(&self, name: &str) -> Option<(&str, &[usize])> {
        let entry = &self.entries[*self.known.get(name)?];
        Some((&entry.own, &entry.shape))
    }

    /// The prefixes behind which `name` is found, with their final dot where they end in one; the shortest first.
    pub fn prefixes_of(&self, name: &str) -> Arc<Vec<String>> {
        let mut asked = self.prefixes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = asked.get(name) {
            return Arc::clone(found);
        }
        let mut prefixes: Vec<&str> = self.known.keys().filter_map(|known| known.strip_suffix(name)).collect();
        prefixes.sort_unstable_by(|a, b| a.len().cmp(&b.len()).then(a.cmp(b)));
        prefixes.truncate(MAX_PREFIXES);
        let found = Arc::new(prefixes.into_iter().map(str::to_owned).collect::<Vec<_>>());
        asked.insert(name.to_owned(), Arc::clone(&found));
        found
    }

    /// All tensors: the name without wrappers, the name in the file, and the shape.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str, &[usize])> {
        self.entries.iter().map(|entry| (entry.plain.as_str(), entry.own.as_str(), entry.shape.as_slice()))
    }

    /// All names that begin with a prefix, other spellings included, and the tensors' names in the file.
    pub fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let from = self.known.range::<str, _>((std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded));
        let under = from.take_while(move |(name, _)| name.starts_with(prefix));
        under.map(|(name, index)| (name.as_str(), self.entries[*index].own.as_str()))
    }
}
