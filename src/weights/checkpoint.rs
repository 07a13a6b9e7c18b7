//! Finds the weights in the kinds of file that people save: a `state_dict`, a checkpoint that has one beside epoch and
//! optimizer, a whole pickled module.

use super::{
    arrays,
    bounded::{Context, Dtype, is_counter},
    classes,
    pickle::{Object, Pickle, Value},
    strided::StridedView,
    torch,
};
use crate::{Error, Result};
use std::collections::{BTreeMap, HashMap};

/// Where a checkpoint keeps its weights, the first that is there: the weights as trained before averages of them
/// (`ema`). Without any of these, all entries with tensors count, each under its name: body and classifier may lie apart.
const KEYS: [&str; 13] = [
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "module",
    "weights",
    "params",
    "state_dict_ema",
    "model_ema",
    "ema_state_dict",
    "ema",
];
/// Beginnings of the names of entries whose tensors are no weights.
const NO_WEIGHTS: [&str; 5] = ["opt", "sched", "lr_", "scaler", "amp"];
/// How deep a checkpoint's dictionaries and a network's modules are nested.
const MAX_DEPTH: usize = 24;
/// Visits of each object: a pickle may refer to one from many places, and those to each other.
const VISITS_EACH: usize = 32;
/// Visits of all objects together; the search takes a second at most.
const MAX_VISITS: usize = 8 << 20;
/// Bytes of the name of an entry that stands in front of its tensors' names.
const MAX_SEGMENT: usize = 100;
/// Tensors that the search may meet and bytes of their names: a module that is met over many paths has a name for each.
const MAX_TENSORS: usize = 400_000;
const MAX_NAMES: usize = 32 << 20;

/// The tensors of a checkpoint.
#[derive(Default)]
pub(super) struct Found {
    /// By key.
    pub storages: BTreeMap<String, WantedStorage>,
    /// Tensors whose values lie within the pickle.
    pub arrays: Vec<(String, Vec<f32>, StridedView)>,
    /// Bytes of a value of every storage that the pickle mentions.
    pub sizes: HashMap<String, usize>,
    /// Numbers, short texts and names of classes beside the weights.
    pub metadata: HashMap<String, String>,
    /// Tensors of whole numbers, which are not read.
    pub skipped: Vec<String>,
    /// Sentences about the file that its user should read.
    pub notes: Vec<String>,
}

/// A storage and what is wanted of it.
pub(super) struct WantedStorage {
    pub dtype: Dtype,
    pub count: usize,
    pub views: Vec<(String, StridedView)>,
}

/// Finds the weights.
pub(super) fn find(context: &Context, pickle: &Pickle) -> Result<Found> {
    let mut search = Search::new(context, pickle);
    let tensors = search.tensors(pickle.root, 0);
    search.check()?;
    if tensors.is_empty() {
        return Err(refuse(context, pickle));
    }
    let mut found = Found { metadata: metadata(pickle), ..Found::default() };
    if let Some(name) = torch::foreign_call(pickle, true) {
        found.notes.push(format!(
            "{} also calls {name}: nothing of it was run, but a program that loads the file with Python may run it",
            context.name
        ));
    }
    for index in 0..pickle.objects.len() {
        if let Some(storage) = torch::storage(pickle, Value::Object(index))
            && let Some(size) = storage.size()
        {
            found.sizes.insert(storage.key.to_owned(), size);
        }
    }
    for (name, value) in tensors {
        if let Some(array) = arrays::array(pickle, value) {
            let is_counter = is_counter(&name, array.shape());
            match array.values(context, &name)? {
                Some((values, view)) => found.arrays.push((name, values, view)),
                None if is_counter => {}
                None => found.skipped.push(name),
            }
            continue;
        }
        let Some(described) = torch::tensor(pickle, value) else { continue };
        let torch::Described { storage, view } =
            described.map_err(|why| context.damaged(format_args!("{name} {why}")))?;
        let Some(dtype) = storage.dtype() else {
            if is_counter(&name, &view.shape) {
                continue;
            }
            // Whole numbers are no weights: a network that needs them reports them as missing.
            found.skipped.push(name);
            continue;
        };
        let (key, count) = (storage.key.to_owned(), storage.count);
        let wanted = found.storages.entry(key).or_insert(WantedStorage { dtype, count, views: Vec::new() });
        if (wanted.dtype, wanted.count) != (dtype, count) {
            return Err(context.damaged(format_args!("{name} disagrees with others about their storage")));
        }
        wanted.views.push((name, view));
    }
    Ok(found)
}

/// The error for a pickle without weights, which says what it would have called.
pub(super) fn refuse(context: &Context, pickle: &Pickle) -> Error {
    match torch::foreign_call(pickle, false) {
        Some(name) => context.refused(format_args!("calls {name}: not a weights file; nothing was run")),
        None if pickle.objects.iter().any(|object| torch::is_lone_storage(pickle, object)) => {
            context.refused("was written by Python's pickle; write it with torch.save(model.state_dict(), ...)")
        }
        None => context.refused("is a pickle without tensors by name; a state_dict is needed"),
    }
}

fn metadata(pickle: &Pickle) -> HashMap<String, String> {
    let plain = |value| match value {
        Value::Bool(value) => Some(value.to_string()),
        Value::Int(value) => Some(value.to_string()),
        Value::Float(value) => Some(value.to_string()),
        Value::None => None,
        Value::Object(_) => pickle.text(value).filter(|text| text.len() <= 200).map(str::to_owned),
    };
    let entries = torch::entries(pickle, pickle.root).unwrap_or_default();
    let short = |&(key, value): &(Value, Value)| Some((pickle.text(key)?.to_owned(), plain(value)?));
    entries.iter().filter_map(short).chain(classes::find(pickle)).collect()
}

/// Tensors by name. Names of the same tensors may be many: the last of equal ones counts, as in Python.
type Named = BTreeMap<String, Value>;

/// The search for tensors, which ends early when it becomes too long or is cancelled; [`Search::check`] then says why.
struct Search<'p> {
    context: &'p Context<'p>,
    pickle: &'p Pickle,
    visits: usize,
    allowed: usize,
    /// Tensors that were met, and the bytes of their names.
    met: usize,
    names: usize,
    cancelled: Result<()>,
}

impl<'p> Search<'p> {
    fn new(context: &'p Context<'p>, pickle: &'p Pickle) -> Self {
        let size: usize = pickle.objects.iter().map(Object::size).sum();
        let allowed = (1000 + size.saturating_mul(VISITS_EACH)).min(MAX_VISITS);
        Search { context, pickle, visits: 0, allowed, met: 0, names: 0, cancelled: Ok(()) }
    }

    /// The reason why the search ended before its time.
    fn check(self) -> Result<()> {
        self.cancelled?;
        if self.met > MAX_TENSORS || self.names > MAX_NAMES {
            return Err(self.context.damaged("it names more tensors than any network has"));
        }
        if self.visits > self.allowed {
            return Err(self.context.damaged("its objects contain each other"));
        }
        Ok(())
    }

    /// The weights in a value: those under the first of [`KEYS`], else its own, else those of its richest entry.
    fn tensors(&mut self, value: Value, depth: usize) -> Named {
        if !self.enter(depth) {
            return Named::new();
        }
        let pickle = self.pickle;
        if let Some(entries) = torch::entries(pickle, value) {
            self.visits += entries.len();
            for wanted in KEYS {
                for &(_, value) in entries.iter().rev().filter(|(key, _)| pickle.text(*key) == Some(wanted)) {
                    let found = self.tensors(value, depth + 1);
                    if !found.is_empty() {
                        return found;
                    }
                }
            }
            let mut own = Named::new();
            self.collect("", &entries, &mut own);
            return if own.is_empty() { self.entries(&entries, depth) } else { own };
        }
        if let Some(items) = pickle.items(value) {
            self.visits += items.len();
            return self.richest(items.iter().copied(), depth);
        }
        let mut own = Named::new();
        self.module("", value, depth, &mut own);
        own
    }

    /// The tensors of all entries of a dictionary, each with its name in front; without it where one entry has all.
    fn entries(&mut self, entries: &[(Value, Value)], depth: usize) -> Named {
        let pickle = self.pickle;
        let is_weights = |key: &str| !NO_WEIGHTS.iter().any(|start| key.to_ascii_lowercase().starts_with(start));
        let mut parts: Vec<(&str, Named)> = Vec::new();
        for &(key, value) in entries {
            let name = pickle.text(key).filter(|name| name.len() <= MAX_SEGMENT && is_weights(name));
            let (Some(name), Value::Object(_)) = (name, value) else { continue };
            let found = self.tensors(value, depth + 1);
            if !found.is_empty() {
                parts.push((name, found));
            }
        }
        if parts.len() < 2 {
            let only = parts.pop().map(|(_, found)| found);
            return only.unwrap_or_else(|| self.richest(entries.iter().map(|entry| entry.1), depth));
        }
        let mut all = Named::new();
        for (part, found) in parts {
            self.names += found.len() * (part.len() + 1);
            all.extend(found.into_iter().map(|(name, value)| (format!("{part}.{name}"), value)));
        }
        all
    }

    fn richest(&mut self, values: impl Iterator<Item = Value>, depth: usize) -> Named {
        let mut best = Named::new();
        for value in values.filter(|value| matches!(value, Value::Object(_))) {
            let found = self.tensors(value, depth + 1);
            if found.len() > best.len() {
                best = found;
            }
        }
        best
    }

    /// The tensors of a pickled module: its parameters, its buffers, and those of the modules in it. TorchScript keeps
    /// all three as plain attributes.
    fn module(&mut self, prefix: &str, value: Value, depth: usize, found: &mut Named) {
        if !self.enter(depth) || prefix.len() > 1000 {
            return;
        }
        let pickle = self.pickle;
        let Some(attributes) = torch::attributes(pickle, value) else { return };
        self.visits += attributes.len();
        let section = |name| {
            let entry = attributes.iter().rev().find(|(key, _)| pickle.text(*key) == Some(name));
            entry.and_then(|&(_, value)| torch::entries(pickle, value))
        };
        let modules = section("_modules");
        let is_eager = modules.is_some();
        for part in ["_parameters", "_buffers"].into_iter().filter_map(section) {
            self.visits += part.len();
            self.collect(prefix, &part, found);
        }
        if !is_eager {
            self.collect(prefix, &attributes, found);
        }
        let modules = modules.unwrap_or(attributes);
        self.visits += modules.len();
        for &(key, value) in modules.iter() {
            if let (Some(name), Some(Object::Call(_))) = (pickle.text(key), pickle.object(value)) {
                self.module(&format!("{prefix}{name}."), value, depth + 1, found);
            }
        }
    }

    fn collect(&mut self, prefix: &str, entries: &[(Value, Value)], found: &mut Named) {
        for &(key, value) in entries {
            if let Some(name) = self.pickle.text(key)
                && name.len() <= 1000
                && (torch::tensor(self.pickle, value).is_some() || arrays::array(self.pickle, value).is_some())
            {
                self.met += 1;
                self.names += prefix.len() + name.len();
                if !self.goes_on() {
                    return;
                }
                found.insert(format!("{prefix}{name}"), value);
            }
        }
    }

    fn enter(&mut self, depth: usize) -> bool {
        self.visits += 1;
        if self.visits.is_multiple_of(1 << 10) && self.cancelled.is_ok() {
            self.cancelled = self.context.report();
        }
        depth < MAX_DEPTH && self.goes_on()
    }

    fn goes_on(&self) -> bool {
        let is_small = self.met <= MAX_TENSORS && self.names <= MAX_NAMES;
        is_small && self.visits <= self.allowed && self.cancelled.is_ok()
    }
}
