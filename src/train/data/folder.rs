//! A folder a class, and the reading of many pictures.

use super::{
    example::{LabelledPicture, Stored},
    set::DataSet,
    split::Split,
};
use crate::{
    Error, Result, memory,
    picture::{ENDINGS, Picture, Preprocess},
    train::image::Levels,
    watch::Watch,
};
use rayon::prelude::*;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

/// Folders with these names hold a data set's parts.
const TRAIN: [&str; 2] = ["train", "training"];
const TEST: [&str; 4] = ["test", "val", "valid", "validation"];

/// Depth of folders within folders that is searched.
const MAX_DEPTH: usize = 32;

/// The share of the free memory that pictures may take.
const SHARE: u64 = 2;

/// Reads a folder with a folder a class, or with `train` and `test` folders that hold one each.
pub(super) fn read(root: &Path, preprocess: &Preprocess, split: Split, watch: &Watch) -> Result<DataSet> {
    let part = |names: &[&str]| names.iter().map(|name| root.join(name)).find(|path| path.is_dir());
    let Some(train) = part(&TRAIN) else {
        let folders = folders(root)?;
        let classes: Vec<String> = folders.iter().map(|folder| name(folder)).collect();
        let (examples, damaged) = open(files(&folders, &classes)?, root, preprocess, watch)?;
        return Ok(split.divide(classes, examples, damaged));
    };
    let test = part(&TEST);
    let mut classes = BTreeSet::new();
    for root in [Some(&train), test.as_ref()].into_iter().flatten() {
        classes.extend(folders(root)?.iter().map(|folder| name(folder)));
    }
    let classes: Vec<String> = classes.into_iter().collect();
    let (examples, mut damaged) = open(files(&folders(&train)?, &classes)?, &train, preprocess, watch)?;
    let Some(test) = test else { return Ok(split.divide(classes, examples, damaged)) };
    let (tests, more) = open(files(&folders(&test)?, &classes)?, &test, preprocess, watch)?;
    damaged.extend(more);
    Ok(DataSet { classes, train: examples, test: tests, damaged })
}

fn name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The folders in a folder, by name.
fn folders(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = entries(root)?;
    found.retain(|path| path.is_dir() && !name(path).starts_with('.'));
    match found.is_empty() {
        true => {
            Err(Error::Failed(format!("{} holds no folders: each class has a folder of its pictures", root.display())))
        }
        false => Ok(found),
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error: std::io::Error| Error::io("read", folder, &error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        found.push(entry.map_err(failed)?.path());
    }
    found.sort();
    Ok(found)
}

/// The pictures below the folders of classes, with their classes.
fn files(folders: &[PathBuf], classes: &[String]) -> Result<Vec<(PathBuf, usize)>> {
    let mut all = Vec::new();
    for folder in folders {
        let own = name(folder);
        let Some(class) = classes.iter().position(|class| *class == own) else { continue };
        let mut waiting = vec![(folder.clone(), 0)];
        while let Some((folder, depth)) = waiting.pop() {
            for path in entries(&folder)? {
                if path.is_dir() {
                    if depth < MAX_DEPTH && !path.is_symlink() {
                        waiting.push((path, depth + 1));
                    }
                } else if path
                    .extension()
                    .is_some_and(|ending| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)))
                {
                    all.push((path, class));
                }
            }
        }
    }
    all.sort();
    Ok(all)
}

/// Opens pictures, those that cannot be read aside. They stay in memory where they fit.
pub(super) fn open(
    files: Vec<(PathBuf, usize)>,
    root: &Path,
    preprocess: &Preprocess,
    watch: &Watch,
) -> Result<(Vec<LabelledPicture>, Vec<String>)> {
    if files.is_empty() {
        return Err(Error::Failed(format!("{} holds no pictures", root.display())));
    }
    let done = AtomicUsize::new(0);
    let count = files.len();
    // Short sides have one length; long ones are rarely twice as long.
    let each = (preprocess.resize * preprocess.resize * preprocess.channels() * 3 / 2) as u64;
    let fits = each * count as u64 <= memory::available() / SHARE;
    let read = |(path, class): (PathBuf, usize)| -> Result<Result<LabelledPicture, String>> {
        watch.at(done.fetch_add(1, Ordering::Relaxed), count)?;
        let levels = Picture::open(&path).and_then(|picture| Levels::resized(&picture, preprocess));
        Ok(match levels {
            Ok(levels) if fits => Ok(LabelledPicture { stored: Stored::Levels(levels), class }),
            Ok(_) => Ok(LabelledPicture { stored: Stored::File(path), class }),
            Err(error) => Err(error.to_string()),
        })
    };
    let read: Vec<Result<LabelledPicture, String>> = files.into_par_iter().map(read).collect::<Result<_>>()?;
    let (mut examples, mut damaged) = (Vec::new(), Vec::new());
    for one in read {
        match one {
            Ok(example) => examples.push(example),
            Err(why) => damaged.push(why),
        }
    }
    match (examples.is_empty(), damaged.first()) {
        (true, Some(first)) => Err(Error::Failed(format!("none of the {count} pictures could be read: {first}"))),
        _ => Ok((examples, damaged)),
    }
}
