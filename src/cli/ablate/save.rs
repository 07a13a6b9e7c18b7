//! A changed network as a weights file of the unchanged one.

use super::plan::Row;
use crate::{Error, Result, engine::Model, net::surgery::Operation, paint::write_atomically};
use std::{collections::HashMap, path::Path};

/// Writes the weights with which the network computes what it does after the operation, as safetensors under torchvision's
/// names. The metadata says what was changed.
pub(super) fn save(path: &Path, model: &Model, row: &Row, operation: &Operation) -> Result<()> {
    let mut tensors: Vec<_> = model.network.folded(operation)?.into_iter().collect();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    let facts =
        [("network", model.card.name.to_string()), ("weights", model.weights.to_string()), ("change", row.name())];
    let metadata: HashMap<String, String> = facts.into_iter().map(|(key, text)| (key.to_owned(), text)).collect();
    let bytes = ::safetensors::serialize(tensors, Some(metadata));
    let bytes = bytes.map_err(|error| Error::Failed(format!("cannot write {}: {error}", path.display())))?;
    write_atomically(path, |file| file.write_all(&bytes))
}
