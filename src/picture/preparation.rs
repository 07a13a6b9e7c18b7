//! The user's choices about the preparation of pictures; the network's own preparation gives the rest.

use super::{Fit, Interpolation, PixelScale, Preprocess};
use crate::error::{Error, Result, unknown};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// Choices about the preparation of pictures. What is not chosen stays as the network has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preparation {
    /// A known set of choices, which the others change.
    pub preset: Option<PreparationPreset>,
    /// Height and width of the input, with as much of the picture in it as usual.
    pub size: Option<[usize; 2]>,
    /// The length of the short side after resizing.
    pub resize: Option<usize>,
    /// Height and width of the centre that is cut out.
    pub crop: Option<[usize; 2]>,
    /// The whole picture, at its own aspect ratio.
    pub whole: bool,
    /// The filter that resizes.
    pub interpolation: Option<Interpolation>,
    /// The mean of each channel, or one for all, in the scale's values.
    pub mean: Option<Vec<f32>>,
    /// The deviation of each channel, or one for all.
    pub std: Option<Vec<f32>>,
    /// The value of white.
    pub scale: Option<PixelScale>,
    /// Blue, green, red.
    pub bgr: Option<bool>,
}

/// A known way to prepare pictures. It keeps the network's input size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PreparationPreset {
    /// torchvision's first weights.
    Imagenet,
    /// torchvision's second weights (IMAGENET1K_V2).
    ImagenetV2,
    /// timm's defaults.
    Timm,
    /// TensorFlow's Inception networks: -1 to 1.
    Inception,
    /// Caffe's networks, and Keras' in its mode `caffe`.
    Caffe,
    /// CIFAR-10's statistics; no margin is cut.
    Cifar10,
    /// Values 0 to 1 as they are.
    Unit,
}

impl PreparationPreset {
    /// All of them.
    pub const ALL: [PreparationPreset; 7] = [
        PreparationPreset::Imagenet,
        PreparationPreset::ImagenetV2,
        PreparationPreset::Timm,
        PreparationPreset::Inception,
        PreparationPreset::Caffe,
        PreparationPreset::Cifar10,
        PreparationPreset::Unit,
    ];

    /// The name that `--prepare` takes.
    pub fn name(self) -> &'static str {
        match self {
            PreparationPreset::Imagenet => "imagenet",
            PreparationPreset::ImagenetV2 => "imagenet-v2",
            PreparationPreset::Timm => "timm",
            PreparationPreset::Inception => "inception",
            PreparationPreset::Caffe => "caffe",
            PreparationPreset::Cifar10 => "cifar10",
            PreparationPreset::Unit => "unit",
        }
    }

    /// The weights that it suits, in words.
    pub fn about(self) -> &'static str {
        match self {
            PreparationPreset::Imagenet => {
                "torchvision's first weights: bilinear, short side 256 for 224, ImageNet's mean"
            }
            PreparationPreset::ImagenetV2 => {
                "torchvision's IMAGENET1K_V2: bilinear, short side 232 for 224, ImageNet's mean"
            }
            PreparationPreset::Timm => "timm's defaults: bicubic, short side 256 for 224, ImageNet's mean",
            PreparationPreset::Inception => "TensorFlow's networks: bilinear, short side 256 for 224, values -1 to 1",
            PreparationPreset::Caffe => "Caffe and Keras' mode caffe: BGR, values 0 to 255 less the mean colour",
            PreparationPreset::Cifar10 => "networks trained on CIFAR-10: no margin, CIFAR-10's mean",
            PreparationPreset::Unit => "values 0 to 1, nothing subtracted; sizes as the network has them",
        }
    }

    /// Applies the preset to a network's own preparation.
    fn over(self, own: &Preprocess) -> Preprocess {
        let side = own.crop[0].min(own.crop[1]);
        let cut = |resize: usize, crop: usize| (resize * side + crop / 2) / crop;
        let base = Preprocess { crop: own.crop, fit: own.fit, ..Preprocess::imagenet(cut(256, 224), side) };
        let made = match self {
            PreparationPreset::Imagenet => base,
            PreparationPreset::ImagenetV2 => Preprocess { resize: cut(232, 224), ..base },
            PreparationPreset::Timm => Preprocess { interpolation: Interpolation::Bicubic, ..base },
            PreparationPreset::Inception => Preprocess { mean: vec![0.5; 3], std: vec![0.5; 3], ..base },
            PreparationPreset::Caffe => Preprocess { mean: vec![103.939, 116.779, 123.68], ..base.caffe() },
            PreparationPreset::Cifar10 => {
                let (mean, std) = (vec![0.4914, 0.4822, 0.4465], vec![0.2470, 0.2435, 0.2616]);
                Preprocess { resize: side, mean, std, ..base }
            }
            PreparationPreset::Unit => Preprocess { resize: own.resize, mean: vec![0.0; 3], std: vec![1.0; 3], ..base },
        };
        made.for_channels(own.channels())
    }
}

impl FromStr for PreparationPreset {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let names = || PreparationPreset::ALL.map(PreparationPreset::name).into_iter();
        let found = PreparationPreset::ALL.into_iter().find(|preset| preset.name() == text);
        found.ok_or_else(|| unknown("preparation", text, names(), &names().collect::<Vec<_>>().join(", ")))
    }
}

impl Preparation {
    /// The choices that make this preparation of any network.
    pub fn of(made: &Preprocess) -> Self {
        let whole = matches!(made.fit, Fit::Whole | Fit::Stretch);
        let covers = made.fit == Fit::Cover;
        Preparation {
            preset: None,
            size: covers.then_some(made.crop),
            resize: (!covers).then_some(made.resize),
            crop: (!covers && !whole).then_some(made.crop),
            whole,
            interpolation: Some(made.interpolation),
            mean: Some(made.mean.clone()),
            std: Some(made.std.clone()),
            scale: Some(made.scale),
            bgr: Some(made.bgr),
        }
    }

    /// Whether nothing is chosen.
    pub fn is_none(&self) -> bool {
        *self == Preparation::default()
    }

    /// The network's `own` preparation with these choices.
    ///
    /// # Errors
    /// [`Error::Usage`] for sizes outside 1 to 4096, for another number of means or deviations than 1 or the network's
    /// channels, for numbers that are not finite, and for BGR where there are no three channels.
    pub fn over(&self, own: &Preprocess) -> Result<Preprocess> {
        let mut made = self.preset.map_or_else(|| own.clone(), |preset| preset.over(own));
        if let Some(size) = self.size {
            made = made.sized(extent("--size", size)?);
        }
        if let Some(crop) = self.crop {
            (made.crop, made.fit) = (extent("--crop", crop)?, Fit::Short);
        }
        if let Some(resize) = self.resize {
            extent("--resize", [resize; 2])?;
            (made.resize, made.fit) = (resize, Fit::Short);
        }
        if self.whole {
            made.fit = Fit::Whole;
        }
        made.interpolation = self.interpolation.unwrap_or(made.interpolation);
        made.scale = self.scale.unwrap_or(made.scale);
        let channels = made.channels();
        if let Some(mean) = &self.mean {
            made.mean = one_each("--mean", mean, channels)?;
        }
        if let Some(std) = &self.std {
            made.std = one_each("--std", std, channels)?;
        }
        if made.std.iter().any(|&std| std <= 0.0) {
            return Err(Error::Usage("--std takes numbers above 0: values are divided by them".into()));
        }
        made.bgr = self.bgr.unwrap_or(made.bgr);
        if made.bgr && channels != 3 {
            return Err(Error::Usage(format!("--bgr is for three channels, and this network takes {channels}")));
        }
        Ok(made)
    }
}

/// The longest side of an input that can be asked for, in pixels.
const MAX_SIDE: usize = 4096;

fn extent(flag: &str, size: [usize; 2]) -> Result<[usize; 2]> {
    match size.into_iter().find(|side| !(1..=MAX_SIDE).contains(side)) {
        Some(side) => Err(Error::Usage(format!("{flag} {side} is outside 1 to {MAX_SIDE} pixels"))),
        None => Ok(size),
    }
}

/// A number for each channel, of one for each or one for all.
fn one_each(flag: &str, numbers: &[f32], channels: usize) -> Result<Vec<f32>> {
    if numbers.iter().any(|number| !number.is_finite()) {
        return Err(Error::Usage(format!("{flag} takes finite numbers")));
    }
    match numbers.len() {
        1 => Ok(vec![numbers[0]; channels]),
        count if count == channels => Ok(numbers.to_vec()),
        count => {
            let wanted = if channels == 1 { "1".to_owned() } else { format!("1 or {channels}") };
            Err(Error::Usage(format!("{flag} has {count} numbers, and this network takes {wanted}")))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn own() -> Preprocess {
        Preprocess::imagenet(256, 224)
    }

    #[test]
    fn presets_are_the_published_preparations() {
        let made = |preset| Preparation { preset: Some(preset), ..Preparation::default() }.over(&own()).unwrap();
        assert_eq!(made(PreparationPreset::Imagenet), own());
        assert_eq!(made(PreparationPreset::ImagenetV2), Preprocess::imagenet(232, 224));
        assert_eq!(made(PreparationPreset::Timm), Preprocess { interpolation: Interpolation::Bicubic, ..own() });
        let inception = PreparationPreset::Inception.over(&Preprocess::imagenet(342, 299));
        assert_eq!((inception.resize, inception.mean), (342, vec![0.5; 3]));
        let caffe = made(PreparationPreset::Caffe);
        assert!(caffe.bgr && caffe.scale == PixelScale::Full);
        // Red first, in 0 to 1.
        assert!((caffe.statistics()[0][0] - 123.68 / 255.0).abs() < 1e-6);
        assert_eq!((made(PreparationPreset::Cifar10).resize, made(PreparationPreset::Unit).resize), (224, 256));
        for preset in PreparationPreset::ALL {
            assert_eq!(preset.name().parse::<PreparationPreset>().unwrap(), preset);
            let grey = preset.over(&own().for_channels(1));
            assert_eq!((grey.channels(), grey.bgr), (1, false), "{preset:?}");
            assert_eq!(serde_json::to_value(preset).unwrap(), preset.name());
        }
        assert!("imagnet".parse::<PreparationPreset>().unwrap_err().to_string().contains("imagenet"));
    }

    #[test]
    fn choices_change_what_they_name() {
        let none = Preparation::default();
        assert_eq!(none.over(&own()).unwrap(), own());
        let made = |choice: Preparation| choice.over(&own()).unwrap();
        assert_eq!(made(Preparation { resize: Some(232), ..none.clone() }), Preprocess::imagenet(232, 224));
        assert_eq!(made(Preparation { size: Some([112; 2]), ..none.clone() }), Preprocess::imagenet(128, 112));
        assert_eq!(made(Preparation { crop: Some([200; 2]), ..none.clone() }), Preprocess::imagenet(256, 200));
        let halves = made(Preparation { mean: Some(vec![0.5]), std: Some(vec![0.5; 3]), ..none.clone() });
        assert_eq!((halves.mean, halves.std), (vec![0.5; 3], vec![0.5; 3]));
        let grey = own().for_channels(1);
        assert!((grey.mean[0] - 0.449).abs() < 1e-6 && (grey.std[0] - 0.226).abs() < 1e-6);
        let refused = |choice: Preparation, own: &Preprocess| choice.over(own).unwrap_err().to_string();
        let two = Preparation { mean: Some(vec![0.1, 0.2]), ..none.clone() };
        assert!(refused(two.clone(), &own()).contains("2 numbers, and this network takes 1 or 3"));
        assert!(refused(Preparation { bgr: Some(true), ..none.clone() }, &grey).contains("takes 1"));
        assert!(refused(Preparation { std: Some(vec![0.0]), ..none.clone() }, &own()).contains("above 0"));
        assert!(refused(Preparation { std: Some(vec![f32::NAN]), ..none.clone() }, &own()).contains("finite"));
        assert!(refused(Preparation { size: Some([0, 5]), ..none.clone() }, &own()).contains("--size 0 is outside"));
        assert!(refused(Preparation { resize: Some(9999), ..none }, &own()).contains("--resize 9999 is outside"));
        let kept = serde_json::to_string(&two).unwrap();
        assert_eq!(serde_json::from_str::<Preparation>(&kept).unwrap(), two);
    }

    #[test]
    fn a_preparation_is_made_again_from_its_choices() {
        let whole = Preparation { whole: true, ..Preparation::default() };
        let made = [own(), own().sized([224, 320]), own().caffe(), whole.over(&own()).unwrap()];
        for made in made {
            assert_eq!(Preparation::of(&made).over(&own()).unwrap(), made);
        }
    }

    #[test]
    fn rectangles_are_covered_and_whole_pictures_keep_their_shape() {
        let wide = own().sized([224, 320]);
        assert_eq!(wide.fit, Fit::Cover);
        for picture in [[640, 480], [480, 640], [300, 300], [1000, 200]] {
            let [width, height] = wide.resized(picture);
            assert!(width >= 320 && height >= 224, "{picture:?}: {width}x{height}");
            let [across, down] = wide.frame(picture.map(|side| side as f32));
            assert!(across <= picture[0] as f32 + 1.0 && down <= picture[1] as f32 + 1.0, "{picture:?}");
            assert!((across / down - 320.0 / 224.0).abs() < 1e-3);
        }
        let whole = Preparation { whole: true, ..Preparation::default() }.over(&own()).unwrap();
        assert_eq!(whole.input_size([451, 300]), [256, 384]);
        assert_eq!(whole.frame([451.0, 300.0]), [451.0, 300.0]);
    }
}
