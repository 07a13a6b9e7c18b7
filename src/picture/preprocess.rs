//! Picture to normalised tensor, as torchvision does it on Pillow pictures, and back.

use super::{
    Geometry, MAX_PIXELS, Picture,
    resample::{Axis, Interpolation, resample},
};
use crate::{
    error::{Error, Result},
    go,
};
use candle_core::{DType, Device, Tensor};
use image::RgbImage;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};

/// How a picture becomes a network's input: resize, crop, normalise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preprocess {
    /// The short side's length after resizing, in pixels; under [`Fit::Cover`], that of the crop's own shape.
    pub resize: usize,
    /// Height and width of the rectangle cut from the centre, in pixels: the input's size.
    pub crop: [usize; 2],
    /// Which part of the picture the input shows.
    pub fit: Fit,
    /// The filter that resizes.
    pub interpolation: Interpolation,
    /// Subtracted from each channel's values, which are 0 to `scale`. Three channels are colours, in the order that
    /// `bgr` says; one is grey. A network with another number of channels reads no pictures: it runs on arrays only, and
    /// [`Preprocess::apply`] says so.
    pub mean: Vec<f32>,
    /// Divisor of each channel after the mean is subtracted; as long as `mean`.
    pub std: Vec<f32>,
    /// The value of white before the mean is subtracted.
    pub scale: PixelScale,
    /// Whether the weights want blue, green, red. The tensors here are red, green, blue all the same: the network's first
    /// filters are turned instead, so that all that is shown of it has its true colours.
    pub bgr: bool,
}

/// Which part of a picture the input shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// The short side is resized to [`Preprocess::resize`], and the centre is cut, as torchvision does it. What a smaller
    /// picture lacks is black.
    #[default]
    Short,
    /// The picture is resized so that it covers the crop, with the margin that `resize` leaves around the crop's short
    /// side. For square crops this is [`Fit::Short`].
    Cover,
    /// The short side is resized to [`Preprocess::resize`], and nothing is cut.
    Whole,
    /// The whole picture is resized to the crop's size: [`Fit::Whole`] once the picture is known.
    Stretch,
}

/// The value of white before the mean is subtracted: a number in files and flags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum PixelScale {
    /// Values are 0 to 1.
    #[default]
    One,
    /// Values are 0 to 255.
    Full,
}

impl From<PixelScale> for u8 {
    fn from(scale: PixelScale) -> u8 {
        match scale {
            PixelScale::One => 1,
            PixelScale::Full => 255,
        }
    }
}

impl TryFrom<u8> for PixelScale {
    type Error = Error;

    fn try_from(white: u8) -> Result<Self> {
        match white {
            1 => Ok(PixelScale::One),
            255 => Ok(PixelScale::Full),
            _ => Err(Error::Usage(format!("white is 1 or 255, not {white}"))),
        }
    }
}

/// A picture as a network reads it.
#[derive(Debug, Clone)]
pub struct Input {
    /// Normalised values, float32, (1, channels, height, width).
    pub tensor: Tensor,
    /// Where they lie on the picture.
    pub geometry: Geometry,
}

/// The largest input, in pixels: 4096 x 4096.
pub const MAX_INPUT: usize = 4096 * 4096;

impl Preprocess {
    /// Square inputs of `crop` pixels from pictures whose short side is resized to `resize`, with a mean and a deviation
    /// for each channel in 0 to 1.
    pub fn new(resize: usize, crop: usize, mean: &[f32], std: &[f32]) -> Self {
        Self {
            resize,
            crop: [crop; 2],
            fit: Fit::Short,
            interpolation: Interpolation::Bilinear,
            mean: mean.to_vec(),
            std: std.to_vec(),
            scale: PixelScale::One,
            bgr: false,
        }
    }

    /// RGB with the channel statistics of ImageNet, which torchvision's networks were trained with.
    pub fn imagenet(resize: usize, crop: usize) -> Self {
        Self::new(resize, crop, &[0.485, 0.456, 0.406], &[0.229, 0.224, 0.225])
    }

    /// As Caffe's networks for ImageNet were trained: blue, green and red in 0 to 255, minus the mean colour.
    pub fn caffe(&self) -> Self {
        Self { mean: vec![104.0, 117.0, 123.0], std: vec![1.0; 3], scale: PixelScale::Full, bgr: true, ..self.clone() }
    }

    /// For inputs that are no pictures: `channels` planes of `size` x `size` values that are fed as they are.
    pub fn planes(channels: usize, size: usize) -> Self {
        Self::new(size, size, &vec![0.0; channels], &vec![1.0; channels])
    }

    /// The same for square inputs of `size` pixels a side, with as much of the picture in them.
    pub fn with_size(&self, size: usize) -> Self {
        self.sized([size; 2])
    }

    /// The same for inputs of this height and width, with as much of the picture in them.
    pub fn sized(&self, [height, width]: [usize; 2]) -> Self {
        let (old, new) = (self.short_crop(), height.min(width));
        let resize = (self.resize.saturating_mul(new) + old / 2) / old;
        let fit = if height == width { Fit::Short } else { Fit::Cover };
        Self { resize, crop: [height, width], fit, ..self.clone() }
    }

    /// The same for a network of another number of channels: each has the averages of the present ones.
    pub fn for_channels(&self, channels: usize) -> Self {
        if channels == self.channels() {
            return self.clone();
        }
        let average = |values: &[f32]| vec![values.iter().sum::<f32>() / values.len().max(1) as f32; channels];
        Self { mean: average(&self.mean), std: average(&self.std), bgr: false, ..self.clone() }
    }

    /// Channels of the input: 3 or 1 where it is a picture.
    pub fn channels(&self) -> usize {
        self.mean.len()
    }

    /// Whether the input is a picture: three channels or one.
    pub fn takes_pictures(&self) -> bool {
        matches!(self.channels(), 1 | 3)
    }

    /// The mean and the deviation of each channel for values in 0 to 1, red first.
    pub fn statistics(&self) -> [Vec<f32>; 2] {
        let white = f32::from(u8::from(self.scale));
        [&self.mean, &self.std].map(|values| {
            let mut values: Vec<f32> = values.iter().map(|value| value / white).collect();
            if self.bgr {
                values.reverse();
            }
            values
        })
    }

    /// The colour that becomes zero.
    pub fn mean_colour(&self) -> [u8; 3] {
        let [means, _] = self.statistics();
        let mean = |c: usize| means.get(c).or(means.last());
        [0, 1, 2].map(|c| mean(c).map_or(0, |mean| (mean * 255.0).round() as u8))
    }

    /// Height and width of the input that a picture of this width and height makes.
    pub fn input_size(&self, picture: [usize; 2]) -> [usize; 2] {
        match self.fit {
            Fit::Whole => {
                let [width, height] = self.resized(picture);
                [height, width]
            }
            Fit::Short | Fit::Cover | Fit::Stretch => self.crop,
        }
    }

    /// Width and height of what is seen of a picture of this width and height, about its middle.
    pub fn frame(&self, [width, height]: [f32; 2]) -> [f32; 2] {
        let [down, across] = self.crop.map(|side| side as f32);
        let pixel = match self.fit {
            Fit::Whole | Fit::Stretch => return [width, height],
            Fit::Short => width.min(height) / self.resize as f32,
            Fit::Cover => (width / across).min(height / down) * self.short_crop() as f32 / self.resize as f32,
        };
        [across * pixel, down * pixel]
    }

    /// Width and height of a picture of this width and height once it is resized.
    pub(super) fn resized(&self, [width, height]: [usize; 2]) -> [usize; 2] {
        match self.fit {
            // torchvision's int(resize * long / short).
            Fit::Short | Fit::Whole => [width, height].map(|side| self.resize.saturating_mul(side) / width.min(height)),
            Fit::Stretch => [self.crop[1], self.crop[0]],
            Fit::Cover => {
                let [down, across] = self.crop.map(|side| side as f64);
                let margin = self.resize as f64 / self.short_crop() as f64;
                let factor = margin * (across / width as f64).max(down / height as f64);
                [(width, self.crop[1]), (height, self.crop[0])]
                    .map(|(side, least)| ((side as f64 * factor).round() as usize).max(least))
            }
        }
    }

    fn short_crop(&self) -> usize {
        self.crop[0].min(self.crop[1]).max(1)
    }

    /// Resizes a picture, cuts the centre, and normalises.
    ///
    /// # Errors
    /// The sizes or the statistics make no sense, the picture is empty, or the device is out of memory.
    pub fn apply(&self, picture: &Picture, device: &Device) -> Result<Input> {
        if let (Some(position), Some(colour)) = (&picture.position, self.reads_go()) {
            return self.features(position, colour, device);
        }
        self.check()?;
        let size = [picture.pixels.width() as usize, picture.pixels.height() as usize];
        let [width, height] = size;
        if width == 0 || height == 0 {
            return Err(Error::Failed(format!("{} has no pixels", picture.name)));
        }
        let [rows, columns] = self.input_size(size);
        if rows.saturating_mul(columns) > MAX_INPUT {
            let message = format!("the whole of {} would be an input of {columns}x{rows} pixels", picture.name);
            return Err(Error::Usage(format!("{message}, and the limit is 4096x4096: a smaller --resize fits")));
        }
        let resized = self.resized(size);
        let scale = [width as f64 / resized[0] as f64, height as f64 / resized[1] as f64];
        let start = [Self::crop_start(resized[0], columns) as f64, Self::crop_start(resized[1], rows) as f64];
        let x = Axis::new(width, start[0], scale[0], columns, self.interpolation);
        let y = Axis::new(height, start[1], scale[1], rows, self.interpolation);
        let levels = self.levels_of(picture);
        let levels = match self.channels() {
            1 => resample::<1>(&levels, width, &x, &y),
            _ => resample::<3>(&levels, width, &x, &y),
        };
        let tensor = Tensor::from_vec(self.normalise(&levels), (1, self.channels(), rows, columns), device)?;
        let geometry = Geometry {
            scale: scale.map(|scale| scale as f32),
            origin: [(start[0] * scale[0]) as f32, (start[1] * scale[1]) as f32],
            input: [columns, rows],
            picture: size,
        };
        Ok(Input { tensor, geometry })
    }

    /// Whether the planes of the input are those of AlphaGo, and then whether the player's colour is one of them.
    fn reads_go(&self) -> Option<bool> {
        let first = go::PLANES;
        (self.channels() == first || self.channels() == first + 1).then(|| self.channels() > first)
    }

    /// The features of a position of a game of Go, a value for each point.
    fn features(&self, position: &go::Position, colour: bool, device: &Device) -> Result<Input> {
        if self.crop != [go::SIDE; 2] {
            let [height, width] = self.crop;
            return Err(Error::Usage(format!("a board has 19x19 points, and the input {height}x{width} places")));
        }
        let shape = (1, self.channels(), go::SIDE, go::SIDE);
        let tensor = Tensor::from_vec(go::planes(position, colour), shape, device)?;
        let side = go::SIDE * go::CELL as usize;
        let scale = [go::CELL as f32; 2];
        let geometry = Geometry { scale, origin: [0.0; 2], input: [go::SIDE; 2], picture: [side; 2] };
        Ok(Input { tensor, geometry })
    }

    /// The levels of a picture's pixels: grey, or interleaved red, green and blue.
    pub(super) fn levels_of<'p>(&self, picture: &'p Picture) -> Cow<'p, [u8]> {
        match self.channels() {
            1 => Cow::Owned(picture.pixels.pixels().map(|pixel| luma(pixel.0)).collect()),
            _ => Cow::Borrowed(picture.pixels.as_raw()),
        }
    }

    /// Interleaved levels to normalised planes.
    pub fn normalise(&self, levels: &[u8]) -> Vec<f32> {
        let channels = self.channels();
        let [means, stds] = self.statistics();
        let mut planes = Vec::with_capacity(levels.len());
        for channel in 0..channels {
            let (mean, std) = (means[channel], stds[channel]);
            planes.extend(levels.chunks_exact(channels).map(|pixel| (f32::from(pixel[channel]) / 255.0 - mean) / std));
        }
        planes
    }

    /// Back from normalised values, (1, C, height, width) or (C, height, width), to a picture clamped to 0..255. Grey
    /// becomes grey RGB.
    ///
    /// # Errors
    /// The tensor's channels are not this network's.
    pub fn unapply(&self, tensor: &Tensor) -> Result<RgbImage> {
        self.check()?;
        let tensor = if tensor.rank() == 4 { tensor.squeeze(0)? } else { tensor.clone() };
        let (channels, height, width) = tensor.dims3()?;
        if channels != self.channels() {
            let message = format!("{channels} channels given where the network has {}", self.channels());
            return Err(Error::Failed(message));
        }
        let [means, stds] = self.statistics();
        let values = tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
        Ok(RgbImage::from_fn(width as u32, height as u32, |x, y| {
            image::Rgb([0, 1, 2].map(|c| {
                let c = c.min(channels - 1);
                let value = values[(c * height + y as usize) * width + x as usize];
                ((value * stds[c] + means[c]) * 255.0).round() as u8 // `as` clamps
            }))
        }))
    }

    /// The resized picture's pixel at which the crop starts; negative where the crop is larger. torchvision rounds half to
    /// even when it cuts (Python's `round`), and down when it pads.
    pub fn crop_start(resized: usize, crop: usize) -> i64 {
        let spare = resized as i64 - crop as i64;
        if spare < 0 { -(-spare / 2) } else { (spare as f64 / 2.0).round_ties_even() as i64 }
    }

    fn check(&self) -> Result<()> {
        let [height, width] = self.crop;
        let fits = |area: u64| area > 0 && area <= MAX_PIXELS;
        let area = |a: usize, b: usize| (a as u64).saturating_mul(b as u64);
        if !fits(area(self.resize, self.resize)) || !fits(area(height, width)) {
            let (resize, limit) = (self.resize, MAX_PIXELS.isqrt());
            let message = format!("an input of {height}x{width} pixels (from {resize}) is outside 1 to {limit} a side");
            return Err(Error::Usage(message));
        }
        if !matches!(self.channels(), 0 | 1 | 3) && self.std.len() == self.channels() {
            let message = format!("this network reads {} planes of features, not pictures", self.channels());
            let game = if self.reads_go().is_some() { ", a game of Go (FILE.sgf)" } else { "" };
            return Err(Error::Usage(format!(
                "{message}; feed it an array (--input FILE.npy){game}, or a TIFF of as many pages or samples"
            )));
        }
        if !matches!(self.channels(), 1 | 3) || self.std.len() != self.channels() {
            let (means, stds) = (self.mean.len(), self.std.len());
            let message = format!("{means} means and {stds} deviations given; RGB takes 3 of each, grey 1");
            return Err(Error::Failed(message));
        }
        Ok(())
    }
}

/// "short side to 256 (bilinear), centre 224x224 (height x width), 0 to 1 RGB, mean 0.485,0.456,0.406, deviation ..."
impl fmt::Display for Preprocess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([height, width], resize, filter) = (self.crop, self.resize, self.interpolation.name());
        match self.fit {
            Fit::Short => write!(f, "short side to {resize} ({filter}), centre {height}x{width}")?,
            Fit::Cover => write!(f, "to cover {height}x{width} ({filter}), centre {height}x{width}")?,
            Fit::Whole => write!(f, "short side to {resize} ({filter}), whole")?,
            Fit::Stretch => write!(f, "whole picture to {height}x{width} ({filter})")?,
        }
        let order = match self.channels() {
            3 if self.bgr => " BGR",
            3 => " RGB",
            1 => " grey",
            _ => "",
        };
        let list = |values: &[f32]| {
            let rounded = |value: &f32| format!("{value:.4}").trim_end_matches('0').trim_end_matches('.').to_owned();
            values.iter().map(rounded).collect::<Vec<_>>().join(",")
        };
        let (mean, std) = (list(&self.mean), list(&self.std));
        write!(f, ", values 0 to {}{order}, mean {mean}, deviation {std}", u8::from(self.scale))
    }
}

/// ITU-R 601-2 luma as Pillow's `convert("L")` computes it.
fn luma([r, g, b]: [u8; 3]) -> u8 {
    ((u32::from(r) * 19595 + u32::from(g) * 38470 + u32::from(b) * 7471 + 0x8000) >> 16) as u8
}
