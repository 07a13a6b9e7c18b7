//! `striate fetch`: the published weights of a network, into the user's cache.

use super::console::Console;
use crate::{
    Error, Result,
    weights::{cache_folder, fetch, remote},
    zoo::{self, Card},
};

/// Download the published weights of a network: once, checked, to where every later run finds them
#[derive(clap::Args)]
pub(super) struct Args {
    /// The network, by torchvision's name
    #[arg(value_name = "NETWORK", value_parser = zoo::find)]
    network: &'static Card,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    let name = args.network.name;
    let Some(remote) = remote(name) else {
        let why = match args.network.shipped {
            Some(_) => "its weights ship with striate",
            None => "striate knows no published weights for it; give a file with --weights",
        };
        return Err(Error::Usage(format!("{name} cannot be fetched: {why}")));
    };
    let folder = cache_folder()
        .ok_or_else(|| Error::Failed("there is no folder for caches; name one in STRIATE_CACHE".into()))?;
    console.stage(&format!("fetching {}", remote.describe()));
    let path = fetch(&remote, &folder, console.watch())?;
    Ok(format!("{name} now runs with {}\n", path.display()))
}
