//! Files that are whole or not there, and PNGs that say what they show.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use image::RgbaImage;

use crate::error::{Error, Result};

/// Writes a file beside `path` and renames it when it is whole, so that nobody ever sees half a file and an older one
/// survives a failure. A link's target is replaced, not the link; a device or a pipe is written directly.
///
/// # Errors
/// The folder does not exist or cannot be written, the disk is full, or `fill` fails: nothing is left behind.
pub fn write_atomically(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let failed = |error: io::Error| Error::io("write", path, &error);
    if path.is_dir() {
        return Err(Error::Failed(format!("cannot write {}: it is a folder", path.display())));
    }
    if path.exists() && !path.is_file() {
        return File::options().write(true).open(path).and_then(|file| fill_all(file, fill)).map_err(failed);
    }
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        let (path, folder) = (path.display(), folder.display());
        return Err(Error::Failed(format!("cannot write {path}: there is no folder {folder}")));
    }
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let beside = Temporary(folder.join(format!(".striate-{}-{count}.tmp", std::process::id())));
    let file = File::create_new(&beside.0).map_err(failed)?;
    fill_all(file, fill).and_then(|()| std::fs::rename(&beside.0, &target)).map_err(failed)
}

fn fill_all(file: File, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut writer = BufWriter::new(file);
    fill(&mut writer)?;
    writer.flush()
}

/// Removed when dropped, by an error or a panic; after the rename there is nothing left to remove.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Writes `image` as a PNG with `texts` (keyword of 1 to 79 Latin-1 characters, text) beside the `Software` entry:
/// what it shows, for whoever finds the file later.
///
/// # Errors
/// Those of [`encode_png`] and [`write_atomically`].
pub fn write_png(path: &Path, image: &RgbaImage, texts: &[(&str, String)]) -> Result<()> {
    let bytes = encode_png(image, texts)?;
    write_atomically(path, |file| file.write_all(&bytes))
}

/// The bytes of a PNG as [`write_png`] writes it; RGB where every pixel is opaque.
///
/// # Errors
/// The image is empty, or a keyword is too long or not Latin-1.
pub fn encode_png(image: &RgbaImage, texts: &[(&str, String)]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    encode(&mut bytes, image, texts).map_err(|error| Error::Failed(format!("cannot encode the PNG: {error}")))?;
    Ok(bytes)
}

fn encode(bytes: &mut Vec<u8>, image: &RgbaImage, texts: &[(&str, String)]) -> Result<(), png::EncodingError> {
    let mut encoder = png::Encoder::new(bytes, image.width(), image.height());
    let opaque = image.pixels().all(|pixel| pixel[3] == 255);
    encoder.set_color(if opaque { png::ColorType::Rgb } else { png::ColorType::Rgba });
    encoder.set_depth(png::BitDepth::Eight);
    let software = ("Software", concat!("striate ", env!("CARGO_PKG_VERSION")).to_owned());
    for (keyword, text) in std::iter::once(&software).chain(texts) {
        // tEXt is what every reader knows, but it is Latin-1.
        if text.is_ascii() {
            encoder.add_text_chunk((*keyword).to_owned(), text.clone())?;
        } else {
            encoder.add_itxt_chunk((*keyword).to_owned(), text.clone())?;
        }
    }
    let mut writer = encoder.write_header()?;
    if opaque {
        let rgb: Vec<u8> = image.pixels().flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        writer.write_image_data(&rgb)?;
    } else {
        writer.write_image_data(image)?;
    }
    writer.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn entries(folder: &Path) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_failure_leaves_nothing_behind_and_the_old_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.bin");
        let full = |file: &mut dyn Write| {
            file.write_all(&[7; 100_000])?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        };
        let message = write_atomically(&path, full).unwrap_err().to_string();
        assert!(message.contains("out.bin") && message.contains("no storage space"), "{message}");
        assert_eq!(entries(folder.path()), 0);
        write_atomically(&path, |file| file.write_all(b"old")).unwrap();
        assert!(write_atomically(&path, full).is_err());
        assert_eq!((std::fs::read(&path).unwrap(), entries(folder.path())), (b"old".to_vec(), 1));
        write_atomically(&path, |file| file.write_all(b"new")).unwrap();
        assert_eq!((std::fs::read(&path).unwrap(), entries(folder.path())), (b"new".to_vec(), 1));
    }

    #[test]
    fn folders_that_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let said = |path: &Path| write_atomically(path, |_| Ok(())).unwrap_err().to_string();
        assert!(said(folder.path()).ends_with("it is a folder"));
        assert!(said(&folder.path().join("none/out.png")).contains("out.png: there is no folder"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn devices_are_written_and_stay_devices() {
        write_atomically(Path::new("/dev/null"), |file| file.write_all(b"x")).unwrap();
        assert!(!Path::new("/dev/null").is_file());
        assert!(write_atomically(Path::new("/dev/full"), |file| file.write_all(b"x")).is_err());
    }

    #[test]
    fn png_texts_and_pixels_come_back() {
        let mut image = RgbaImage::from_fn(3, 2, |x, y| image::Rgba([x as u8, y as u8, 9, 255]));
        let texts = [("Layer", "conv1".to_owned()), ("Class", "Mönch, 修道士".to_owned())];
        for transparent in [false, true] {
            image.get_pixel_mut(0, 0)[3] = if transparent { 0 } else { 255 };
            let bytes = encode_png(&image, &texts).unwrap();
            let reader = png::Decoder::new(io::Cursor::new(&bytes)).read_info().unwrap();
            let info = reader.info();
            assert!(info.uncompressed_latin1_text[0].text.starts_with("striate "));
            assert_eq!(info.uncompressed_latin1_text[1].text, "conv1");
            assert_eq!(info.utf8_text[0].get_text().unwrap(), "Mönch, 修道士");
            assert_eq!(info.color_type == png::ColorType::Rgba, transparent);
            assert_eq!(image::load_from_memory(&bytes).unwrap().into_rgba8(), image);
        }
        assert!(encode_png(&RgbaImage::new(0, 0), &[]).is_err());
    }
}
