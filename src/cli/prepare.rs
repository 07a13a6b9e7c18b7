//! The flags that say how pictures become the network's input.

use crate::{
    Error, Result,
    picture::{Interpolation, PixelScale, Preparation, PreparationPreset},
};
use std::ffi::OsString;

/// Choices about the preparation of pictures; what is not chosen stays as the network has it.
#[derive(clap::Args)]
#[command(next_help_heading = "Preparation of pictures")]
pub(super) struct PrepareArgs {
    #[arg(long, value_name = "PRESET", value_parser = str::parse::<PreparationPreset>, help = about_presets())]
    prepare: Option<PreparationPreset>,
    /// Resize the short side to so many pixels before the centre is cut
    #[arg(long, value_name = "N")]
    resize: Option<usize>,
    /// Cut this from the centre, a square of N or HEIGHTxWIDTH: the network's input. --size scales --resize with it.
    /// --crop says the same
    #[arg(long, value_name = "N|HxW", value_parser = extent, conflicts_with = "size")]
    cut: Option<[usize; 2]>,
    /// The whole picture at its own aspect ratio, its short side resized to --resize; nothing is cut
    #[arg(long, conflicts_with_all = ["size", "cut"])]
    whole: bool,
    /// The filter that resizes: bilinear or bicubic, both as Pillow's
    #[arg(long, value_name = "FILTER", value_parser = str::parse::<Interpolation>)]
    interpolation: Option<Interpolation>,
    /// The mean of each channel, or one for all, for values from 0 to what --white says
    #[arg(long, value_name = "A[,B,C]", value_delimiter = ',', num_args = 1, allow_negative_numbers = true)]
    mean: Vec<f32>,
    /// The deviation of each channel, or one for all
    #[arg(long, value_name = "A[,B,C]", value_delimiter = ',', num_args = 1)]
    std: Vec<f32>,
    /// The value of white before the mean is subtracted: 1 or 255. --scale 255 says the same; --scale 1 does where a
    /// command does not enlarge pictures
    #[arg(long, value_name = "255|1", value_parser = value_of_white)]
    white: Option<PixelScale>,
    /// The weights want blue, green, red. Means and deviations are in that order, too
    #[arg(long)]
    bgr: bool,
}

fn about_presets() -> String {
    let lines = PreparationPreset::ALL.map(|preset| format!("{} ({})", preset.name(), preset.about()));
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
            crop: self.cut,
            whole: self.whole,
            interpolation: self.interpolation,
            mean: given(&self.mean),
            std: given(&self.std),
            scale: self.white,
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

fn value_of_white(text: &str) -> Result<PixelScale> {
    let wrong = || Error::Usage(format!("'{text}' is no value of white: 1 or 255"));
    text.parse().ok().and_then(|white: u8| white.try_into().ok()).ok_or_else(wrong)
}

/// Arguments in which `--scale` and `--crop` mean one thing. `--scale` enlarges a picture where a command writes one;
/// `--scale 255`, and any `--scale` elsewhere, is `--white`. `--crop` with a size is `--cut`; without one it is a flag
/// of a command's own.
pub(super) fn without_double_meaning(
    command: &clap::Command,
    arguments: impl IntoIterator<Item = OsString>,
) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    let named = arguments.iter().skip(1).find_map(|argument| command.find_subcommand(argument));
    let has = |id: &str| named.is_some_and(|command| command.get_arguments().any(|argument| argument.get_id() == id));
    let (enlarges, crops) = (has("scale"), has("crop"));
    for index in 1..arguments.len() {
        let next = arguments.get(index + 1).and_then(|next| next.to_str()).map(str::to_owned);
        let Some(argument) = arguments[index].to_str() else { continue };
        if argument == "--" {
            break;
        }
        let is_white = |value: &str| !enlarges || value == "255";
        let renamed = match argument.strip_prefix("--scale") {
            Some("") if next.as_deref().is_some_and(is_white) => "--white".to_owned(),
            Some(rest) if rest.strip_prefix('=').is_some_and(is_white) => format!("--white{rest}"),
            _ => match argument.strip_prefix("--crop") {
                Some("") if !crops || next.as_deref().is_some_and(|next| extent(next).is_ok()) => "--cut".to_owned(),
                Some(rest) if rest.starts_with('=') => format!("--cut{rest}"),
                _ => continue,
            },
        };
        arguments[index] = renamed.into();
    }
    arguments
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn scale_is_an_enlargement_only_where_pictures_are_written() {
        let command = <crate::cli::Cli as clap::CommandFactory>::command();
        let read = |line: &str| {
            let found = without_double_meaning(&command, line.split(' ').map(OsString::from));
            found.into_iter().map(|argument| argument.into_string().unwrap()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(read("striate classify a.png --scale 255"), "striate classify a.png --white 255");
        assert_eq!(read("striate classify a.png --scale=1"), "striate classify a.png --white=1");
        assert_eq!(read("striate saliency a.png --scale 255"), "striate saliency a.png --white 255");
        assert_eq!(read("striate saliency a.png --scale 4"), "striate saliency a.png --scale 4");
        assert_eq!(read("striate deconvnet a.png --crop"), "striate deconvnet a.png --crop");
        assert_eq!(read("striate deconvnet a.png --crop 64 --crop"), "striate deconvnet a.png --cut 64 --crop");
        assert_eq!(read("striate classify a.png --crop 64x80"), "striate classify a.png --cut 64x80");
        assert_eq!(read("striate a.png --scale 255"), "striate a.png --white 255");
        assert_eq!(read("striate classify -- --scale 255"), "striate classify -- --scale 255");
    }

    #[test]
    fn sizes_are_squares_or_rectangles() {
        assert_eq!(extent("224").unwrap(), [224, 224]);
        assert_eq!(extent("480x640").unwrap(), [480, 640]);
        for text in ["", "x", "4x", "-3", "4x5x6", "1e3"] {
            assert!(extent(text).unwrap_err().to_string().contains("as in 480x640"), "{text}");
        }
    }
}
