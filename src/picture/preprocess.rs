//! Picture to normalised tensor, as torchvision does it on Pillow pictures, and back.

use candle_core::{DType, Device, Tensor};
use image::RgbImage;

use super::resample::{Axis, resample};
use super::{Geometry, MAX_PIXELS, Picture};
use crate::error::{Error, Result};

/// What a network expects of its pictures: resize the short side, crop the centre, normalise.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Preprocess {
    /// The short side's length after resizing, in pixels.
    pub resize: usize,
    /// The side of the square cut from the centre, in pixels: the input's width and height.
    pub crop: usize,
    /// Subtracted from each channel's value in 0..1. Three channels are RGB, one is grey. A network with another number
    /// of channels reads no pictures (AlphaGo's 48 planes): it runs on arrays only, and [`Preprocess::apply`] says so.
    pub mean: Vec<f32>,
    /// What each channel is then divided by; as long as `mean`.
    pub std: Vec<f32>,
}

/// A picture as a network reads it.
#[derive(Debug, Clone)]
pub struct Input {
    /// Normalised values, float32, (1, channels, crop, crop).
    pub tensor: Tensor,
    /// Where they lie on the picture.
    pub geometry: Geometry,
}

impl Preprocess {
    /// RGB with the channel statistics of ImageNet, which torchvision's networks were trained with.
    pub fn imagenet(resize: usize, crop: usize) -> Self {
        Self { resize, crop, mean: vec![0.485, 0.456, 0.406], std: vec![0.229, 0.224, 0.225] }
    }

    /// As Caffe's networks for ImageNet were trained: 0..255 minus the mean colour. Channels are red, green, blue here
    /// too: the filters of a Caffe model are turned when it is read.
    pub fn caffe(&self) -> Self {
        Self {
            mean: [123.0, 117.0, 104.0].map(|mean| mean / 255.0).to_vec(),
            std: vec![1.0 / 255.0; 3],
            ..self.clone()
        }
    }

    /// The same for inputs of `size` x `size` pixels, with as much of the picture in them.
    pub fn with_size(&self, size: usize) -> Self {
        let crop = self.crop.max(1);
        Self { resize: (self.resize.saturating_mul(size) + crop / 2) / crop, crop: size, ..self.clone() }
    }

    /// For inputs that are no pictures: `channels` planes of `size` x `size` values that are fed as they are.
    pub fn planes(channels: usize, size: usize) -> Self {
        Self { resize: size, crop: size, mean: vec![0.0; channels], std: vec![1.0; channels] }
    }

    /// Channels of the input: 3 or 1 where it is a picture.
    pub fn channels(&self) -> usize {
        self.mean.len()
    }

    /// The colour that becomes zero.
    pub fn mean_colour(&self) -> [u8; 3] {
        let mean = |c: usize| self.mean.get(c).or(self.mean.last());
        [0, 1, 2].map(|c| mean(c).map_or(0, |mean| (mean * 255.0).round() as u8))
    }

    /// Width and height of what is seen of a picture of this width and height, about its middle.
    pub fn frame(&self, [width, height]: [f32; 2]) -> [f32; 2] {
        [width.min(height) * self.crop as f32 / self.resize as f32; 2]
    }

    /// Resizes the short side to `resize` with an antialiased bilinear filter, cuts the centre (what a smaller picture
    /// lacks is black), and normalises.
    ///
    /// # Errors
    /// The sizes or the statistics make no sense, the picture is empty, or the device is out of memory.
    pub fn apply(&self, picture: &Picture, device: &Device) -> Result<Input> {
        self.check()?;
        let [width, height] = [picture.pixels.width() as usize, picture.pixels.height() as usize];
        if width == 0 || height == 0 {
            return Err(Error::Failed(format!("{} has no pixels", picture.name)));
        }
        let short = width.min(height);
        // torchvision's int(resize * long / short).
        let resized = [width, height].map(|side| self.resize * side / short);
        let scale = [width as f64 / resized[0] as f64, height as f64 / resized[1] as f64];
        let start = resized.map(|side| crop_start(side, self.crop) as f64);
        let x = Axis::new(width, start[0], scale[0], self.crop);
        let y = Axis::new(height, start[1], scale[1], self.crop);
        let levels = if self.channels() == 1 {
            let grey: Vec<u8> = picture.pixels.pixels().map(|pixel| luma(pixel.0)).collect();
            resample::<1>(&grey, width, &x, &y)
        } else {
            resample::<3>(picture.pixels.as_raw(), width, &x, &y)
        };
        let tensor = Tensor::from_vec(self.normalise(&levels), (1, self.channels(), self.crop, self.crop), device)?;
        let geometry = Geometry {
            scale: scale.map(|scale| scale as f32),
            origin: [(start[0] * scale[0]) as f32, (start[1] * scale[1]) as f32],
            input: [self.crop; 2],
            picture: [width, height],
        };
        Ok(Input { tensor, geometry })
    }

    /// Interleaved grey levels to normalised planes.
    fn normalise(&self, levels: &[u8]) -> Vec<f32> {
        let channels = self.channels();
        let plane = |c: usize| {
            let (mean, std) = (self.mean[c], self.std[c]);
            levels.iter().skip(c).step_by(channels).map(move |&level| (f32::from(level) / 255.0 - mean) / std)
        };
        (0..channels).flat_map(plane).collect()
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
        let values = tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
        Ok(RgbImage::from_fn(width as u32, height as u32, |x, y| {
            image::Rgb([0, 1, 2].map(|c| {
                let c = c.min(channels - 1);
                let value = values[(c * height + y as usize) * width + x as usize];
                ((value * self.std[c] + self.mean[c]) * 255.0).round() as u8 // `as` clamps
            }))
        }))
    }

    fn check(&self) -> Result<()> {
        let fits = |side: usize| side > 0 && (side as u64).saturating_mul(side as u64) <= MAX_PIXELS;
        if !fits(self.resize) || !fits(self.crop) {
            let (resize, crop, limit) = (self.resize, self.crop, MAX_PIXELS.isqrt());
            let message = format!("an input of {crop} pixels (from {resize}) a side is outside 1 to {limit}");
            return Err(Error::Usage(message));
        }
        if !matches!(self.channels(), 0 | 1 | 3) && self.std.len() == self.channels() {
            let message = format!("this network reads {} planes of features, not pictures", self.channels());
            return Err(Error::Usage(format!("{message}; feed it an array (--input FILE.npy)")));
        }
        if !matches!(self.channels(), 1 | 3) || self.std.len() != self.channels() {
            let (means, stds) = (self.mean.len(), self.std.len());
            let message = format!("{means} means and {stds} deviations given; RGB takes 3 of each, grey 1");
            return Err(Error::Failed(message));
        }
        Ok(())
    }
}

/// The resized picture's pixel at which the crop starts; negative where the crop is larger. torchvision rounds half to
/// even when it cuts (Python's `round`), and down when it pads.
fn crop_start(resized: usize, crop: usize) -> i64 {
    let spare = resized as i64 - crop as i64;
    if spare < 0 { -(-spare / 2) } else { (spare as f64 / 2.0).round_ties_even() as i64 }
}

/// ITU-R 601-2 luma as Pillow's `convert("L")` computes it.
fn luma([r, g, b]: [u8; 3]) -> u8 {
    ((u32::from(r) * 19595 + u32::from(g) * 38470 + u32::from(b) * 7471 + 0x8000) >> 16) as u8
}
