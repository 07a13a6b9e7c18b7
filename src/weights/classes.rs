//! Names of classes that a checkpoint holds beside its weights, as torchvision's references, mmpretrain, Lightning and
//! ultralytics save them.

use super::{
    pickle::{Object, Pickle, Value},
    torch,
};
use std::borrow::Cow;
use std::collections::HashMap;

/// Entries that hold names of classes: a list of names, or a dictionary between names and indices.
const KEYS: [&str; 9] = [
    "class_to_idx",
    "idx_to_class",
    "id2label",
    "label2id",
    "class_names",
    "label_names",
    "classes",
    "CLASSES",
    "names",
];
/// Entries that may hold such an entry.
const AROUND: [&str; 6] = ["meta", "hyper_parameters", "args", "config", "cfg", "opt"];
/// The longest name that is taken, and the most bytes of all names of an entry: a small file can refer to one long text
/// from many places.
const MAX_LENGTH: usize = 1000;
const MAX_BYTES: usize = 8 << 20;

/// The names of classes in a checkpoint, as JSON by the entry's name.
pub(super) fn find(pickle: &Pickle) -> HashMap<String, String> {
    let mut found = HashMap::new();
    let root = torch::entries(pickle, pickle.root).unwrap_or_default();
    let inner = root.iter().filter(|(key, _)| pickle.text(*key).is_some_and(|key| AROUND.contains(&key)));
    let inner =
        inner.filter_map(|&(_, value)| torch::entries(pickle, value).or_else(|| torch::attributes(pickle, value)));
    let inner: Vec<(Value, Value)> = inner.flat_map(Cow::into_owned).collect();
    // MMPretrain since version 1: `meta`, `dataset_meta`, `classes`.
    let deeper = inner.iter().filter(|(key, _)| pickle.text(*key) == Some("dataset_meta"));
    let deeper = deeper.filter_map(|&(_, value)| torch::entries(pickle, value)).flat_map(Cow::into_owned);
    for (key, value) in deeper.chain(inner.iter().copied()).chain(root.iter().copied()) {
        if let Some(key) = pickle.text(key).filter(|key| KEYS.contains(key))
            && let Some(names) = names(pickle, value)
        {
            found.insert(key.to_owned(), names.to_string());
        }
    }
    found
}

/// A list of names, or a dictionary between names and indices, as JSON.
fn names(pickle: &Pickle, value: Value) -> Option<serde_json::Value> {
    let mut bytes = 0;
    let mut plain = |value| {
        let text = pickle.text(value).filter(|text| text.len() <= MAX_LENGTH);
        bytes += 16 + text.map_or(0, str::len);
        match value {
            _ if bytes > MAX_BYTES => None,
            Value::Int(number) => Some(serde_json::Value::from(number)),
            _ => text.map(serde_json::Value::from),
        }
    };
    if let Some(entries) = torch::entries(pickle, value) {
        let entry = |&(key, value): &(Value, Value)| {
            let key = plain(key)?;
            let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
            Some((key, plain(value)?))
        };
        return entries.iter().map(entry).collect::<Option<serde_json::Map<_, _>>>().map(Into::into);
    }
    if !matches!(pickle.object(value)?, Object::List(_) | Object::Tuple(_)) {
        return None;
    }
    let items = pickle.items(value)?;
    items.iter().map(|&item| plain(item)).collect::<Option<Vec<_>>>().map(Into::into)
}
