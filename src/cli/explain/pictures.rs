//! The pictures that a folder or a pattern means.

use crate::{Error, Result, dataset::Listing, paths::from_user};
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// Pictures with the names that they get.
pub(super) struct Files {
    /// Path, and name without ending, which no two share.
    pub files: Vec<(PathBuf, String)>,
}

/// The pictures that `source` means where it is a folder, or a pattern that is no file's name; else `None`.
pub(super) fn many(source: &OsStr) -> Result<Option<Files>> {
    let path = from_user(source);
    if path.is_dir() {
        let listing = Listing::new(&path)?;
        let paths = listing.entries.iter().map(|entry| (path.join(&entry.path), entry.path.clone()));
        return Ok(Some(Files::named(paths)));
    }
    let Some(pattern) = path.to_str().filter(|text| text.contains(['*', '?', '[']) && !path.exists()) else {
        return Ok(None);
    };
    let found = glob::glob(pattern).map_err(|error| Error::Usage(format!("'{pattern}' is no pattern: {error}")))?;
    let mut paths: Vec<PathBuf> = found.flatten().filter(|path| path.is_file()).collect();
    paths.sort();
    match paths.is_empty() {
        true => Err(Error::Failed(format!("no file matches '{pattern}'"))),
        false => Ok(Some(Files::named(paths.into_iter().map(|path| (path.clone(), path))))),
    }
}

impl Files {
    /// Names made of the paths: letters, digits and `-._` stay, folders are joined by `-`, and a number tells equal ones apart.
    fn named(paths: impl Iterator<Item = (PathBuf, PathBuf)>) -> Self {
        let mut taken = std::collections::HashSet::new();
        let name = |below: &Path| {
            let text =
                below.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect::<Vec<_>>();
            let text = text.join("-");
            let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '.' | '_') { c } else { '_' };
            text.chars().map(plain).collect::<String>().trim_matches(['-', '_', '.']).to_owned()
        };
        let mut files = Vec::new();
        for (path, below) in paths {
            let base = name(&below);
            let mut own = base.clone();
            let mut number = 2;
            while !taken.insert(own.to_lowercase()) {
                own = format!("{base}-{number}");
                number += 1;
            }
            files.push((path, own));
        }
        Files { files }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_pictures_share_a_name() {
        let paths = ["a/b.png", "a-b.jpg", "A/B.png", "c d.png"].map(|name| (PathBuf::from(name), PathBuf::from(name)));
        let names: Vec<String> = Files::named(paths.into_iter()).files.into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["a-b", "a-b-2", "A-B-3", "c_d"]);
    }
}
