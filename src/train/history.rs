//! The checkpoints in a folder, whoever wrote them, in the order of their epochs.

use crate::{Error, Result};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Endings of weights files.
const ENDINGS: [&str; 4] = ["safetensors", "pth", "pt", "npz"];

/// One checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Its epoch: the number in its name behind `epoch`, else the last one.
    pub epoch: usize,
    /// The file.
    pub path: PathBuf,
}

/// The checkpoints of a run. Files without a number in their names, such as `last.safetensors`, are none.
///
/// # Errors
/// [`Error::Failed`] when the folder cannot be read or holds none.
pub fn checkpoints(folder: &Path) -> Result<Vec<Checkpoint>> {
    let entries = fs::read_dir(folder).map_err(|error| Error::io("read", folder, &error))?;
    let mut found: Vec<Checkpoint> = entries.flatten().filter_map(|entry| checkpoint(entry.path())).collect();
    found.sort_by(|a, b| (a.epoch, &a.path).cmp(&(b.epoch, &b.path)));
    match found.is_empty() {
        true => {
            let why = "weights files with the epoch in their names, such as epoch-001.safetensors";
            Err(Error::Failed(format!("{} holds no checkpoints: {why}", folder.display())))
        }
        false => Ok(found),
    }
}

/// Whether a path is a folder with several checkpoints.
pub fn is_run(path: &Path) -> bool {
    path.is_dir() && checkpoints(path).is_ok_and(|found| found.len() > 1)
}

fn checkpoint(path: PathBuf) -> Option<Checkpoint> {
    let ending = path.extension()?.to_str()?;
    let stem = path.file_stem()?.to_str()?.to_lowercase();
    let known = ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known));
    let number = |text: &str| -> Option<usize> {
        let text = text.trim_start_matches(|c: char| !c.is_ascii_digit());
        text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
    };
    let behind = stem.find("epoch").and_then(|at| number(&stem[at..]));
    let last = || {
        let end = stem.trim_end_matches(|c: char| !c.is_ascii_digit());
        number(&end[end.trim_end_matches(|c: char| c.is_ascii_digit()).len()..])
    };
    let epoch = behind.or_else(last).filter(|_| known && path.is_file())?;
    Some(Checkpoint { epoch, path })
}

/// Some of many checkpoints: all where they are no more than `most`, else the first, the last, and others that lie ever
/// further apart, as networks change less and less.
pub fn chosen(all: &[Checkpoint], most: usize) -> Vec<Checkpoint> {
    if all.len() <= most || most < 2 {
        return all.to_vec();
    }
    let end = all.len() as f64;
    let mut places: Vec<usize> =
        (0..most).map(|step| end.powf(step as f64 / (most - 1) as f64).round() as usize - 1).collect();
    // Early places coincide: the next free ones stand for them.
    for index in 1..most {
        places[index] = places[index].max(places[index - 1] + 1);
    }
    places.into_iter().filter_map(|place| all.get(place).cloned()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn checkpoints_stand_in_the_order_of_their_epochs() {
        let folder = tempfile::tempdir().unwrap();
        for name in
            ["epoch-10.safetensors", "epoch-002.safetensors", "last.safetensors", "epoch-3.txt", "resnet20_epoch_1.pth"]
        {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let found: Vec<usize> = checkpoints(folder.path()).unwrap().iter().map(|one| one.epoch).collect();
        assert_eq!(found, [1, 2, 10]);
        assert!(checkpoints(&folder.path().join("none")).is_err());
    }

    #[test]
    fn of_many_the_first_and_last_stay() {
        let all: Vec<Checkpoint> = (1..=64).map(|epoch| Checkpoint { epoch, path: PathBuf::new() }).collect();
        let epochs: Vec<usize> = chosen(&all, 8).iter().map(|one| one.epoch).collect();
        assert_eq!((epochs.len(), epochs[0], epochs[7]), (8, 1, 64));
        assert!(epochs.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(chosen(&all, 64).len(), 64);
    }
}
