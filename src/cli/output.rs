//! Output of a subcommand: a picture and its numbers.

use super::args::path;
use crate::{
    Error, Result,
    figures::{Facts, Scale},
    paint::{PictureFormat, encode, encode_npy, write_npy, write_picture},
    paths::printable,
};
use candle_core::Tensor;
use image::RgbaImage;
use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// The name that stands for standard output.
const STDOUT: &str = "-";

/// For the subcommands that make one picture.
#[derive(clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// The picture, as .png, .jpg or .webp; its texts say what it shows. '-' is standard output, as PNG [default:
    /// PICTURE-COMMAND.png in the current folder, under a number where that exists; none with --raw or --json]
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub out: Option<PathBuf>,
    /// The exact values, float32; '-' is standard output
    #[arg(long, value_name = "FILE.npy", value_parser = path())]
    pub raw: Option<PathBuf>,
    /// Pixels of the picture for each value [default: as many as make it at least 512 pixels wide or high]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    scale: Option<u32>,
    /// Print what was shown as one JSON object
    #[arg(long)]
    pub json: bool,
    /// The name of the picture where none was given.
    #[arg(skip)]
    default: OnceLock<PathBuf>,
}

impl OutputArgs {
    /// Refuses, before anything is computed, what could not be written in the end. Where no output was asked for, the
    /// picture gets a name from `about`, the picture or network that it comes from, and from the `command`.
    pub fn check_or_name(&self, about: &str, command: &str) -> Result<()> {
        if self.out.is_none() && self.raw.is_none() && !self.json {
            let _ = self.default.set(free_name(about, command));
        }
        self.check()
    }

    /// Refuses, before anything is computed, what could not be written in the end.
    pub fn check(&self) -> Result<()> {
        if self.out.is_some() && self.out == self.raw {
            return Err(Error::Usage("--out and --raw name the same file".into()));
        }
        check_picture("--out", self.out.as_deref())?;
        check_path("--raw", self.raw.as_deref(), "npy", "a .npy file")?;
        for (flag, path) in [("--out", &self.out), ("--raw", &self.raw)] {
            check_stdout(flag, path.as_deref(), self.json)?;
        }
        Ok(())
    }

    /// The picture to write: as named, or under the default name.
    pub fn picture(&self) -> Option<&PathBuf> {
        self.out.as_ref().or_else(|| self.default.get())
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
        let text = self.write(facts, picture, raw)?.report(self.json)?;
        let to_stdout = [&self.out, &self.raw].into_iter().flatten().any(|path| is_stdout(path));
        Ok(aside(text, to_stdout))
    }

    /// Writes what was asked for and puts it into the facts.
    pub fn write(
        &self,
        facts: Facts,
        picture: impl FnOnce() -> Result<RgbaImage>,
        raw: impl FnOnce() -> Result<Tensor>,
    ) -> Result<Facts> {
        let facts = Facts { out: self.picture().cloned(), raw: self.raw.clone(), ..facts };
        match self.picture() {
            Some(path) if is_stdout(path) => print(&encode(PictureFormat::Png, &picture()?, &facts.texts())?)?,
            Some(path) => write_picture(path, &picture()?, &facts.texts())?,
            None => {}
        }
        if let Some(path) = &self.raw {
            write_raw(path, &raw()?)?;
        }
        Ok(facts)
    }
}

/// The first of `ABOUT-COMMAND.png`, `ABOUT-COMMAND-2.png`, ... in the current folder that no file has. The name is made
/// of letters, digits and `-_.` alone.
pub(super) fn free_name(about: &str, command: &str) -> PathBuf {
    let about = about.strip_prefix("sample:").unwrap_or(about);
    let stem = Path::new(about).file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let stem: String = stem.trim_start_matches(['-', '.']).chars().take(80).map(plain).collect();
    let stem = if stem.is_empty() { "picture" } else { &stem };
    let numbered = |number: usize| match number {
        1 => PathBuf::from(format!("{stem}-{command}.png")),
        _ => PathBuf::from(format!("{stem}-{command}-{number}.png")),
    };
    (1..).map(numbered).find(|path| path.symlink_metadata().is_err()).unwrap_or_default()
}

/// Writes the exact values to a file or to standard output.
pub(super) fn write_raw(path: &Path, values: &Tensor) -> Result<()> {
    if is_stdout(path) { print(&encode_npy(values)?) } else { write_npy(path, values) }
}

/// `text` for standard output, or on standard error where a file went to standard output: then nothing is left to print.
pub(super) fn aside(text: String, to_stdout: bool) -> String {
    if !to_stdout {
        return text;
    }
    let _ = io::stderr().write_all(printable(&text).as_bytes());
    String::new()
}

/// Whether a path stands for standard output.
pub(super) fn is_stdout(path: &Path) -> bool {
    path == Path::new(STDOUT)
}

/// Whoever closes standard output early, as `head` does, has seen enough: that is no error.
fn print(bytes: &[u8]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::Failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Refuses to write a file to standard output where something else is written there, or a person would see the bytes.
pub(super) fn check_stdout(flag: &str, path: Option<&Path>, json: bool) -> Result<()> {
    match path {
        Some(path) if is_stdout(path) && json => {
            Err(Error::Usage(format!("{flag} - and --json both write to standard output")))
        }
        Some(path) if is_stdout(path) && io::stdout().is_terminal() => {
            Err(Error::Usage(format!("{flag} - writes a file to standard output: lead it into a file or a pipe")))
        }
        _ => Ok(()),
    }
}

/// A picture that can be created there, by what is known before.
pub(super) fn check_picture(flag: &str, path: Option<&Path>) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    if PictureFormat::of(path).is_none() {
        let endings = PictureFormat::ENDINGS;
        return Err(Error::Usage(format!(
            "{flag} writes a picture: {} would have to end in {endings}",
            path.display()
        )));
    }
    check_folder(path)
}

/// A file that can be created there, by what is known before.
pub(super) fn check_path(flag: &str, path: Option<&Path>, extension: &str, what: &str) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let shown = path.display();
    if path.extension().is_some_and(|found| !found.eq_ignore_ascii_case(extension)) {
        return Err(Error::Usage(format!("{flag} writes {what}: {shown} would have to end in .{extension}")));
    }
    check_folder(path)
}

fn check_folder(path: &Path) -> Result<()> {
    let shown = path.display();
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.is_dir() => {
            Err(Error::Failed(format!("cannot write {shown}: there is no folder {}", folder.display())))
        }
        _ if path.is_dir() => Err(Error::Failed(format!("cannot write {shown}: it is a folder"))),
        _ => Ok(()),
    }
}
