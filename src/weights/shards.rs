//! Weights in more than one file, and folders of weights: an index in JSON that says which file holds which tensor, as
//! Hugging Face writes it, files called `-00001-of-00003`, and a folder with one checkpoint in it.

use super::{
    file::File,
    open::{begins_as_weights, read_one},
};
use crate::{Error, Result, paths::brief, watch::Watch};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The ending of an index's name.
const INDEX: &str = ".index.json";
/// The largest index that is read: 100,000 tensors with long names stay below it.
const MAX_INDEX: u64 = 32 << 20;
/// The most files that one network is spread over.
const MAX_SHARDS: usize = 1000;
/// The endings of weights files, the ones that are preferred first: of the same weights in several formats, safetensors
/// is read fastest.
pub const ENDINGS: [&str; 8] = [".safetensors", ".pth", ".pt", ".pth.tar", ".bin", ".ckpt", ".npz", ".caffemodel"];

/// Reads weights from a file of any [`super::Format`], from all the files that an index or their names say belong
/// together, or from a folder that holds one of these. Progress is reported by bytes.
///
/// # Errors
/// [`Error::Failed`] when a file is unreadable, none of these formats, damaged, or holds values that are not floats; when a
/// folder holds no weights, or several.
pub fn read_file(path: &Path, watch: &Watch) -> Result<File> {
    let folder = path.is_dir().then_some(path);
    let path = if path.is_dir() { &checkpoint_in(path)? } else { path };
    let mut file = if name_of(path).ends_with(INDEX) {
        read_indexed(path, watch)?
    } else {
        match siblings(path) {
            Some(shards) => read_all(path, &shards, watch)?,
            None => read_one(path, watch)?,
        }
    };
    // A folder of Hugging Face's says in its config what the classes and the network are called.
    for (key, value) in folder.into_iter().flat_map(|folder| config(&folder.join("config.json"))) {
        file.metadata.entry(key.to_owned()).or_insert(value);
    }
    Ok(file)
}

/// Whether a path leads to weights: a file that begins as one, an index of shards, or a folder with one checkpoint.
pub fn is_checkpoint(path: &Path) -> bool {
    if path.is_dir() {
        return checkpoint_in(path).is_ok();
    }
    path.is_file() && (name_of(path).ends_with(INDEX) || begins_as_weights(path))
}

/// The largest `config.json` that is read: one with ImageNet's names has 70 kB.
const MAX_CONFIG: u64 = 8 << 20;

/// The `id2label` of a config, as JSON, and its `architecture`, where there are such a file and entries.
fn config(path: &Path) -> Vec<(&'static str, String)> {
    let read = || -> Option<serde_json::Value> {
        let info = fs::metadata(path).ok().filter(|info| info.is_file() && info.len() <= MAX_CONFIG)?;
        let text = fs::read(path).ok().filter(|text| text.len() as u64 == info.len())?;
        serde_json::from_slice(&text).ok()
    };
    let Some(config) = read() else { return Vec::new() };
    let names = config.get("id2label").filter(|names| names.is_object()).map(ToString::to_string);
    let network = config.get("architecture").and_then(|name| name.as_str()).map(str::to_owned);
    let entries = [("id2label", names), ("architecture", network)];
    entries.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The one checkpoint in a folder: an index, else a file with one of [`ENDINGS`].
fn checkpoint_in(folder: &Path) -> Result<PathBuf> {
    let shown = folder.display();
    let entries = fs::read_dir(folder).map_err(|error| Error::io("read", folder, &error))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    let with = |ending: &str| -> Vec<&PathBuf> {
        files.iter().filter(|path| name_of(path).to_ascii_lowercase().ends_with(ending)).collect()
    };
    let mut several = Vec::new();
    for ending in [INDEX].iter().chain(&ENDINGS) {
        match *with(ending) {
            [] => {}
            [only] => return Ok(only.clone()),
            [first, ..]
                if shard_of(&name_of(first)).is_some_and(|(stem, _, end)| {
                    with(ending)
                        .iter()
                        .all(|path| shard_of(&name_of(path)).is_some_and(|(s, _, e)| (&s, &e) == (&stem, &end)))
                }) =>
            {
                return Ok(first.clone());
            }
            ref all => {
                several = all.iter().map(|path| name_of(path)).collect();
                break;
            }
        }
    }
    if several.is_empty() {
        return Err(Error::Failed(format!("{shown} is a folder without weights in it ({})", ENDINGS.join(", "))));
    }
    let more = if several.len() > 4 { ", ..." } else { "" };
    several.truncate(4);
    Err(Error::Failed(format!(
        "{shown} is a folder with several weights files: name one of {}{more}",
        several.join(", ")
    )))
}

/// The parts of `model-00001-of-00003.safetensors`: the stem, the number, and the count with the ending.
fn shard_of(name: &str) -> Option<(String, usize, String)> {
    let (front, end) = name.rsplit_once("-of-")?;
    let (stem, number) = front.rsplit_once('-')?;
    let is_number = |text: &str| text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    let count = end.get(..5).filter(|count| is_number(count) && is_number(number))?;
    count.parse::<usize>().ok().filter(|count| (1..=MAX_SHARDS).contains(count))?;
    Some((stem.to_owned(), number.parse().ok()?, end.to_owned()))
}

/// All the files that belong together with one that is called as a shard, when all are there.
fn siblings(path: &Path) -> Option<Vec<PathBuf>> {
    let (stem, _, end) = shard_of(&name_of(path))?;
    let count: usize = end.get(..5)?.parse().ok()?;
    let shards = (1..=count).map(|number| path.with_file_name(format!("{stem}-{number:05}-of-{end}")));
    let shards: Vec<PathBuf> = shards.collect();
    shards.iter().all(|shard| shard.is_file()).then_some(shards)
}

#[derive(serde::Deserialize)]
struct ShardIndex {
    /// The file of each tensor.
    weight_map: BTreeMap<String, String>,
}

fn read_indexed(path: &Path, watch: &Watch) -> Result<File> {
    let damaged = |why: &str| Error::Failed(format!("{} is no index of weights: {why}", path.display()));
    let info = fs::metadata(path).map_err(|error| Error::io("read", path, &error))?;
    if !info.is_file() || info.len() > MAX_INDEX {
        return Err(damaged("it is not a regular file, or too large"));
    }
    let text = fs::read(path).map_err(|error| Error::io("read", path, &error))?;
    let index: ShardIndex = serde_json::from_slice(&text).map_err(|error| damaged(&brief(&error.to_string(), 200)))?;
    let names: BTreeSet<&String> = index.weight_map.values().collect();
    // A name, not a path: an index from elsewhere has no business in other folders.
    if let Some(name) = names.iter().find(|name| Path::new(name).file_name() != Some(name.as_ref())) {
        return Err(damaged(&format!("{} is not the name of a file beside it", brief(name, 80))));
    }
    if names.is_empty() || names.len() > MAX_SHARDS {
        return Err(damaged(&format!("it lists {} files", names.len())));
    }
    let shards: Vec<PathBuf> = names.into_iter().map(|name| path.with_file_name(name)).collect();
    let file = read_all(path, &shards, watch)?;
    match index.weight_map.keys().find(|name| !file.tensors.contains_key(*name) && !is_counted(name)) {
        Some(name) => Err(damaged(&format!("{} is in none of its files", brief(name, 80)))),
        None => Ok(file),
    }
}

/// Whether the readers pass over a tensor of this name: counters are no weights.
fn is_counted(name: &str) -> bool {
    name.ends_with("num_batches_tracked") || name.ends_with("position_ids")
}

fn read_all(path: &Path, shards: &[PathBuf], watch: &Watch) -> Result<File> {
    let mut whole: Option<File> = None;
    for (index, shard) in shards.iter().enumerate() {
        let file = read_one(shard, &watch.part(index, shards.len()))?;
        let Some(all) = &mut whole else {
            whole = Some(file);
            continue;
        };
        if let Some(name) = file.tensors.keys().find(|name| all.tensors.contains_key(*name)) {
            return Err(Error::Failed(format!("{} has {name} in two of its files", path.display())));
        }
        all.tensors.extend(file.tensors);
        all.metadata.extend(file.metadata);
        all.constants.extend(file.constants);
        all.notes.extend(file.notes);
        all.skipped.extend(file.skipped);
    }
    whole.ok_or_else(|| Error::Failed(format!("{} lists no files", path.display())))
}
