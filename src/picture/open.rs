//! Files, bytes and clipboard pixels to [`Picture`]; every failure is one sentence that names the file.

use std::ffi::OsStr;
use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage, RgbaImage};

use super::tiff::{Refusal, Tiff};
use super::{SAMPLES, flatten, jpeg};
use crate::error::{Error, Result, unknown};
use crate::go::{self, Position};
use crate::memory;
use crate::paths::from_user;

/// The largest picture that is decoded, in pixels: 256 megapixels.
pub const MAX_PIXELS: u64 = 256_000_000;

/// The largest file that is read, in bytes: above what MAX_PIXELS takes in every format but uncompressed 16-bit RGBA.
const MAX_BYTES: u64 = 2 << 30;

/// The formats, as the messages list them.
const FORMATS: &str = "png, jpeg, gif, webp, bmp, tiff, tga, ico, pnm, qoi, hdr, exr, farbfeld";

/// The most bytes that a picture is unpacked to.
const MAX_DECODED: u64 = 1 << 30;

/// Bytes that even the smallest file may claim to unpack to; beyond them the file's own bytes must allow it.
const MIN_DECODED: u64 = 96 << 20;

/// The most bytes that one byte of a file can hold: deflate's limit, and the looser ones of formats with run lengths.
const MAX_RATIO: u64 = 1100;
const MAX_RATIO_RUNS: u64 = 8000;

/// A picture as a person sees it: upright (EXIF orientation applied), 8-bit RGB, at its own resolution.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The name to show: the file's, or the sample's.
    pub name: String,
    /// The file it came from; none for samples, the clipboard and drawings.
    pub path: Option<PathBuf>,
    /// The pixels, never empty when opened by this module.
    pub pixels: Arc<RgbImage>,
    /// The position of a game of Go that it is a drawing of: a network of feature planes reads those.
    pub position: Option<Arc<Position>>,
}

impl Picture {
    /// Opens `sample:NAME` or a path.
    ///
    /// # Errors
    /// An unknown sample (with the nearest names), or whatever [`Picture::open`] says.
    pub fn from_source(source: impl AsRef<OsStr>) -> Result<Picture> {
        let source = source.as_ref();
        let name = source.to_str().and_then(|source| source.strip_prefix("sample:"));
        let Some(name) = name else { return Self::open(&from_user(source)) };
        let names = || SAMPLES.iter().map(|sample| sample.name);
        match SAMPLES.iter().find(|sample| sample.name == name) {
            Some(sample) => Self::decode(sample.bytes, sample.name),
            None => Err(unknown("sample", name, names(), &names().collect::<Vec<_>>().join(", "))),
        }
    }

    /// Opens a file of any format in the list, told by its content and not by its extension. Animations give their
    /// first frame. A record of a game of Go becomes its board after the last move, or after move 40 for `game.sgf#40`.
    ///
    /// # Errors
    /// The file is missing, unreadable, a folder, empty, no picture, damaged, or larger than [`MAX_PIXELS`].
    pub fn open(path: &Path) -> Result<Picture> {
        let (path, moves) = after_move(path);
        let shown = path.display();
        let failed = |error| Error::io("read", path, &error);
        let metadata = std::fs::metadata(path).map_err(failed)?;
        if metadata.is_dir() {
            return Err(Error::Failed(format!("{shown} is a folder, not a picture")));
        }
        // A pipe or a device may never end.
        if !metadata.is_file() {
            return Err(Error::Failed(format!("{shown} is not a regular file")));
        }
        if metadata.len() > MAX_BYTES {
            let size = metadata.len() >> 20;
            return Err(Error::Failed(format!("{shown} has {size} MiB; the limit is {} MiB", MAX_BYTES >> 20)));
        }
        let bytes = std::fs::read(path).map_err(failed)?;
        let name = path.file_name().map_or_else(|| shown.to_string(), |name| name.to_string_lossy().into_owned());
        let picture = Self::of_bytes(&bytes, &name, &shown.to_string(), moves)?;
        Ok(Picture { path: Some(path.to_owned()), ..picture })
    }

    /// Decodes what `reader` gives until it ends, as a pipe; `name` is what messages call it.
    ///
    /// # Errors
    /// As for [`Picture::decode`]; the reader's errors, and more than 2 GiB.
    pub fn read(reader: impl Read, name: &str) -> Result<Picture> {
        let mut bytes = Vec::new();
        let failed = |error| Error::Failed(format!("cannot read {name}: {error}"));
        reader.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(Error::Failed(format!("{name} has more than the limit of {} MiB", MAX_BYTES >> 20)));
        }
        Self::decode(&bytes, name)
    }

    /// Decodes a file that is in memory; `name` is what messages call it.
    ///
    /// # Errors
    /// The bytes are empty, no picture, damaged, or larger than [`MAX_PIXELS`].
    pub fn decode(bytes: &[u8], name: &str) -> Result<Picture> {
        Self::of_bytes(bytes, name, name, None)
    }

    /// A picture called `name` from a file's content; `label` is what messages call it.
    fn of_bytes(bytes: &[u8], name: &str, label: &str, moves: Option<usize>) -> Result<Picture> {
        if !go::is_game(&bytes[..bytes.len().min(64)]) {
            return Ok(Self::from_rgb(name, decode(bytes, label)?));
        }
        let (position, _) = go::parse_game(bytes, label, moves)?;
        let name = moves.map_or_else(|| name.to_owned(), |moves| format!("{name}, move {moves}"));
        Ok(Self::of_position(&name, position))
    }

    /// A drawing of a position of a game of Go.
    pub fn of_position(name: &str, position: Position) -> Picture {
        let drawing = Self::from_rgb(name, go::drawn(&position));
        Picture { position: Some(Arc::new(position)), ..drawing }
    }

    /// A picture from 8-bit RGBA rows as a clipboard holds them (straight alpha), laid over white.
    ///
    /// # Errors
    /// `rgba` does not hold `width * height` pixels, or there are none or too many of them.
    pub fn from_rgba(name: &str, width: u32, height: u32, rgba: &[u8]) -> Result<Picture> {
        check_size(name, width, height)?;
        let image = RgbaImage::from_raw(width, height, rgba.to_vec()).filter(|image| image.len() == rgba.len());
        let image = image.ok_or_else(|| {
            Error::Failed(format!("{name} holds {} bytes, which is not {width}x{height} RGBA pixels", rgba.len()))
        })?;
        Ok(Self::from_rgb(name, flatten::to_rgb(DynamicImage::ImageRgba8(image), ImageFormat::Png)))
    }

    /// A picture from pixels that are RGB already.
    pub fn from_rgb(name: &str, pixels: RgbImage) -> Picture {
        Picture { name: name.to_owned(), path: None, pixels: Arc::new(pixels), position: None }
    }
}

/// The file and the number of a move of a path such as `game.sgf#40`, where no file has that whole name.
fn after_move(path: &Path) -> (&Path, Option<usize>) {
    let split = || {
        let (file, number) = path.to_str()?.rsplit_once('#')?;
        Some((Path::new(file), number.parse().ok()?))
    };
    match path.exists() {
        true => (path, None),
        false => split().map_or((path, None), |(file, number)| (file, Some(number))),
    }
}

/// Whether a file is a record of a game of Go.
pub fn is_game(path: &Path) -> bool {
    let mut head = Vec::new();
    let mut read = || std::fs::File::open(path).and_then(|file| file.take(64).read_to_end(&mut head));
    let is_file = std::fs::metadata(path).is_ok_and(|info| info.is_file());
    is_file && read().is_ok() && go::is_game(&head)
}

/// Whether a file is a TIFF.
pub fn is_tiff(path: &Path) -> bool {
    let is_file = std::fs::metadata(path).is_ok_and(|info| info.is_file());
    let mut head = [0; 4];
    let mut read = || std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    is_file && read().is_ok() && image::guess_format(&head).is_ok_and(|format| format == ImageFormat::Tiff)
}

/// The planes of a TIFF, for a network that takes `count` of them: the samples of its pixels, or its pages, 0 to 1, with
/// their number, height and width.
///
/// # Errors
/// Those of [`Picture::open`], and when the file has another number of planes.
pub fn planes(path: &Path, count: usize) -> Result<(Vec<f32>, [usize; 3])> {
    let label = &path.display().to_string();
    let info = std::fs::metadata(path).map_err(|error| Error::io("read", path, &error))?;
    if info.len() > MAX_BYTES {
        return Err(Error::Failed(format!(
            "{label} has {} MiB; the limit is {} MiB",
            info.len() >> 20,
            MAX_BYTES >> 20
        )));
    }
    let bytes = std::fs::read(path).map_err(|error| Error::io("read", path, &error))?;
    let refused = |refusal: Refusal| match refusal {
        Refusal::Damaged(why) => damaged(label, &first_line(&why)),
        Refusal::Unsupported(why) => Error::Failed(format!("{label} cannot be read: {}", first_line(&why))),
    };
    let mut tiff = Tiff::new(&bytes).map_err(refused)?;
    let (width, height) = tiff.dimensions().map_err(refused)?;
    check_size(label, width, height)?;
    let total = tiff.total_bytes().map_err(refused)?;
    check_bytes(label, ImageFormat::Tiff, total, bytes.len() as u64)?;
    let floats = u64::from(width) * u64::from(height) * 4;
    memory::check(label, floats.saturating_mul(2 * count as u64).saturating_add(total))?;
    let read = catch_unwind(AssertUnwindSafe(|| tiff.planes(total, count)));
    let (values, shape) = read.map_err(|_| damaged(label, "its decoder gave up"))?.map_err(refused)?;
    match shape[0] {
        found if found == count => Ok((values, shape)),
        found => {
            let found = if found > count { format!("more than {count}") } else { found.to_string() };
            Err(Error::Failed(format!("{label} has {found} planes where the network takes {count}")))
        }
    }
}

/// `label` is the name or path that messages give.
fn decode(bytes: &[u8], label: &str) -> Result<RgbImage> {
    if bytes.is_empty() {
        return Err(Error::Failed(format!("{label} is empty")));
    }
    // TGA is the one format without a signature, so there the extension has to do.
    let named_tga = || label.to_ascii_lowercase().ends_with(".tga").then_some(ImageFormat::Tga);
    let format = image::guess_format(bytes).ok().or_else(named_tga).filter(ImageFormat::reading_enabled);
    let Some(format) = format else {
        return Err(Error::Failed(format!("{label} is not a picture in a format Striate reads ({FORMATS})")));
    };
    // Decoders are fed whatever the user drags in, and a few still panic on hostile files: that is a damaged file, not
    // a reason to lose the window.
    catch_unwind(AssertUnwindSafe(|| decode_as(format, bytes, label)))
        .unwrap_or_else(|_| Err(damaged(label, "its decoder gave up")))
}

fn decode_as(format: ImageFormat, bytes: &[u8], label: &str) -> Result<RgbImage> {
    let refused = |error: ImageError| match error {
        ImageError::Unsupported(error) => Error::Failed(format!("{label} cannot be read: {}", first_line(&error))),
        error => damaged(label, &first_line(&error)),
    };
    if format == ImageFormat::Tiff {
        return decode_tiff(bytes, label);
    }
    if format == ImageFormat::OpenExr {
        check_exr(bytes, label)?;
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    // The limits below are the real ones; this one bounds a decoder's own copies.
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODED * 2);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    check_size(label, width, height)?;
    let total = decoder.total_bytes();
    check_bytes(label, format, total, bytes.len() as u64)?;
    // A frame of an animation may be larger than the picture.
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(total.saturating_mul(2).saturating_add(MIN_DECODED));
    decoder.set_limits(limits).map_err(refused)?;
    // The decoder fills what is missing with grey and says nothing.
    if format == ImageFormat::Jpeg && !jpeg::is_complete(bytes) {
        return Err(damaged(label, "the end of the picture is missing"));
    }
    // Damaged metadata is no reason to refuse good pixels.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(refused)?;
    image.apply_orientation(orientation);
    Ok(flatten::to_rgb(image, format))
}

fn decode_tiff(bytes: &[u8], label: &str) -> Result<RgbImage> {
    let refused = |refusal: Refusal| match refusal {
        Refusal::Damaged(why) => damaged(label, &first_line(&why)),
        Refusal::Unsupported(why) => Error::Failed(format!("{label} cannot be read: {}", first_line(&why))),
    };
    let mut tiff = Tiff::new(bytes).map_err(refused)?;
    let (width, height) = tiff.dimensions().map_err(refused)?;
    check_size(label, width, height)?;
    let total = tiff.total_bytes().map_err(refused)?;
    check_bytes(label, ImageFormat::Tiff, total, bytes.len() as u64)?;
    tiff.read(total).map_err(refused)
}

/// Checks an OpenEXR file's windows: the decoder allocates lines of the data window, which may be larger than the picture.
fn check_exr(bytes: &[u8], label: &str) -> Result<()> {
    let meta = exr::meta::MetaData::read_from_buffered(bytes, false);
    let meta = meta.map_err(|error| damaged(label, &first_line(&error)))?;
    for header in &meta.headers {
        let display = header.shared_attributes.display_window.size;
        for size in [header.layer_size, display] {
            let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
            check_size(label, side(size.width()), side(size.height()))?;
            let bytes_each = header.channels.bytes_per_pixel.max(16) as u64;
            let total = (size.width() as u64).saturating_mul(size.height() as u64).saturating_mul(bytes_each);
            check_bytes(label, ImageFormat::OpenExr, total, bytes.len() as u64)?;
        }
    }
    Ok(())
}

/// Checks the size of an unpacked picture against the limit, the file that it must come from, and the memory that is free.
fn check_bytes(label: &str, format: ImageFormat, decoded: u64, file: u64) -> Result<()> {
    if decoded > MAX_DECODED {
        let [size, limit] = [decoded, MAX_DECODED].map(memory::readable);
        return Err(Error::Failed(format!("{label} would unpack to {size}; the limit is {limit}")));
    }
    let has_runs = matches!(format, ImageFormat::WebP | ImageFormat::Gif | ImageFormat::Jpeg | ImageFormat::Qoi);
    let ratio = if has_runs { MAX_RATIO_RUNS } else { MAX_RATIO };
    if decoded > MIN_DECODED.max(file.saturating_mul(ratio)) {
        return Err(damaged(label, "it claims more pixels than its bytes can hold"));
    }
    // The decoder's pixels, their copy as 8-bit RGB, and a copy on the way.
    memory::check(label, decoded.saturating_mul(3))
}

fn check_size(label: &str, width: u32, height: u32) -> Result<()> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(Error::Failed(format!("{label} has no pixels ({width}x{height})")));
    }
    if pixels > MAX_PIXELS {
        let (mega, limit) = (pixels.div_ceil(1_000_000), MAX_PIXELS / 1_000_000);
        let size = format!("{width}x{height} ({mega} megapixels)");
        return Err(Error::Failed(format!("{label} is {size}; the limit is {limit} megapixels")));
    }
    Ok(())
}

fn damaged(label: &str, reason: &str) -> Error {
    Error::Failed(format!("{label} is truncated or damaged: {reason}"))
}

/// Decoders' messages may run over several lines, or list what they read so far: the beginning has to do.
fn first_line(error: &impl std::fmt::Display) -> String {
    let message = error.to_string().replace("failed to fill whole buffer", "unexpected end of file");
    let line = message.lines().next().unwrap_or_default().trim_end_matches('.');
    line.chars().take(150).collect()
}
