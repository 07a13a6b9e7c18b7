//! The flags that say how pictures become the network's input.

use crate::{
    Error, Result,
    picture::{Interpolation, Preparation, Preset, Scale},
};

/// Choices about the preparation of pictures; what is not chosen stays as the network has it.
#[derive(clap::Args)]
#[command(next_help_heading = "Preparation of pictures")]
pub(super) struct PrepareArgs {
    #[arg(long, value_name = "PRESET", value_parser = str::parse::<Preset>, help = about_presets())]
    prepare: Option<Preset>,
    /// Resize the short side to so many pixels before the centre is cut
    #[arg(long, value_name = "N")]
    resize: Option<usize>,
    /// Cut this from the centre, a square of N or HEIGHTxWIDTH: the network's input. --size scales --resize with it
    #[arg(long, value_name = "N|HxW", value_parser = extent, conflicts_with = "size")]
    crop: Option<[usize; 2]>,
    /// The whole picture at its own aspect ratio, its short side resized to --resize; nothing is cut
    #[arg(long, conflicts_with_all = ["size", "crop"])]
    whole: bool,
    /// The filter that resizes: bilinear or bicubic, both as Pillow's
    #[arg(long, value_name = "FILTER", value_parser = str::parse::<Interpolation>)]
    interpolation: Option<Interpolation>,
    /// The mean of each channel, or one for all, in the values that --scale gives
    #[arg(long, value_name = "A[,B,C]", value_delimiter = ',', num_args = 1, allow_negative_numbers = true)]
    mean: Vec<f32>,
    /// The deviation of each channel, or one for all
    #[arg(long, value_name = "A[,B,C]", value_delimiter = ',', num_args = 1)]
    std: Vec<f32>,
    /// The value of white before the mean is subtracted: 1 or 255
    #[arg(long, value_name = "255|1", value_parser = scale)]
    scale: Option<Scale>,
    /// The weights want blue, green, red. Means and deviations are in that order, too
    #[arg(long)]
    bgr: bool,
}

fn about_presets() -> String {
    let lines = Preset::ALL.map(|preset| format!("{} ({})", preset.name(), preset.about()));
    format!("A known preparation, which the other flags change: {}", lines.join("; "))
}

impl PrepareArgs {
    /// The choices, for inputs of `size`.
    pub fn preparation(&self, size: Option<[usize; 2]>) -> Preparation {
        let given = |numbers: &Vec<f32>| (!numbers.is_empty()).then(|| numbers.clone());
        Preparation {
            preset: self.prepare,
            size,
            resize: self.resize,
            crop: self.crop,
            whole: self.whole,
            interpolation: self.interpolation,
            mean: given(&self.mean),
            std: given(&self.std),
            scale: self.scale,
            bgr: self.bgr.then_some(true),
        }
    }
}

/// Height and width: `480x640`, or a square's side.
pub(super) fn extent(text: &str) -> Result<[usize; 2]> {
    let sides = text.split_once(['x', 'X']).unwrap_or((text, text));
    let side = |text: &str| text.trim().parse::<usize>().ok();
    let wrong = || Error::Usage(format!("'{text}' is no size: a number of pixels, or HEIGHTxWIDTH as in 480x640"));
    side(sides.0).zip(side(sides.1)).map(|(height, width)| [height, width]).ok_or_else(wrong)
}

fn scale(text: &str) -> Result<Scale> {
    let white: u8 = text.parse().map_err(|_| Error::Usage(format!("--scale {text} is neither 1 nor 255")))?;
    white.try_into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn sizes_are_squares_or_rectangles() {
        assert_eq!(extent("224").unwrap(), [224, 224]);
        assert_eq!(extent("480x640").unwrap(), [480, 640]);
        for text in ["", "x", "4x", "-3", "4x5x6", "1e3"] {
            assert!(extent(text).unwrap_err().to_string().contains("as in 480x640"), "{text}");
        }
    }
}
