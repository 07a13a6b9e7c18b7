//! MNIST's files (LeCun, Cortes and Burges): magic number, sizes, then bytes; perhaps compressed with gzip.

use super::{
    example::{LabelledPicture, Stored},
    set::DataSet,
};
use crate::{
    Error, Result, memory,
    picture::{Picture, Preprocess},
    train::image::Levels,
};
use flate2::read::GzDecoder;
use image::RgbImage;
use rayon::prelude::*;
use std::{
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

/// The most values that a file may hold: EMNIST's largest has 640 million.
const MAX_VALUES: u64 = 1 << 30;

/// An array of bytes with its sizes.
struct IdxArray {
    sizes: Vec<usize>,
    values: Vec<u8>,
}

pub(super) fn read(folder: &Path, preprocess: &Preprocess) -> Result<DataSet> {
    let train = examples(folder, "train", preprocess)?;
    let test = examples(folder, "t10k", preprocess)?;
    let last = train.iter().chain(&test).map(|example| example.class).max().unwrap_or(0);
    let classes = (0..=last).map(|class| class.to_string()).collect();
    Ok(DataSet { classes, train, test, damaged: Vec::new() })
}

fn examples(folder: &Path, part: &str, preprocess: &Preprocess) -> Result<Vec<LabelledPicture>> {
    let pictures_at = find(folder, &format!("{part}-images"))?;
    let labels_at = find(folder, &format!("{part}-labels"))?;
    let (pictures, labels) = (array(&pictures_at)?, array(&labels_at)?);
    let (&[count, height, width], &[labelled]) = (&pictures.sizes[..], &labels.sizes[..]) else {
        let (a, b) = (pictures_at.display(), labels_at.display());
        return Err(Error::Failed(format!(
            "{a} holds {:?} and {b} {:?} values: pictures and labels belong there",
            pictures.sizes, labels.sizes
        )));
    };
    if count != labelled || height * width == 0 {
        return Err(Error::Failed(format!("{} holds {count} pictures but {labelled} labels", folder.display())));
    }
    let resized = (count * preprocess.resize * preprocess.resize * preprocess.channels()) as u64;
    memory::check(&format!("{count} pictures of {}", folder.display()), resized)?;
    let one = |(values, &label): (&[u8], &u8)| {
        let pixels = values.iter().flat_map(|&level| [level; 3]).collect();
        let image = RgbImage::from_raw(width as u32, height as u32, pixels).unwrap_or_default();
        let levels = Levels::resized(&Picture::from_rgb("a digit", image), preprocess)?;
        Ok(LabelledPicture { stored: Stored::Levels(levels), class: usize::from(label) })
    };
    pictures.values.par_chunks_exact(height * width).zip(&labels.values).map(one).collect()
}

/// The file whose name starts so: `train-images-idx3-ubyte`, `train-images.idx3-ubyte`, either with `.gz`.
fn find(folder: &Path, start: &str) -> Result<PathBuf> {
    let entries = std::fs::read_dir(folder).map_err(|error| Error::io("read", folder, &error))?;
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file() && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start)))
        .collect();
    // The unpacked one first.
    found.sort();
    found
        .into_iter()
        .next()
        .ok_or_else(|| Error::Failed(format!("{} holds no {start}-idx*-ubyte, with or without .gz", folder.display())))
}

fn array(path: &Path) -> Result<IdxArray> {
    let failed = |error: std::io::Error| Error::io("read", path, &error);
    let damaged = |why: String| Error::Failed(format!("{} is no IDX file of bytes: {why}", path.display()));
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let length = file.get_ref().metadata().map_err(failed)?.len();
    let packed = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
    // gzip packs a byte into a thousandth at best.
    let most = if packed { length.saturating_mul(1100) } else { length };
    let mut reader: Box<dyn Read> = if packed { Box::new(GzDecoder::new(file)) } else { Box::new(file.by_ref()) };
    let mut number = || -> Result<u32> {
        let mut bytes = [0; 4];
        reader.read_exact(&mut bytes).map_err(|error| damaged(format!("it ends in its header ({error})")))?;
        Ok(u32::from_be_bytes(bytes))
    };
    let magic = number()?;
    let (kind, rank) = (magic >> 8, (magic & 0xFF) as usize);
    if kind != 8 || !(1..=4).contains(&rank) {
        return Err(damaged(format!("it starts with {magic:#010x}")));
    }
    let sizes = (0..rank).map(|_| number().map(|size| size as usize)).collect::<Result<Vec<_>>>()?;
    let count = sizes.iter().try_fold(1u64, |all, &size| all.checked_mul(size as u64)).unwrap_or(u64::MAX);
    if count > MAX_VALUES.min(most) {
        return Err(damaged(format!("its header claims {count} values of a file of {length} bytes")));
    }
    memory::check(&path.display().to_string(), count)?;
    let mut values = Vec::new();
    reader.take(count + 1).read_to_end(&mut values).map_err(|error| damaged(error.to_string()))?;
    match values.len() as u64 == count {
        true => Ok(IdxArray { sizes, values }),
        false => Err(damaged(format!("its header claims {count} values, and other than that follow"))),
    }
}
