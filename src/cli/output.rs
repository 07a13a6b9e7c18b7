//! Output of a subcommand: a picture and its numbers.

use crate::{
    Error, Result,
    figures::{Facts, Scale},
    paint::{write_npy, write_png},
};
use candle_core::Tensor;
use image::RgbaImage;
use std::path::{Path, PathBuf};

/// For the subcommands that make one picture.
#[derive(clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// The picture; its text chunks say what it shows
    #[arg(long, value_name = "FILE.png")]
    pub out: Option<PathBuf>,
    /// The exact values, float32
    #[arg(long, value_name = "FILE.npy")]
    raw: Option<PathBuf>,
    /// Pixels of the picture for each value [default: as many as make it at least 512 pixels wide or high]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    scale: Option<u32>,
    /// Print what was shown as one JSON object
    #[arg(long)]
    pub json: bool,
}

impl OutputArgs {
    /// Refuses, before anything is computed, what could not be written in the end; and to write nothing at all, unless
    /// there is something to `say`.
    pub fn check(&self, say: bool) -> Result<()> {
        if self.out.is_none() && self.raw.is_none() && !self.json && !say {
            let message = "say where the picture goes with --out FILE.png (or its exact values with --raw FILE.npy)";
            return Err(Error::Usage(message.into()));
        }
        if self.out.is_some() && self.out == self.raw {
            return Err(Error::Usage("--out and --raw name the same file".into()));
        }
        check_path("--out", self.out.as_deref(), "png", "a PNG")?;
        check_path("--raw", self.raw.as_deref(), "npy", "a .npy file")
    }

    /// The enlargement of the picture.
    pub fn scale(&self) -> Scale {
        self.scale.map_or(Scale::Pleasant, Scale::By)
    }

    /// Writes what was asked for and says so.
    pub fn save(
        &self,
        facts: Facts,
        picture: impl FnOnce() -> Result<RgbaImage>,
        raw: impl FnOnce() -> Result<Tensor>,
    ) -> Result<String> {
        self.write(facts, picture, raw)?.report(self.json)
    }

    /// Writes what was asked for and puts it into the facts.
    pub fn write(
        &self,
        facts: Facts,
        picture: impl FnOnce() -> Result<RgbaImage>,
        raw: impl FnOnce() -> Result<Tensor>,
    ) -> Result<Facts> {
        let facts = Facts { out: self.out.clone(), raw: self.raw.clone(), ..facts };
        if let Some(path) = &self.out {
            write_png(path, &picture()?, &facts.texts())?;
        }
        if let Some(path) = &self.raw {
            write_npy(path, &raw()?)?;
        }
        Ok(facts)
    }
}

/// A file that can be created there, by what is known before.
pub(super) fn check_path(flag: &str, path: Option<&Path>, extension: &str, what: &str) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let shown = path.display();
    if path.extension().is_some_and(|found| !found.eq_ignore_ascii_case(extension)) {
        return Err(Error::Usage(format!("{flag} writes {what}: {shown} would have to end in .{extension}")));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => {
            Err(Error::Failed(format!("cannot write {shown}: there is no folder {}", folder.display())))
        }
        _ => Ok(()),
    }
}
