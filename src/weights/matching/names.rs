//! The tensors of a file by the names that a graph may know them by.

use super::spelling::{respelled, unwrapped};
use crate::net::Tensors;
use std::collections::{BTreeMap, HashMap};

/// Every name of every tensor: without wrappers, and in other spellings.
pub(super) struct FileNames {
    /// Name to the tensor's name in the file. A tensor's own name goes before another spelling of a second tensor.
    known: HashMap<String, String>,
    /// Shapes by the names in the file.
    shapes: BTreeMap<String, Vec<usize>>,
}

impl FileNames {
    pub fn new(tensors: &Tensors) -> Self {
        let shapes: BTreeMap<String, Vec<usize>> =
            tensors.iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec())).collect();
        let mut known = HashMap::new();
        for name in shapes.keys() {
            known.entry(unwrapped(name)).or_insert_with(|| name.clone());
        }
        for name in shapes.keys() {
            for other in respelled(&unwrapped(name)) {
                known.entry(other).or_insert_with(|| name.clone());
            }
        }
        FileNames { known, shapes }
    }

    /// The tensor called `name`: its name in the file and its shape.
    pub fn find(&self, name: &str) -> Option<(&str, &[usize])> {
        let (own, shape) = self.shapes.get_key_value(self.known.get(name)?)?;
        Some((own, shape))
    }

    /// The prefixes, with their final dot, in front of which `name` is found; the shortest first.
    pub fn prefixes_of(&self, name: &str) -> Vec<String> {
        let dotted = format!(".{name}");
        let whole = self.known.contains_key(name).then(String::new);
        let longer =
            self.known.keys().filter_map(|known| known.strip_suffix(&dotted)).map(|prefix| format!("{prefix}."));
        let mut prefixes: Vec<String> = whole.into_iter().chain(longer).collect();
        prefixes.sort_by(|a, b| a.len().cmp(&b.len()).then(a.cmp(b)));
        prefixes
    }

    /// All tensors: the name without wrappers, the name in the file, and the shape.
    pub fn all(&self) -> impl Iterator<Item = (String, &str, &[usize])> {
        self.shapes.iter().map(|(name, shape)| (unwrapped(name), name.as_str(), shape.as_slice()))
    }
}
