//! The pictures that lie beside a picture.

use std::path::{Path, PathBuf};

use super::Picture;
use crate::error::{Error, Result};

/// The endings of files that are taken for pictures when a folder is gone through; single files are told by content.
pub const ENDINGS: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff", "tga", "ico", "pbm", "pgm", "ppm", "pnm", "qoi", "hdr",
    "exr", "ff",
];

/// So many files that are no pictures are passed over.
const PATIENCE: usize = 100;

/// Opens the first picture in a folder, by name.
///
/// # Errors
/// The folder cannot be read or holds no picture.
pub fn first_in(folder: &Path) -> Result<Picture> {
    let files = pictures_in(folder)?;
    first_that_opens(files.into_iter(), folder)
}

/// Opens the picture after `path` in its folder, by name, or before it; behind the last comes the first.
///
/// # Errors
/// The folder cannot be read or holds no other picture.
pub fn beside(path: &Path, forward: bool) -> Result<Picture> {
    let folder = folder_of(path);
    let mut files = pictures_in(folder)?;
    if !forward {
        files.reverse();
    }
    let here = path.file_name();
    let at = files.iter().position(|file| file.file_name() == here);
    // A file that is gone, or that was opened under a name like none of these, stands before the first.
    files.rotate_left(at.map_or(0, |at| at + 1));
    first_that_opens(files.into_iter(), folder)
}

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The files in a folder whose ending says that they are pictures, by name.
///
/// # Errors
/// The folder cannot be read.
pub fn pictures_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(|error| Error::io("read", folder, &error))?;
    let is_picture = |path: &PathBuf| {
        path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)))
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_picture).collect();
    files.sort();
    Ok(files)
}

fn first_that_opens(files: impl Iterator<Item = PathBuf>, folder: &Path) -> Result<Picture> {
    let none = || Error::Failed(format!("there is no picture in {}", folder.display()));
    files.take(PATIENCE).find_map(|file| Picture::open(&file).ok()).ok_or_else(none)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_folder_is_gone_through_in_a_circle_past_what_is_no_picture() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.png", "c.PNG", "d.png"] {
            image::RgbImage::new(2, 2).save_with_format(folder.path().join(name), image::ImageFormat::Png).unwrap();
        }
        std::fs::write(folder.path().join("b.png"), "no picture").unwrap();
        std::fs::write(folder.path().join("notes.txt"), "no picture").unwrap();
        let name = |picture: Result<Picture>| picture.unwrap().name;
        assert_eq!(name(first_in(folder.path())), "a.png");
        let after = |from: &str| name(beside(&folder.path().join(from), true));
        assert_eq!(["a.png", "c.PNG", "d.png"].map(after), ["c.PNG", "d.png", "a.png"]);
        let before = |from: &str| name(beside(&folder.path().join(from), false));
        assert_eq!(["a.png", "c.PNG", "d.png"].map(before), ["d.png", "a.png", "c.PNG"]);
        let empty = tempfile::tempdir().unwrap();
        assert!(first_in(empty.path()).unwrap_err().to_string().contains("no picture"));
    }
}
