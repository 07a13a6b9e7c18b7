//! TIFF files of every kind that the `tiff` crate can unpack: grey, palette, RGB, CMYK and YCbCr; whole numbers of 1 to 32
//! bits and floats; alpha multiplied in or not; planes together or apart. `image` reads fewer kinds, and takes alpha that
//! is multiplied in for straight alpha.

use std::borrow::Cow;
use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};
use tiff::decoder::{BufferLayoutPreference, Decoder, DecodingResult, Limits};
use tiff::tags::Tag;
use tiff::{ColorType, TiffError};

/// The photometric interpretation of a palette, and the one that its indices are unpacked as.
const PALETTE: u16 = 3;
const BLACK_IS_ZERO: u16 = 1;

/// The reason why a file is refused.
pub enum Refusal {
    /// The file is not what the format demands.
    Damaged(String),
    /// The file is whole, but of a kind that is not read.
    Unsupported(String),
}

impl From<TiffError> for Refusal {
    fn from(error: TiffError) -> Self {
        match error {
            TiffError::UnsupportedError(why) => Refusal::Unsupported(why.to_string()),
            error => Refusal::Damaged(error.to_string()),
        }
    }
}

/// A file whose header was read.
pub struct Tiff<'a> {
    decoder: Decoder<Cursor<Cow<'a, [u8]>>>,
    /// Red, green and blue of each index, where the pixels are indices.
    palette: Option<Vec<[u8; 3]>>,
    colour: ColorType,
}

impl<'a> Tiff<'a> {
    /// Reads the header of the first picture.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let mut bytes = Cow::Borrowed(bytes);
        let is_palette = take_for_grey(&mut bytes);
        let mut decoder = Decoder::new(Cursor::new(bytes))?;
        let palette = match is_palette {
            true => Some(colours(&decoder.get_tag_u16_vec(Tag::ColorMap)?)),
            false => None,
        };
        let colour = decoder.colortype()?;
        Ok(Tiff { decoder, palette, colour })
    }

    /// Width and height in pixels.
    pub fn dimensions(&mut self) -> Result<(u32, u32), Refusal> {
        Ok(self.decoder.dimensions()?)
    }

    /// Bytes of the unpacked picture.
    pub fn total_bytes(&mut self) -> Result<u64, Refusal> {
        Ok(self.decoder.image_buffer_layout()?.complete_len as u64)
    }

    /// The pixels over white, upright. `total` is [`Tiff::total_bytes`].
    pub fn read(mut self, total: u64) -> Result<RgbImage, Refusal> {
        let mut limits = Limits::default();
        limits.decoding_buffer_size = usize::try_from(total).unwrap_or(usize::MAX);
        limits.intermediate_buffer_size = limits.decoding_buffer_size.max(limits.intermediate_buffer_size);
        let (width, height) = self.dimensions()?;
        let orientation = self.decoder.find_tag_unsigned::<u8>(Tag::Orientation).ok().flatten();
        let extra = self.decoder.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples).ok().flatten().unwrap_or_default();
        let mut decoder = self.decoder.with_limits(limits);
        let mut result = DecodingResult::U8(Vec::new());
        let layout = decoder.read_image_to_buffer(&mut result)?;
        let samples = Samples::new(result, self.colour, &layout, [width, height])?;
        let alpha = Alpha::of(self.colour, &extra);
        let colour = self.colour;
        let palette = self.palette.as_deref();
        let image = RgbImage::from_fn(width, height, |x, y| {
            image::Rgb(pixel(&samples, palette, colour, alpha, [x as usize, y as usize]))
        });
        let mut image = DynamicImage::ImageRgb8(image);
        if let Some(orientation) = orientation.and_then(Orientation::from_exif) {
            image.apply_orientation(orientation);
        }
        Ok(image.into_rgb8())
    }
}

impl Tiff<'_> {
    /// The samples of all pictures in the file as planes of 0 to 1, `(planes, height, width)`: those of each picture's
    /// samples, one picture after the other. At most `most` planes are unpacked; `total` is [`Tiff::total_bytes`].
    pub fn planes(mut self, total: u64, most: usize) -> Result<(Vec<f32>, [usize; 3]), Refusal> {
        let (width, height) = self.dimensions()?;
        let mut limits = Limits::default();
        limits.decoding_buffer_size = usize::try_from(total).unwrap_or(usize::MAX);
        limits.intermediate_buffer_size = limits.decoding_buffer_size.max(limits.intermediate_buffer_size);
        let mut decoder = self.decoder.with_limits(limits);
        let (mut values, mut planes) = (Vec::new(), 0);
        loop {
            let (colour, size) = (decoder.colortype()?, decoder.dimensions()?);
            if size != (width, height) || self.palette.is_some() {
                return Err(Refusal::Unsupported("its pictures differ in size, or have a palette".to_owned()));
            }
            let mut result = DecodingResult::U8(Vec::new());
            let layout = decoder.read_image_to_buffer(&mut result)?;
            let samples = Samples::new(result, colour, &layout, [width, height])?;
            for channel in 0..usize::from(colour.num_samples()) {
                planes += 1;
                let pixels = (0..height as usize).flat_map(|y| (0..width as usize).map(move |x| (x, y)));
                values.extend(pixels.map(|(x, y)| samples.at(x, y, channel)));
            }
            if planes > most || !decoder.more_images() {
                return Ok((values, [planes, height as usize, width as usize]));
            }
            decoder.next_image()?;
        }
    }
}

/// The meaning of the sample after the colours.
#[derive(Clone, Copy, PartialEq)]
enum Alpha {
    None,
    /// Colours are as bright as they are without transparency.
    Straight,
    /// Colours are multiplied by it.
    Multiplied,
}

impl Alpha {
    /// As Pillow reads the tag `ExtraSamples`; four samples of RGB without the tag have alpha.
    fn of(colour: ColorType, extra: &[u16]) -> Self {
        let has_room = match colour {
            ColorType::RGBA(_) | ColorType::GrayA(_) | ColorType::CMYKA(_) => true,
            ColorType::Multiband { num_samples, .. } => num_samples == 2,
            _ => false,
        };
        match extra.first() {
            _ if !has_room => Alpha::None,
            Some(1) => Alpha::Multiplied,
            Some(2) => Alpha::Straight,
            None if matches!(colour, ColorType::RGBA(_)) => Alpha::Straight,
            _ => Alpha::None,
        }
    }
}

/// 8-bit RGB of one pixel, over white.
fn pixel(
    samples: &Samples,
    palette: Option<&[[u8; 3]]>,
    colour: ColorType,
    alpha: Alpha,
    [x, y]: [usize; 2],
) -> [u8; 3] {
    let at = |channel: usize| samples.at(x, y, channel);
    if let Some(palette) = palette {
        return palette.get(samples.index(x, y)).copied().unwrap_or_default();
    }
    let ([r, g, b], opacity) = match colour {
        ColorType::RGB(_) | ColorType::RGBA(_) => ([at(0), at(1), at(2)], 3),
        ColorType::CMYK(_) | ColorType::CMYKA(_) => ([0, 1, 2].map(|ink| (1.0 - at(ink)) * (1.0 - at(3))), 4),
        ColorType::YCbCr(_) => (from_ycbcr([at(0), at(1), at(2)]), 3),
        _ => ([at(0); 3], 1),
    };
    let opacity = if alpha == Alpha::None { 1.0 } else { at(opacity).clamp(0.0, 1.0) };
    [r, g, b].map(|c| {
        let covered = if alpha == Alpha::Straight { c.clamp(0.0, 1.0) * opacity } else { c };
        (255.0 * (covered + 1.0 - opacity).clamp(0.0, 1.0)).round() as u8
    })
}

/// JPEG's colours, each 0 to 1.
fn from_ycbcr([y, cb, cr]: [f32; 3]) -> [f32; 3] {
    let (cb, cr) = (cb - 128.0 / 255.0, cr - 128.0 / 255.0);
    [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb]
}

/// Unpacked samples, read as 0 to 1.
struct Samples {
    values: DecodingResult,
    /// Steps in samples; of samples below 8 bits a row's in bytes.
    row: usize,
    column: usize,
    channel: usize,
    bits: u8,
    /// The value that is white.
    white: f32,
}

impl Samples {
    fn new(
        values: DecodingResult,
        colour: ColorType,
        layout: &BufferLayoutPreference,
        [width, height]: [u32; 2],
    ) -> Result<Self, Refusal> {
        let bits = colour.bit_depth();
        let count = usize::from(colour.num_samples());
        let white = white(&values, bits)?;
        let width = width as usize;
        let plane = width * height as usize;
        let (row, column, channel) = match layout.planes {
            _ if bits < 8 && count == 1 => (layout.row_stride.map_or(0, std::num::NonZero::get), 1, 0),
            _ if bits < 8 => return Err(Refusal::Unsupported(format!("a TIFF of {count} samples of {bits} bits"))),
            0 | 1 => (width * count, count, 1),
            _ => (width, 1, plane),
        };
        let found = length(&values);
        let needed = if bits < 8 { row * height as usize } else { plane * count };
        match found >= needed {
            true => Ok(Samples { values, row, column, channel, bits, white }),
            false => Err(Refusal::Damaged(format!("it has {found} of its {needed} samples"))),
        }
    }

    /// The whole number at a pixel of one sample.
    fn index(&self, x: usize, y: usize) -> usize {
        match &self.values {
            DecodingResult::U8(values) if self.bits < 8 => {
                let bit = x * usize::from(self.bits);
                let shift = 8 - usize::from(self.bits) - bit % 8;
                let byte = values.get(y * self.row + bit / 8).copied().unwrap_or_default();
                usize::from(byte >> shift) & ((1 << self.bits) - 1)
            }
            DecodingResult::U8(values) => values.get(y * self.row + x * self.column).map_or(0, |&v| usize::from(v)),
            DecodingResult::U16(values) => values.get(y * self.row + x * self.column).map_or(0, |&v| usize::from(v)),
            _ => 0,
        }
    }

    fn at(&self, x: usize, y: usize, channel: usize) -> f32 {
        if self.bits < 8 {
            return self.index(x, y) as f32 / self.white;
        }
        let at = y * self.row + x * self.column + channel * self.channel;
        let value = match &self.values {
            DecodingResult::U8(values) => values.get(at).map(|&v| f32::from(v)),
            DecodingResult::U16(values) => values.get(at).map(|&v| f32::from(v)),
            DecodingResult::U32(values) => values.get(at).map(|&v| v as f32),
            DecodingResult::F16(values) => values.get(at).map(|&v| f32::from(v)),
            DecodingResult::F32(values) => values.get(at).copied(),
            DecodingResult::F64(values) => values.get(at).map(|&v| v as f32),
            _ => None,
        };
        // A maximum of two drops NaN: it becomes black.
        (value.unwrap_or_default() / self.white).max(0.0)
    }
}

fn length(values: &DecodingResult) -> usize {
    match values {
        DecodingResult::U8(values) => values.len(),
        DecodingResult::U16(values) => values.len(),
        DecodingResult::U32(values) => values.len(),
        DecodingResult::F16(values) => values.len(),
        DecodingResult::F32(values) => values.len(),
        DecodingResult::F64(values) => values.len(),
        _ => 0,
    }
}

/// The value that is white: the largest of whole numbers; 1 for floats, or 255 where they go beyond 1.
fn white(values: &DecodingResult, bits: u8) -> Result<f32, Refusal> {
    let of_floats = |largest: f32| match largest {
        largest if largest <= 1.0 => Ok(1.0),
        largest if largest <= 255.0 => Ok(255.0),
        largest => Err(Refusal::Unsupported(format!(
            "its float values go up to {largest}; they must lie between 0 and 1, or between 0 and 255"
        ))),
    };
    match values {
        DecodingResult::U8(_) if bits < 8 => Ok(((1_u32 << bits) - 1) as f32),
        DecodingResult::U8(_) => Ok(255.0),
        DecodingResult::U16(_) => Ok(65_535.0),
        DecodingResult::U32(_) => Ok(u32::MAX as f32),
        DecodingResult::F16(values) => of_floats(values.iter().map(|&v| f32::from(v)).fold(0.0, f32::max)),
        DecodingResult::F32(values) => of_floats(values.iter().copied().fold(0.0, f32::max)),
        DecodingResult::F64(values) => of_floats(values.iter().map(|&v| v as f32).fold(0.0, f32::max)),
        _ => Err(Refusal::Unsupported("a TIFF of signed or 64-bit whole numbers".to_owned())),
    }
}

/// A colour map: all reds, all greens, all blues, of 16 bits each. Some writers fill only 8 of them.
fn colours(map: &[u16]) -> Vec<[u8; 3]> {
    let count = map.len() / 3;
    let shift = if map.iter().all(|&value| value < 256) { 0 } else { 8 };
    let part = |index: usize, channel: usize| (map[channel * count + index] >> shift) as u8;
    (0..count).map(|index| [0, 1, 2].map(|channel| part(index, channel))).collect()
}

/// Whether the pixels of the first picture are indices into a palette. Then the tag is changed, so that the crate, which
/// knows no palettes, unpacks the indices as grey levels.
fn take_for_grey(bytes: &mut Cow<[u8]>) -> bool {
    let Some((at, is_little)) = photometric(bytes) else { return false };
    let [palette, grey] = [PALETTE, BLACK_IS_ZERO].map(|n| if is_little { n.to_le_bytes() } else { n.to_be_bytes() });
    if bytes.get(at..at + 2) != Some(&palette[..]) {
        return false;
    }
    bytes.to_mut()[at..at + 2].copy_from_slice(&grey);
    true
}

/// The place of the first picture's photometric interpretation, and the file's byte order.
fn photometric(bytes: &[u8]) -> Option<(usize, bool)> {
    let is_little = bytes.starts_with(b"II");
    let number = |at: usize, size: usize| {
        let part = bytes.get(at..at.checked_add(size)?)?;
        let next = |all: u64, &byte: &u8| all << 8 | u64::from(byte);
        Some(if is_little { part.iter().rev().fold(0, next) } else { part.iter().fold(0, next) })
    };
    let is_big = number(2, 2)? == 43;
    let start = usize::try_from(if is_big { number(8, 8)? } else { number(4, 4)? }).ok()?;
    let (count_size, entry, value) = if is_big { (8, 20, 12) } else { (2, 12, 8) };
    let count = usize::try_from(number(start, count_size)?).ok()?.min(bytes.len() / entry);
    let first = start.checked_add(count_size)?;
    let found = (0..count).map(|index| first + index * entry).find(|&at| number(at, 2) == Some(262))?;
    Some((found + value, is_little))
}
