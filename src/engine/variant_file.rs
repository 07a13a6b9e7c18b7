//! Variants: small files that name a network, its weights and changes to it. They open like networks.

use super::opening::{BY_FILE, Opening};
use crate::{Error, Result, net::surgery::Surgery, paint::write_atomically, paths::from_user, weights::Source};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The ending of a variant's file.
pub const VARIANT: &str = "variant";

/// Bytes of a variant at most: the means of many layers.
const MOST_BYTES: u64 = 64 << 20;

/// The version of the format.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct VariantFile {
    /// The version of the format.
    variant: u32,
    /// The network: a name of the zoo, or the path of a file that holds one.
    network: String,
    /// Its weights, as `--weights` takes them; those that ship with the program where it is missing.
    weights: Option<String>,
    /// The changes.
    surgery: Surgery,
}

/// Whether a path names a variant.
pub fn is_variant(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(VARIANT))
}

/// The variant that an opening names; `None` for another network.
pub(super) fn named(opening: &Opening) -> Option<PathBuf> {
    let network = || from_user(&opening.network);
    match &opening.weights {
        Source::File(path) if is_variant(path) => Some(path.clone()),
        _ => Some(network()).filter(|path| opening.network != BY_FILE && is_variant(path)),
    }
}

/// The network that a variant is of, opened as `opening` says otherwise, and its changes.
pub(super) fn read(path: &Path, opening: &Opening) -> Result<(Opening, Surgery)> {
    let failed = |error: std::io::Error| Error::io("open", path, &error);
    let bytes = fs::metadata(path).map_err(failed)?.len();
    if bytes > MOST_BYTES {
        return Err(Error::Failed(format!(
            "{} is too large for a variant of a network: {bytes} bytes",
            path.display()
        )));
    }
    let damaged = |why: String| Error::Failed(format!("{} is no variant of a network: {why}", path.display()));
    let text = fs::read_to_string(path).map_err(failed)?;
    let file: VariantFile = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
    if file.variant != VERSION {
        return Err(damaged(format!("its version is {}, and this program reads {VERSION}", file.variant)));
    }
    let weights = file.weights.as_deref().map(Source::from_user).transpose()?.unwrap_or_default();
    let base = Opening { network: file.network, weights, ..opening.clone() };
    match named(&base) {
        Some(_) => Err(damaged("it names another variant".into())),
        None => Ok((base, file.surgery)),
    }
}

/// Writes a variant of the network that `opening` opens.
///
/// # Errors
/// [`Error::Failed`] when the file cannot be written.
pub fn write_variant(path: &Path, opening: &Opening, surgery: &Surgery) -> Result<()> {
    let (base, _) = match named(opening) {
        Some(variant) => read(&variant, opening)?,
        None => (opening.clone(), Surgery::default()),
    };
    let weights = Some(&base.weights).filter(|weights| **weights != Source::Shipped).map(ToString::to_string);
    let file = VariantFile { variant: VERSION, network: base.network, weights, surgery: surgery.clone() };
    let text = serde_json::to_string_pretty(&file).map_err(|error| Error::Failed(error.to_string()))?;
    write_atomically(path, |file| file.write_all(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::net::surgery::InPlace;

    #[test]
    fn a_variant_names_its_network_and_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("small.variant");
        let surgery = Surgery::default().toggled("conv3", InPlace::Mean(vec![0.5, 1.5]));
        let opening = Opening { weights: Source::Synthetic(3), ..Opening::of("photonet") };
        write_variant(&path, &opening, &surgery).unwrap();
        let opened = Opening { weights: Source::File(path.clone()), ..Opening::of(BY_FILE) };
        assert_eq!(named(&opened), Some(path.clone()));
        assert_eq!(read(&path, &opened).unwrap(), (opening, surgery.clone()));
        // A variant of a variant is one of the first network.
        let second = folder.path().join("second.variant");
        write_variant(&second, &opened, &surgery).unwrap();
        assert_eq!(fs::read_to_string(&second).unwrap(), fs::read_to_string(&path).unwrap());
        for text in ["", "{}", r#"{"variant":2,"network":"photonet","surgery":{"edits":[]}}"#] {
            fs::write(&path, text).unwrap();
            assert!(read(&path, &opened).unwrap_err().to_string().contains("is no variant"), "{text}");
        }
        let text = format!(r#"{{"variant":1,"network":{:?},"surgery":{{"edits":[]}}}}"#, second.display().to_string());
        fs::write(&path, text).unwrap();
        assert!(read(&path, &opened).unwrap_err().to_string().contains("names another variant"));
    }
}
