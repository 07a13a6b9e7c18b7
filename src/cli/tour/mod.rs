//! `striate tour`.

use super::{args::SubjectArgs, console::Console};
use crate::Result;

/// Write a folder of pictures
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    subject: SubjectArgs,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<String> {
    let run = args.subject.run(console)?;
    Ok(run.model.card.name.to_owned())
}
