//! The pictures of an unfinished sheet, kept in a folder beside it until the sheet is whole.

use crate::{Error, Result, paint::SOFTWARE};
use image::RgbaImage;
use std::{
    fs::{self, File, TryLockError},
    io::BufReader,
    path::{Path, PathBuf},
};

/// The file that is locked while a run works in the folder.
const LOCK: &str = ".striate-sheet";

/// `OUT.tiles`, which holds nothing but tiles: a folder with anything else in it is refused.
pub(super) struct Tiles {
    folder: PathBuf,
    _lock: File,
}

impl Tiles {
    /// Makes the folder beside `out`, or takes the one that an earlier run left.
    pub fn open(out: &Path) -> Result<Self> {
        let folder = out.with_extension("tiles");
        let refused =
            |why: String| Error::Failed(format!("cannot keep the sheet's pictures in {}: {why}", folder.display()));
        let failed = |error: std::io::Error| refused(error.to_string());
        if folder.is_symlink() || folder.exists() && !folder.is_dir() {
            return Err(refused("it is no folder; move it, or give the sheet another name".into()));
        }
        if folder.exists() {
            for entry in fs::read_dir(&folder).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let name = entry.file_name().to_string_lossy().into_owned();
                if !(name == LOCK || is_temporary(&name) || is_tile(&entry.path(), &name)) {
                    let why = format!("it holds {name}, which no sheet wrote; move it, or give the sheet another name");
                    return Err(refused(why));
                }
            }
        } else {
            fs::create_dir(&folder).map_err(failed)?;
        }
        let lock = File::options().create(true).truncate(false).write(true).open(folder.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => Err(refused("another Striate is working on it at this moment".into())),
            _ => Ok(Tiles { folder, _lock: lock }),
        }
    }

    /// The file of a tile.
    pub fn path(&self, index: usize) -> PathBuf {
        self.folder.join(format!("{index:05}.png"))
    }

    /// A tile that an earlier run made from the same (`texts` say all that it depends on), with its probability.
    pub fn read(path: &Path, texts: &[(&str, String)]) -> Option<(RgbaImage, Option<f32>)> {
        let found = png_texts(path)?;
        let holds = |(keyword, text): &(&str, String)| found.iter().any(|(key, value)| key == keyword && value == text);
        let probability = found.iter().find(|(key, _)| key == "Probability").and_then(|(_, text)| text.parse().ok());
        texts.iter().all(holds).then_some(())?;
        Some((image::open(path).ok()?.into_rgba8(), probability))
    }

    /// Removes the tiles, once the sheet is whole, and the folder when nothing else came into it.
    pub fn remove(self) -> Result<()> {
        let failed = |error: std::io::Error| Error::io("remove", &self.folder, &error);
        for entry in fs::read_dir(&self.folder).map_err(failed)?.flatten() {
            if is_tile(&entry.path(), &entry.file_name().to_string_lossy()) {
                fs::remove_file(entry.path()).map_err(failed)?;
            }
        }
        Ok(())
    }
}

impl Drop for Tiles {
    /// An empty folder is of no use; one with tiles stays for the next run.
    fn drop(&mut self) {
        let mut names = fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
        if names.all(|name| name == LOCK) {
            let _ = fs::remove_file(self.folder.join(LOCK));
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

/// Whether the file is one that [`crate::paint::write_atomically`] began.
fn is_temporary(name: &str) -> bool {
    name.starts_with(".striate-") && name.ends_with(".tmp")
}

/// Whether a file of this name is a tile: a number of five digits, and a picture that says that this program made it.
fn is_tile(path: &Path, name: &str) -> bool {
    let stem = name.strip_suffix(".png");
    let is_number = stem.is_some_and(|stem| stem.len() == 5 && stem.bytes().all(|byte| byte.is_ascii_digit()));
    let is_file = fs::symlink_metadata(path).is_ok_and(|info| info.is_file());
    let program = SOFTWARE.split(' ').next().unwrap_or_default();
    let is_ours = |texts: Vec<(String, String)>| {
        texts.iter().any(|(key, value)| key == "Software" && value.split(' ').next() == Some(program))
    };
    is_number && is_file && png_texts(path).is_some_and(is_ours)
}

/// The texts before the pixels of a PNG.
fn png_texts(path: &Path) -> Option<Vec<(String, String)>> {
    let reader = png::Decoder::new(BufReader::new(File::open(path).ok()?)).read_info().ok()?;
    let info = reader.info();
    let plain = info.uncompressed_latin1_text.iter().map(|chunk| (chunk.keyword.clone(), chunk.text.clone()));
    let other = info.utf8_text.iter().filter_map(|chunk| Some((chunk.keyword.clone(), chunk.get_text().ok()?)));
    Some(plain.chain(other).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::paint::write_png;

    #[test]
    fn only_tiles_are_removed_and_a_folder_with_anything_else_is_refused() {
        let desk = tempfile::tempdir().unwrap();
        let (out, folder) = (desk.path().join("g.png"), desk.path().join("g.tiles"));
        drop(Tiles::open(&out).unwrap());
        assert!(!folder.exists());
        let tile = RgbaImage::new(2, 2);
        let texts = [("Class", "1".to_owned())];
        let tiles = Tiles::open(&out).unwrap();
        let said = || Tiles::open(&out).err().unwrap().to_string();
        assert!(said().contains("another Striate"));
        write_png(&tiles.path(0), &tile, &texts).unwrap();
        drop(tiles);
        let tiles = Tiles::open(&out).unwrap();
        assert_eq!(Tiles::read(&tiles.path(0), &texts), Some((tile.clone(), None)));
        assert_eq!(Tiles::read(&tiles.path(0), &[("Class", "2".to_owned())]), None);
        // Something comes into the folder while the sheet is made.
        fs::write(folder.join("mine.txt"), "mine").unwrap();
        tiles.remove().unwrap();
        assert_eq!(fs::read_to_string(folder.join("mine.txt")).unwrap(), "mine");
        assert!(!folder.join("00000.png").exists());
        assert!(said().contains("it holds mine.txt, which no sheet wrote"));
        fs::remove_file(folder.join("mine.txt")).unwrap();
        tile.save(folder.join("00001.png")).unwrap();
        assert!(said().contains("00001.png"), "a picture of another program");
        fs::remove_file(folder.join("00001.png")).unwrap();
        Tiles::open(&out).unwrap().remove().unwrap();
        assert!(!folder.exists());
        fs::write(&folder, "mine").unwrap();
        assert!(said().contains("no folder"));
    }
}
