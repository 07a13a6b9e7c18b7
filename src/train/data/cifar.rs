//! CIFAR-10's files (Krizhevsky 2009): records of a label and 3072 bytes, red plane first; the same in Python's pickles; or
//! pictures in a folder a class.

use super::{
    example::{LabelledPicture, Stored},
    folder,
    set::DataSet,
    split::Split,
};
use crate::{
    Error, Result,
    picture::{Picture, Preprocess},
    train::image::Levels,
    watch::Watch,
    weights::read_pickled_batch,
};
use image::RgbImage;
use rayon::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Pixels of a picture, which has 32 x 32, and bytes of its three planes.
const SIDE: usize = 32;
const PLANE: usize = SIDE * SIDE;
const PICTURE: usize = 3 * PLANE;

/// Pictures of a batch, and the largest file that is read.
const RECORDS: usize = 10_000;
const MAX_BYTES: u64 = 64 << 20;

/// The classes, in the order of their labels.
const CLASSES: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

pub(super) fn read(root: &Path, preprocess: &Preprocess, split: Split, watch: &Watch) -> Result<DataSet> {
    let inner = |name: &str| root.join(name);
    let folders = [root.to_owned(), inner("cifar-10-batches-bin"), inner("cifar-10-batches-py"), inner("cifar-10")];
    for folder in &folders {
        let batch = |name: &str| folder.join(name);
        let named = |ending: &str| -> Vec<PathBuf> {
            (1..=5).map(|number| batch(&format!("data_batch_{number}{ending}"))).filter(|path| path.is_file()).collect()
        };
        for (ending, unpack) in [(".bin", records as fn(&Path) -> Result<Records>), ("", pickled)] {
            let train = named(ending);
            if train.is_empty() {
                continue;
            }
            let test = batch(&format!("test_batch{ending}"));
            let examples = |paths: &[PathBuf]| -> Result<Vec<LabelledPicture>> {
                let parts = paths.iter().map(|path| examples(&unpack(path)?, path, preprocess));
                Ok(parts.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
            };
            watch.at(0, 1)?;
            let train = examples(&train)?;
            let test = if test.is_file() { examples(&[test])? } else { Vec::new() };
            return Ok(DataSet { classes: CLASSES.map(str::to_owned).to_vec(), train, test, damaged: Vec::new() });
        }
    }
    let folder = folders.iter().find(|folder| folder.join("train").is_dir());
    let Some(folder) = folder else {
        let root = root.display();
        return Err(Error::Failed(format!(
            "{root} holds neither data_batch_1.bin nor data_batch_1 nor a folder train"
        )));
    };
    folder::read(folder, preprocess, split, watch)
}

/// Labels, and pictures of planes.
type Records = (Vec<u8>, Vec<u8>);

fn checked(path: &Path) -> Result<()> {
    let size = fs::metadata(path).map_err(|error| Error::io("read", path, &error))?.len();
    match size <= MAX_BYTES {
        true => Ok(()),
        false => {
            Err(Error::Failed(format!("{} has {} MiB, more than a batch of CIFAR-10", path.display(), size >> 20)))
        }
    }
}

fn records(path: &Path) -> Result<Records> {
    checked(path)?;
    let bytes = fs::read(path).map_err(|error| Error::io("read", path, &error))?;
    if bytes.is_empty() || bytes.len() % (PICTURE + 1) != 0 {
        let length = bytes.len();
        return Err(Error::Failed(format!(
            "{} is damaged: {length} bytes are no whole records of 3073",
            path.display()
        )));
    }
    let records = bytes.chunks_exact(PICTURE + 1);
    Ok((records.clone().map(|record| record[0]).collect(), records.flat_map(|record| &record[1..]).copied().collect()))
}

fn pickled(path: &Path) -> Result<Records> {
    checked(path)?;
    let (labels, pictures) = read_pickled_batch(path)?;
    if labels.len() > RECORDS * 10 || pictures.len() != labels.len() * PICTURE {
        let (labels, bytes) = (labels.len(), pictures.len());
        return Err(Error::Failed(format!(
            "{} is damaged: {labels} labels with {bytes} bytes of pictures",
            path.display()
        )));
    }
    Ok((labels, pictures))
}

fn examples((labels, pictures): &Records, path: &Path, preprocess: &Preprocess) -> Result<Vec<LabelledPicture>> {
    if let Some(label) = labels.iter().find(|&&label| usize::from(label) >= CLASSES.len()) {
        return Err(Error::Failed(format!("{} is damaged: it has a label {label}", path.display())));
    }
    let one = |(planes, &label): (&[u8], &u8)| {
        let pixels = (0..PLANE).flat_map(|pixel| [0, 1, 2].map(|channel| planes[channel * PLANE + pixel])).collect();
        let image = RgbImage::from_raw(SIDE as u32, SIDE as u32, pixels).unwrap_or_default();
        let levels = Levels::resized(&Picture::from_rgb("a picture of CIFAR-10", image), preprocess)?;
        Ok(LabelledPicture { stored: Stored::Levels(levels), class: usize::from(label) })
    };
    pictures.par_chunks_exact(PICTURE).zip(labels).map(one).collect()
}
