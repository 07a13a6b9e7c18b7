//! `striate tour`: everything about one picture as a folder of pictures and an index.html.

use super::{
    args::{self, SubjectArgs},
    console::Console,
};
use crate::{
    Result,
    net::NodeId,
    paint::NewFolder,
    tour::{TOUR, Tour},
};
use std::path::PathBuf;

/// Write a folder with everything about a picture, layer by layer: pictures and an index.html
///
/// For every layer the folder has its feature maps, its filters and the reconstructions of its strongest units, each beside
/// the part of the picture that the unit sees; for the class, every attribution method. The page needs no server and no
/// internet. An existing folder is replaced only when it holds a tour, as it was written, and nothing else.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    subject: SubjectArgs,
    /// The folder to write
    #[arg(long, value_name = "DIR", value_parser = args::path())]
    out: PathBuf,
    /// The class to explain: its index, label or WordNet id [default: the predicted one]
    #[arg(long, value_name = "C")]
    class: Option<String>,
    /// Only these layers, separated by commas [default: all]
    #[arg(long, value_name = "L,L,...", value_delimiter = ',')]
    layers: Vec<String>,
    /// Reconstructions for each layer
    #[arg(long, value_name = "N", default_value_t = Tour::UNITS, value_parser = clap::value_parser!(u8).range(0..=64))]
    units: u8,
    /// Leave out the methods that take many passes through the network; the page names them
    #[arg(long)]
    quick: bool,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    args.layers.iter().try_for_each(|name| args.subject.network.check_layer(name, None))?;
    if let Some(class) = &args.class {
        args.subject.network.check_class(class)?;
    }
    let run = args.subject.run(console)?;
    // Only now: a signal during a computation ends the program where it stands.
    let folder = NewFolder::create(&args.out, TOUR)?;
    let class = args::class(args.class.as_deref(), &run)?;
    // Looked up again: the network that ran may lack the auxiliary classifiers.
    let find = |name: &String| run.model.network.graph().find(name);
    let chosen = args.layers.iter().map(find).collect::<Result<Vec<NodeId>>>()?;
    let whole = Tour::of(&run, class);
    let layers = if chosen.is_empty() { whole.layers.clone() } else { chosen };

    console.stage("writing the tour");
    let tour = Tour { picture: args.subject.name(), layers, units: args.units.into(), quick: args.quick, ..whole };
    Ok(tour.write(folder, &args.out, console.watch())? + "\n")
}
