//! Pictures as files that say what they show: PNG with text chunks, JPEG and WebP with EXIF.

use std::io::Cursor;
use std::path::Path;

use image::codecs::{jpeg::JpegEncoder, webp::WebPEncoder};
use image::{DynamicImage, ImageEncoder, RgbImage, RgbaImage};

use super::write_atomically;
use crate::error::{Error, Result};

/// The entry that names the program in every picture it writes.
pub const SOFTWARE: &str = concat!("striate ", env!("CARGO_PKG_VERSION"));

/// JPEG's quality, of 100: colour maps keep their edges at it.
const JPEG_QUALITY: u8 = 95;

/// A format that pictures are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureFormat {
    /// Exact, with text chunks.
    Png,
    /// Lossy; transparency is laid over white.
    Jpeg,
    /// Exact.
    WebP,
}

impl PictureFormat {
    /// The endings of file names, for messages.
    pub const ENDINGS: &str = ".png, .jpg, .jpeg or .webp";

    /// The format that a file's ending means; PNG for a name without ending, `None` for another one.
    pub fn of(path: &Path) -> Option<Self> {
        let Some(ending) = path.extension() else { return Some(PictureFormat::Png) };
        match ending.to_str()?.to_ascii_lowercase().as_str() {
            "png" => Some(PictureFormat::Png),
            "jpg" | "jpeg" => Some(PictureFormat::Jpeg),
            "webp" => Some(PictureFormat::WebP),
            _ => None,
        }
    }
}

/// Writes `image` in the format of the file's ending, with `texts` (keyword of 1 to 79 Latin-1 characters, text) beside
/// the `Software` entry: what it shows, for whoever finds the file later.
///
/// # Errors
/// The ending is none of [`PictureFormat::ENDINGS`]; those of [`encode`] and [`write_atomically`].
pub fn write_picture(path: &Path, image: &RgbaImage, texts: &[(&str, String)]) -> Result<()> {
    let format = PictureFormat::of(path).ok_or_else(|| {
        Error::Failed(format!("cannot write {}: its name must end in {}", path.display(), PictureFormat::ENDINGS))
    })?;
    let bytes = encode(format, image, texts)?;
    write_atomically(path, |file| file.write_all(&bytes))
}

/// Writes `image` as a PNG, whatever the file's name, with texts as [`write_picture`] has them.
///
/// # Errors
/// Those of [`encode_png`] and [`write_atomically`].
pub fn write_png(path: &Path, image: &RgbaImage, texts: &[(&str, String)]) -> Result<()> {
    let bytes = encode_png(image, texts)?;
    write_atomically(path, |file| file.write_all(&bytes))
}

/// The bytes of a file as [`write_picture`] writes it; RGB where every pixel is opaque.
///
/// # Errors
/// The image is empty or too large for the format, or a keyword is too long or not Latin-1.
pub fn encode(format: PictureFormat, image: &RgbaImage, texts: &[(&str, String)]) -> Result<Vec<u8>> {
    let failed =
        |what: &str, error: &dyn std::fmt::Display| Error::Failed(format!("cannot encode the {what}: {error}"));
    if format == PictureFormat::Png {
        return encode_png(image, texts);
    }
    if image.is_empty() {
        return Err(failed("picture", &"it has no pixels"));
    }
    let mut bytes = Cursor::new(Vec::new());
    let opaque = image.pixels().all(|pixel| pixel[3] == 255);
    let written = match format {
        PictureFormat::Jpeg => {
            let mut encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
            let _ = encoder.set_exif_metadata(exif(texts));
            DynamicImage::ImageRgb8(over_white(image)).write_with_encoder(encoder)
        }
        _ => {
            let mut encoder = WebPEncoder::new_lossless(&mut bytes);
            let _ = encoder.set_exif_metadata(exif(texts));
            match opaque {
                true => DynamicImage::ImageRgb8(over_white(image)).write_with_encoder(encoder),
                false => DynamicImage::ImageRgba8(image.clone()).write_with_encoder(encoder),
            }
        }
    };
    written.map_err(|error| failed("picture", &error))?;
    Ok(bytes.into_inner())
}

/// The bytes of a PNG as [`write_png`] writes it; RGB where every pixel is opaque.
///
/// # Errors
/// The image is empty, or a keyword is too long or not Latin-1.
pub fn encode_png(image: &RgbaImage, texts: &[(&str, String)]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    png_bytes(&mut bytes, image, texts).map_err(|error| Error::Failed(format!("cannot encode the PNG: {error}")))?;
    Ok(bytes)
}

fn png_bytes(bytes: &mut Vec<u8>, image: &RgbaImage, texts: &[(&str, String)]) -> Result<(), png::EncodingError> {
    let mut encoder = png::Encoder::new(bytes, image.width(), image.height());
    let opaque = image.pixels().all(|pixel| pixel[3] == 255);
    encoder.set_color(if opaque { png::ColorType::Rgb } else { png::ColorType::Rgba });
    encoder.set_depth(png::BitDepth::Eight);
    let software = ("Software", SOFTWARE.to_owned());
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
        writer.write_image_data(&over_white(image))?;
    } else {
        writer.write_image_data(image)?;
    }
    writer.finish()
}

/// The colours over white, where they are not opaque.
fn over_white(image: &RgbaImage) -> RgbImage {
    let mut rgb = RgbImage::new(image.width(), image.height());
    for (out, &image::Rgba([r, g, b, a])) in rgb.pixels_mut().zip(image.pixels()) {
        let over = |c: u8| ((u32::from(c) * u32::from(a) + 255 * (255 - u32::from(a)) + 127) / 255) as u8;
        out.0 = [r, g, b].map(over);
    }
    rgb
}

/// EXIF with the two entries that name the program and what the picture shows.
fn exif(texts: &[(&str, String)]) -> Vec<u8> {
    let description: Vec<String> = texts.iter().map(|(keyword, text)| format!("{keyword}: {text}")).collect();
    let entries = [(0x010e_u16, description.join("; ")), (0x0131, SOFTWARE.to_owned())];
    // A little-endian TIFF: the header, the directory (two entries of 12 bytes, no next one), then the texts, padded
    // because up to four bytes would stand in the entry itself.
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.extend((entries.len() as u16).to_le_bytes());
    let mut texts = Vec::new();
    let start = bytes.len() + entries.len() * 12 + 4;
    for (tag, text) in entries {
        let text = [text.as_bytes(), b"\0\0\0\0\0"].concat();
        bytes.extend([tag.to_le_bytes(), 2_u16.to_le_bytes()].concat());
        bytes.extend([(text.len() as u32).to_le_bytes(), ((start + texts.len()) as u32).to_le_bytes()].concat());
        texts.extend(text);
    }
    bytes.extend([0; 4]);
    bytes.extend(texts);
    // A JPEG segment holds 65,533 bytes, the marker's name among them.
    if bytes.len() > 60_000 { exif(&[]) } else { bytes }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use image::ImageFormat;

    #[test]
    fn png_texts_and_pixels_come_back() {
        let mut image = RgbaImage::from_fn(3, 2, |x, y| image::Rgba([x as u8, y as u8, 9, 255]));
        let texts = [("Layer", "conv1".to_owned()), ("Class", "Mönch, 修道士".to_owned())];
        for transparent in [false, true] {
            image.get_pixel_mut(0, 0)[3] = if transparent { 0 } else { 255 };
            let bytes = encode_png(&image, &texts).unwrap();
            let reader = png::Decoder::new(Cursor::new(&bytes)).read_info().unwrap();
            let info = reader.info();
            assert!(info.uncompressed_latin1_text[0].text.starts_with("striate "));
            assert_eq!(info.uncompressed_latin1_text[1].text, "conv1");
            assert_eq!(info.utf8_text[0].get_text().unwrap(), "Mönch, 修道士");
            assert_eq!(info.color_type == png::ColorType::Rgba, transparent);
            assert_eq!(image::load_from_memory(&bytes).unwrap().into_rgba8(), image);
        }
        assert!(encode_png(&RgbaImage::new(0, 0), &[]).is_err());
    }

    #[test]
    fn the_ending_decides_the_format_and_the_texts_are_in_each() {
        let folder = tempfile::tempdir().unwrap();
        let image = RgbaImage::from_fn(16, 16, |x, _| image::Rgba([16 * x as u8, 99, 200, 255]));
        let texts = [("Layer", "conv1".to_owned())];
        for (name, format) in [
            ("a.png", ImageFormat::Png),
            ("a.PNG", ImageFormat::Png),
            ("a", ImageFormat::Png),
            ("a.jpg", ImageFormat::Jpeg),
            ("a.JPEG", ImageFormat::Jpeg),
            ("a.webp", ImageFormat::WebP),
        ] {
            let path = folder.path().join(name);
            write_picture(&path, &image, &texts).unwrap();
            let bytes = std::fs::read(&path).unwrap();
            assert_eq!(image::guess_format(&bytes).unwrap(), format, "{name}");
            let back = image::load_from_memory(&bytes).unwrap().into_rgba8();
            let apart = back.iter().zip(image.iter()).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            assert!(apart <= if format == ImageFormat::Jpeg { 12 } else { 0 }, "{name}: {apart}");
            for text in ["striate ", "conv1"] {
                assert!(bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{name} lacks {text}");
            }
        }
        let said = write_picture(&folder.path().join("a.gif"), &image, &texts).unwrap_err().to_string();
        assert!(said.ends_with("its name must end in .png, .jpg, .jpeg or .webp"), "{said}");
        assert!(encode(PictureFormat::WebP, &RgbaImage::new(0, 0), &[]).is_err());
    }

    #[test]
    fn transparent_pictures_lie_over_white_where_the_format_knows_no_transparency() {
        let image = RgbaImage::from_pixel(16, 16, image::Rgba([0, 0, 0, 0]));
        let read = |format| image::load_from_memory(&encode(format, &image, &[]).unwrap()).unwrap().into_rgba8();
        assert!(read(PictureFormat::Jpeg).pixels().all(|pixel| pixel.0 == [255; 4]));
        assert!(read(PictureFormat::WebP).pixels().all(|pixel| pixel[3] == 0));
    }
}
