//! JSON for `--json`.

use crate::{Error, Result};
use serde::{Serialize, Serializer};
use std::path::{Path, PathBuf};

/// The version of the objects that `--json` prints. It grows when a key changes its meaning or goes; new keys may come
/// without a new version.
const SCHEMA: u32 = 1;

/// An object with the version of its form before everything else.
#[derive(Serialize)]
struct Versioned<'a, T: Serialize> {
    schema: u32,
    #[serde(flatten)]
    value: &'a T,
}

/// A JSON object on several lines, ended by a line feed. Its first key, `schema`, is the version of its form: 1.
///
/// # Errors
/// When a value cannot be written as a JSON object: a defect here.
pub fn to_json(value: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(&Versioned { schema: SCHEMA, value });
    text.map(|text| escaped(text) + "\n").map_err(|error| Error::Failed(format!("cannot write JSON: {error}")))
}

/// The same text with the control characters above ASCII escaped: terminals obey them.
fn escaped(text: String) -> String {
    let is_control = |c: char| ('\u{7f}'..'\u{a0}').contains(&c);
    let escape = |c: char| if is_control(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    if text.contains(is_control) { text.chars().map(escape).collect() } else { text }
}

/// Writes a path as JSON text, in which bytes that are not UTF-8 are U+FFFD.
///
/// # Errors
/// The serializer's.
pub fn shown_path<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// [`shown_path`] for a path that may be missing.
pub(super) fn shown_file<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => shown_path(path, serializer),
        None => serializer.serialize_none(),
    }
}
