//! `striate saliency`: the pixels that matter for a class or a unit, by any method of [`METHODS`].

use super::{
    console::Console,
    explain::{self, Drawing, ExplainArgs},
};
use crate::{
    Result,
    methods::{self, METHODS, Method},
};

/// Show which pixels of a picture matter for a class, or for a unit
///
/// Colours span up to the 99.5% quantile of the values, so that a few outliers do not darken the rest. Methods whose
/// values have a colour are drawn in colour, zero grey; with --map or --overlay as a heatmap: the sum over
/// the colours where values are signed, else the largest. --raw writes the exact values: (height, width) where the method makes a heatmap, else (channels,
/// height, width).
///
/// For a folder, or a pattern such as 'photos/*.jpg', --out names a folder: a heatmap for each picture, a contact sheet and
/// a page; --compare asks which method to trust there.
#[derive(clap::Args)]
#[command(after_long_help = explain::about(METHODS))]
pub(super) struct Args {
    #[command(flatten)]
    explain: ExplainArgs,
    #[arg(long, value_name = "METHOD", value_parser = methods::find, default_value = METHODS[0].name,
        help = format!("How: {}", explain::names(METHODS)))]
    method: &'static Method,
    /// Lay the heatmap over the part of the picture that the network's input covers
    #[arg(long, conflicts_with = "localise")]
    overlay: bool,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    let drawing = if args.overlay { Drawing::Overlay } else { Drawing::Alone };
    explain::run(&args.explain, args.method, drawing, console)
}
