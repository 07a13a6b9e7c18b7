//! JSON for `--json`.

use crate::{Error, Result};
use serde::Serialize;

/// A JSON object on several lines, ended by a line feed.
///
/// # Errors
/// When a value cannot be written as JSON: a defect here.
pub fn to_json(value: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(value);
    text.map(|text| text + "\n").map_err(|error| Error::Failed(format!("cannot write JSON: {error}")))
}
