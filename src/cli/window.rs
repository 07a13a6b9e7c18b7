//! No subcommand: the window.

use super::args::NetworkArgs;
use crate::{
    Error, Result,
    engine::{DeviceChoice, FileKind, Opening},
    error::nearest,
    paths::from_user,
    picture::SAMPLES,
    weights::Source,
};
use clap::CommandFactory;
use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The picture to open: a file or sample:NAME; a checkpoint or a network as a file opens on a sample
    image: Option<OsString>,
    #[command(flatten)]
    network: NetworkArgs,
}

/// The window's first network and picture.
pub struct Wanted {
    /// The network.
    pub opening: Opening,
    /// `sample:NAME` or a path, which exists.
    pub picture: Option<OsString>,
    /// The device that computes.
    pub device: DeviceChoice,
}

/// Shows the window until it is closed.
pub type Window = fn(Wanted) -> Result<()>;

pub(super) fn run(args: Args, window: Option<Window>) -> Result<()> {
    if let Some(image) = &args.image {
        check(image)?;
    }
    // The command that does without a window, as the person would have to type it.
    let image = args.image.as_deref().unwrap_or(OsStr::new("IMAGE")).display();
    let instead = || format!("'striate tour {image} --out DIR' works");
    let Some(window) = window else {
        return Err(Error::Failed(format!("this striate was built without a window; {}", instead())));
    };
    let none = |name| std::env::var_os(name).is_none_or(|value| value.is_empty());
    if cfg!(target_os = "linux") && none("DISPLAY") && none("WAYLAND_DISPLAY") {
        return Err(Error::Failed(format!("there is no display to open a window on; {} without one", instead())));
    }
    let opening = args.network.opening();
    let (opening, picture) = match args.image.as_deref().and_then(|image| network_at(image, &opening)) {
        Some(path) => (opening.by_file(path), None),
        None => (opening, args.image),
    };
    window(Wanted { opening, picture, device: args.network.compute.device })
}

/// The checkpoint or the network that is named in place of a picture, as file managers do; none where weights are named.
fn network_at(image: &OsStr, opening: &Opening) -> Option<PathBuf> {
    let path = from_user(image);
    let is_network = || path.exists() && matches!(FileKind::of(&path), FileKind::Weights | FileKind::Network);
    (opening.weights == Source::Shipped && is_network()).then_some(path)
}

/// Refuses a path without a picture before a window opens: often a mistyped subcommand.
fn check(source: &OsStr) -> Result<()> {
    let image = &*source.to_string_lossy();
    if let Some(name) = image.strip_prefix("sample:") {
        let names = || SAMPLES.iter().map(|sample| sample.name);
        return match names().any(|sample| sample == name) {
            true => Ok(()),
            false => {
                Err(crate::error::unknown("sample", name, names(), &format!("there are {}", super::args::samples())))
            }
        };
    }
    if from_user(source).exists() {
        return Ok(());
    }
    let cli = super::Cli::command();
    let commands: Vec<&str> = cli.get_subcommands().map(clap::Command::get_name).collect();
    let near = if image.contains(['.', '/']) { Vec::new() } else { nearest(image, commands) };
    let hint = near.first().map_or_else(String::new, |command| format!("; did you mean 'striate {command}'?"));
    Err(Error::Usage(format!("there is no file and no command '{image}'{hint}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_in_place_of_a_picture_is_opened() {
        let of = |path: &str| network_at(OsStr::new(path), &Opening::of("photonet")).is_some();
        assert!(of(concat!(env!("CARGO_MANIFEST_DIR"), "/weights/photonet.safetensors")));
        assert!(!of(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/samples/rocket.jpg")));
        assert!(!of("sample:chelsea") && !of("missing.safetensors"));
    }
}
