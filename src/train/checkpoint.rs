//! Checkpoints: safetensors with the weights under their usual names, what the run is in the metadata, and in
//! `last.safetensors` the optimiser's state under names that begin with [`STATE`]. The same run writes the same bytes.

use super::parameters::Parameters;
use crate::{Error, Result, memory, paint::write_atomically};
use safetensors::SafeTensors;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::Path,
};

/// The beginning of the names of the optimiser's tensors, which readers of weights pass over.
pub const STATE: &str = crate::weights::STATE;

/// CheckpointFacts about a checkpoint, by name.
pub type CheckpointFacts = BTreeMap<String, String>;

/// A tensor to write.
struct StoredTensor<'a> {
    name: String,
    shape: &'a [usize],
    values: &'a [f32],
}

/// Writes weights, and with `state` what the optimiser keeps of them.
///
/// # Errors
/// [`Error::Failed`] when the file cannot be written; an older one then stays.
pub fn write(path: &Path, parameters: &Parameters, facts: &CheckpointFacts, state: bool) -> Result<()> {
    let mut parts = Vec::new();
    for parameter in &parameters.all {
        let shape = parameter.shape.as_slice();
        parts.push(StoredTensor { name: parameter.name.clone(), shape, values: &parameter.values });
        for (kind, values) in [("momentum", &parameter.momentum), ("squares", &parameter.squares)] {
            if state && !values.is_empty() {
                parts.push(StoredTensor { name: format!("{STATE}{kind}.{}", parameter.name), shape, values });
            }
        }
    }
    parts.sort_by(|a, b| a.name.cmp(&b.name));
    let mut header = BTreeMap::from([("__metadata__".to_owned(), serde_json::json!(facts))]);
    let mut start = 0;
    for part in &parts {
        let end = start + 4 * part.values.len();
        let entry = serde_json::json!({"dtype": "F32", "shape": part.shape, "data_offsets": [start, end]});
        header.insert(part.name.clone(), entry);
        start = end;
    }
    let mut text = serde_json::to_vec(&header).map_err(|error| Error::Failed(format!("a header of JSON: {error}")))?;
    // Values begin at a multiple of eight bytes.
    text.resize(text.len().next_multiple_of(8), b' ');
    write_atomically(path, |file: &mut dyn Write| -> io::Result<()> {
        file.write_all(&(text.len() as u64).to_le_bytes())?;
        file.write_all(&text)?;
        for part in &parts {
            let bytes: Vec<u8> = part.values.iter().flat_map(|value| value.to_le_bytes()).collect();
            file.write_all(&bytes)?;
        }
        Ok(())
    })
}

/// Reads weights and optimiser state back into `parameters`, and returns the facts.
///
/// # Errors
/// [`Error::Failed`] when the file cannot be read, is damaged, or is another network's.
pub fn read(path: &Path, parameters: &mut Parameters) -> Result<CheckpointFacts> {
    let failed = |error: io::Error| Error::io("read", path, &error);
    let bytes = fs::metadata(path).map_err(failed)?.len();
    memory::check(&path.display().to_string(), bytes)?;
    let bytes = fs::read(path).map_err(failed)?;
    let damaged = |why: String| Error::Failed(format!("{} cannot be resumed from: {why}", path.display()));
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| damaged(error.to_string()))?;
    for parameter in &mut parameters.all {
        let values = |name: &str| -> Result<Option<Vec<f32>>> {
            let Ok(found) = tensors.tensor(name) else { return Ok(None) };
            if found.dtype() != safetensors::Dtype::F32 || found.shape() != parameter.shape {
                return Err(damaged(format!("{name} is {:?} {:?}", found.dtype(), found.shape())));
            }
            let value = |bytes: &[u8; 4]| f32::from_le_bytes(*bytes);
            Ok(Some(found.data().as_chunks::<4>().0.iter().map(value).collect()))
        };
        let name = parameter.name.clone();
        let own = values(&name)?.ok_or_else(|| damaged(format!("it lacks {name}")))?;
        let [momentum, squares] = ["momentum", "squares"].map(|kind| values(&format!("{STATE}{kind}.{name}")));
        let (momentum, squares) = (momentum?.unwrap_or_default(), squares?.unwrap_or_default());
        parameter.values = own;
        parameter.momentum = momentum;
        parameter.squares = squares;
    }
    facts_of(&bytes).ok_or_else(|| damaged("its header is damaged".into()))
}

/// The facts of a checkpoint, without its values.
///
/// # Errors
/// [`Error::Failed`] when the file cannot be read or is no safetensors file.
pub fn read_facts(path: &Path) -> Result<CheckpointFacts> {
    let bytes = fs::read(path).map_err(|error| Error::io("read", path, &error))?;
    facts_of(&bytes).ok_or_else(|| Error::Failed(format!("{} is no safetensors file", path.display())))
}

fn facts_of(bytes: &[u8]) -> Option<CheckpointFacts> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).ok()?;
    Some(metadata.metadata().clone().unwrap_or_default().into_iter().collect())
}
