//! The weights of a model, in HDF5.
//!
//! An archive's weights lie by the kind of layer, `layers/conv2d_1/vars/0`, with the layer's own name as an attribute; an
//! `.h5` file's lie by layer and variable, `model_weights/conv1/conv1/kernel`.

use crate::{Error, Result};
use half::f16;
use hdf5_reader::{Dataset, Datatype, Hdf5File, OpenOptions, group::Group};
use std::collections::HashMap;

/// Depth of groups inside groups; nested models are rarely three deep.
const MAX_DEPTH: usize = 16;

/// The place of a layer's weights.
#[derive(Clone, Debug)]
pub(super) struct WeightsPlace {
    /// In an archive, the group that holds the layer's: `layers/functional/layers`.
    pub container: String,
    /// In an archive, the layer's group where none states the layer's name: its class in snake case, numbered.
    pub numbered: String,
    /// The layer's name.
    pub name: String,
    /// The outermost model or layer that it is part of, which is a group of an `.h5` file.
    pub outermost: String,
}

/// One variable.
pub(super) struct KerasVariable {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

pub(super) struct KerasStore {
    file: Hdf5File,
    /// The file's name, for messages.
    name: String,
    layout: StoreLayout,
}

enum StoreLayout {
    /// The groups of an archive's layers by container and name.
    Archive(HashMap<(String, String), String>),
    /// The paths of an `.h5` file's variables by outermost group, layer and variable, and by layer and variable alone.
    Legacy(HashMap<(String, String, String), String>, HashMap<(String, String), String>),
}

impl KerasStore {
    pub fn archived(bytes: Vec<u8>, limit: usize, name: &str) -> Result<Self> {
        let file = open(bytes, limit, name)?;
        let mut named = HashMap::new();
        if let Ok(layers) = file.group("layers") {
            named_layers(&layers, "layers", 0, &mut named).map_err(|error| damaged(name, error))?;
        }
        Ok(KerasStore { file, name: name.to_owned(), layout: StoreLayout::Archive(named) })
    }

    pub fn legacy(bytes: Vec<u8>, limit: usize, name: &str) -> Result<Self> {
        let file = open(bytes, limit, name)?;
        let (mut whole, mut short) = (HashMap::new(), HashMap::new());
        let mut found = Vec::new();
        if let Ok(weights) = file.group("model_weights") {
            datasets(&weights, "", 0, limit, &mut found).map_err(|error| damaged(name, error))?;
        }
        for path in found {
            let parts: Vec<&str> = path.split('/').collect();
            if let [outermost, .., layer, variable] = parts[..] {
                let variable = variable.split(':').next().unwrap_or(variable);
                let full = format!("model_weights/{path}");
                whole.insert((outermost.to_owned(), layer.to_owned(), variable.to_owned()), full.clone());
                short.entry((layer.to_owned(), variable.to_owned())).or_insert(full);
            }
        }
        Ok(KerasStore { file, name: name.to_owned(), layout: StoreLayout::Legacy(whole, short) })
    }

    /// A text that the file states about itself.
    pub fn attribute(&self, key: &str) -> Option<String> {
        self.file.root_group().ok()?.attribute(key).ok()?.read_string().ok()
    }

    /// A variable of a layer: the one number `index`, which is called one of `names`; `None` where there is none.
    pub fn variable(&self, place: &WeightsPlace, index: usize, names: &[&str]) -> Result<Option<KerasVariable>> {
        let path = match &self.layout {
            StoreLayout::Archive(named) => {
                let by_name = named.get(&(place.container.clone(), place.name.clone()));
                let group = by_name.cloned().unwrap_or_else(|| format!("{}/{}", place.container, place.numbered));
                Some(format!("{group}/vars/{index}"))
            }
            StoreLayout::Legacy(whole, short) => names.iter().find_map(|variable| {
                let (layer, variable) = (place.name.clone(), (*variable).to_owned());
                let own = whole.get(&(place.outermost.clone(), layer.clone(), variable.clone()));
                own.or_else(|| short.get(&(layer, variable))).cloned()
            }),
        };
        let Some(dataset) = path.and_then(|path| self.file.dataset(&path).ok()) else { return Ok(None) };
        let values = values(&dataset).map_err(|why| {
            Error::Failed(format!("{}: the variable {} of layer {} {why}", self.name, names[0], place.name))
        })?;
        Ok(Some(KerasVariable { shape: dataset.shape().iter().map(|&size| size as usize).collect(), values }))
    }
}

fn open(bytes: Vec<u8>, limit: usize, name: &str) -> Result<Hdf5File> {
    // Weights are hardly ever compressed. A variable larger than four times the file is a lie.
    let most = limit.saturating_mul(4).max(1 << 20);
    let options = OpenOptions::default()
        .with_max_read_bytes(most)
        .with_max_chunk_bytes(most)
        .with_chunk_cache_bytes(most.min(16 << 20))
        .with_max_object_header_bytes(most.min(64 << 20));
    Hdf5File::from_vec_with_options(bytes, options).map_err(|error| damaged(name, error))
}

fn damaged(name: &str, error: hdf5_reader::error::Error) -> Error {
    Error::Failed(format!("{name} is no whole HDF5 file: {error}"))
}

/// The groups of layers whose variables say the layer's name.
fn named_layers(
    container: &Group,
    path: &str,
    depth: usize,
    named: &mut HashMap<(String, String), String>,
) -> hdf5_reader::error::Result<()> {
    if depth > MAX_DEPTH {
        return Ok(());
    }
    for layer in container.groups()? {
        let own = format!("{path}/{}", layer.name());
        let name = layer.group("vars").and_then(|vars| vars.attribute("name")).and_then(|name| name.read_string());
        if let Ok(name) = name {
            named.insert((path.to_owned(), name), own.clone());
        }
        if let Ok(inner) = layer.group("layers") {
            named_layers(&inner, &format!("{own}/layers"), depth + 1, named)?;
        }
    }
    Ok(())
}

/// The paths of all datasets below a group.
fn datasets(
    group: &Group,
    path: &str,
    depth: usize,
    limit: usize,
    found: &mut Vec<String>,
) -> hdf5_reader::error::Result<()> {
    // Each takes more bytes of the file than this.
    if depth > MAX_DEPTH || found.len() > limit / 32 {
        return Ok(());
    }
    let join = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
    let (groups, own) = group.member_names()?;
    found.extend(own.iter().map(|name| join(name)));
    for name in groups {
        datasets(&group.group(&name)?, &join(&name), depth + 1, limit, found)?;
    }
    Ok(())
}

/// The values of a variable in float32.
fn values(dataset: &Dataset) -> std::result::Result<Vec<f32>, String> {
    let size = match dataset.dtype() {
        Datatype::FloatingPoint { size, .. } => usize::from(*size),
        other => return Err(format!("has values of type {other:?}, not floating-point numbers")),
    };
    let read = |error: hdf5_reader::error::Error| format!("cannot be read: {error}");
    let bytes = dataset.read_native_bytes().map_err(read)?;
    Ok(match size {
        2 => bytes.chunks_exact(2).map(|pair| f16::from_ne_bytes([pair[0], pair[1]]).to_f32()).collect(),
        4 => bytes.chunks_exact(4).map(|four| f32::from_ne_bytes([four[0], four[1], four[2], four[3]])).collect(),
        8 => {
            let double = |eight: &[u8]| {
                let mut own = [0; 8];
                own.copy_from_slice(eight);
                f64::from_ne_bytes(own) as f32
            };
            bytes.chunks_exact(8).map(double).collect()
        }
        other => return Err(format!("has floating-point numbers of {other} bytes")),
    })
}
