//! A text of pictures and classes: a line a picture, its path and its class with a comma, semicolon or tab between. Paths are
//! relative to the text's folder. A third field `train` or `test` divides the pictures.

use super::{example::LabelledPicture, folder, set::DataSet, split::Split};
use crate::{Error, Result, picture::Preprocess, watch::Watch};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The largest text that is read: a million lines of sixty-four characters.
const MAX_BYTES: u64 = 64 << 20;

/// A line: the picture, the class, the part.
struct CsvLine {
    path: PathBuf,
    class: String,
    part: Option<bool>,
}

pub(super) fn read(path: &Path, preprocess: &Preprocess, split: Split, watch: &Watch) -> Result<DataSet> {
    let size = fs::metadata(path).map_err(|error| Error::io("read", path, &error))?.len();
    if size > MAX_BYTES {
        return Err(Error::Failed(format!(
            "{} has {} MiB; the limit is {}",
            path.display(),
            size >> 20,
            MAX_BYTES >> 20
        )));
    }
    let bytes = fs::read(path).map_err(|error| Error::io("read", path, &error))?;
    let text = String::from_utf8(bytes).map_err(|_| Error::Failed(format!("{} is not text", path.display())))?;
    let lines = lines(text.trim_start_matches('\u{feff}'), path)?;
    let classes: BTreeSet<&String> = lines.iter().map(|line| &line.class).collect();
    let mut classes: Vec<String> = classes.into_iter().cloned().collect();
    if classes.iter().all(|class| class.parse::<u64>().is_ok()) {
        classes.sort_by_key(|class| class.parse::<u64>().unwrap_or(u64::MAX));
    }
    let class = |line: &CsvLine| classes.iter().position(|class| *class == line.class).unwrap_or(0);
    let part = |wanted: Option<bool>| -> Vec<(PathBuf, usize)> {
        lines.iter().filter(|line| line.part == wanted).map(|line| (line.path.clone(), class(line))).collect()
    };
    let open = |files: Vec<(PathBuf, usize)>| -> Result<(Vec<LabelledPicture>, Vec<String>)> {
        if files.is_empty() { Ok(Default::default()) } else { folder::open(files, path, preprocess, watch) }
    };
    let (train, mut damaged) = open(part(Some(false)))?;
    let (test, more) = open(part(Some(true)))?;
    let (open_ones, rest) = open(part(None))?;
    damaged.extend(more.into_iter().chain(rest));
    if train.is_empty() && test.is_empty() {
        return Ok(split.divide(classes, open_ones, damaged));
    }
    let train = train.into_iter().chain(open_ones).collect();
    Ok(DataSet { classes, train, test, damaged })
}

fn lines(text: &str, origin: &Path) -> Result<Vec<CsvLine>> {
    let folder = origin.parent().unwrap_or(Path::new("."));
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let fields: Vec<&str> = line.split([',', ';', '\t']).map(|field| field.trim().trim_matches('"')).collect();
        let part = match fields.get(2).map(|part| part.to_lowercase()) {
            None => None,
            Some(part) if part.is_empty() => None,
            Some(part) if part.starts_with("train") => Some(false),
            Some(part) if part.starts_with("test") || part.starts_with("val") => Some(true),
            Some(_) if index == 0 => None,
            Some(part) => {
                let why = format!("line {} of {} has the part '{part}': train or test", index + 1, origin.display());
                return Err(Error::Failed(why));
            }
        };
        let [path, class] = match fields[..] {
            [path, class, ..] if !path.is_empty() && !class.is_empty() => [path, class],
            _ => {
                let why = format!("line {} of {} is not PATH,CLASS: '{line}'", index + 1, origin.display());
                return Err(Error::Failed(why));
            }
        };
        let path = folder.join(path);
        // A first line that names no file is a heading.
        if index > 0 || path.exists() {
            lines.push(CsvLine { path, class: class.to_owned(), part });
        }
    }
    Ok(lines)
}
