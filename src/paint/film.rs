//! Films: animated PNG, which every browser plays.

use super::write::write_atomically;
use crate::{Error, Result};
use image::RgbaImage;
use std::path::Path;

/// Writes pictures of one size as an animated PNG that plays for ever, each for so many milliseconds, with texts about it.
///
/// # Errors
/// [`Error::Failed`] when there is no picture, sizes differ, or the file cannot be written.
pub fn write_film(path: &Path, frames: &[RgbaImage], milliseconds: u16, texts: &[(&str, String)]) -> Result<()> {
    let failed = |why: String| Error::Failed(format!("cannot encode the film: {why}"));
    let Some(first) = frames.first() else { return Err(failed("it has no pictures".into())) };
    if let Some(other) = frames.iter().find(|frame| frame.dimensions() != first.dimensions()) {
        return Err(failed(format!("its pictures are {:?} and {:?} large", first.dimensions(), other.dimensions())));
    }
    let bytes = encode(frames, milliseconds, texts).map_err(|error| failed(error.to_string()))?;
    write_atomically(path, |file| file.write_all(&bytes))
}

fn encode(frames: &[RgbaImage], milliseconds: u16, texts: &[(&str, String)]) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let (width, height) = frames[0].dimensions();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_animated(frames.len() as u32, 0)?;
    encoder.set_frame_delay(milliseconds, 1000)?;
    for (keyword, text) in texts {
        encoder.add_itxt_chunk((*keyword).to_owned(), text.clone())?;
    }
    let mut writer = encoder.write_header()?;
    for frame in frames {
        writer.write_image_data(frame)?;
    }
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_film_has_all_its_pictures() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("film.png");
        let frame = |level: u8| RgbaImage::from_pixel(3, 2, image::Rgba([level, 0, 0, 255]));
        write_film(&path, &[frame(1), frame(2), frame(3)], 400, &[("Title", "three".into())]).unwrap();
        let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        assert_eq!(reader.info().animation_control().unwrap().num_frames, 3);
        let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
        for level in 1..=3 {
            reader.next_frame(&mut buffer).unwrap();
            assert_eq!(buffer[0], level);
        }
        assert!(write_film(&path, &[], 400, &[]).is_err());
        assert!(write_film(&path, &[frame(1), RgbaImage::new(1, 1)], 400, &[]).is_err());
    }
}
