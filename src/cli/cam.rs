//! `striate cam`: the places of a layer's maps that speak for a class, by any method of [`CAMS`].

use super::{
    console::Console,
    explain::{self, Drawing, ExplainArgs},
};
use crate::{
    Result,
    methods::{self, CAMS, Method},
};

/// Show where in a layer's feature maps a class is seen, as a heatmap over the picture
///
/// Any layer with maps can be read, several as the mean over them, each first stretched to 0..1. --raw writes the exact
/// values at the layer's resolution, (height, width) of its maps; of several layers at the network's input's.
///
/// For a folder, or a pattern such as 'photos/*.jpg', --out names a folder: a heatmap for each picture, a contact sheet and
/// a page; --compare asks which method to trust there.
#[derive(clap::Args)]
#[command(after_long_help = explain::about(CAMS))]
pub(super) struct Args {
    #[command(flatten)]
    explain: ExplainArgs,
    #[arg(long, value_name = "METHOD", value_parser = methods::find_cam, default_value = CAMS[0].name,
        help = format!("How: {}", explain::names(CAMS)))]
    method: &'static Method,
    /// The heatmap alone, without the picture below it
    #[arg(long, conflicts_with = "localise")]
    heatmap: bool,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    let drawing = if args.heatmap { Drawing::Alone } else { Drawing::Overlay };
    explain::run(&args.explain, args.method, drawing, console)
}
