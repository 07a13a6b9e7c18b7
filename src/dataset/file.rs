//! The file of an index.
//!
//! Little-endian throughout. `STRIATE-INDEX` and a zero byte, the version (u32), the length of a JSON header (u64) and
//! the header: fingerprint, groups, pictures that ran, damaged pictures, and of every layer name, shape and whether sums by
//! group are kept. Then the pictures: path length (u32), path, group + 1 (u32; 0 for none), bytes (u64), time (u64). Then for every picture that ran
//! the number of classes kept (u8), each class (u32) and probability (f32). Then for every layer and unit: pictures (u32),
//! excited (u32), sum (f64), squares (f64), the histogram's range (f32) and 64 counts (u32), the number of hits (u8), each
//! value (f32), picture (u32) and position (u32); after the units of a layer its sums by group (f64), unit by unit. At the end
//! the CRC-32 of everything before. A unit takes at most 393 bytes and 8 a group, a picture about 100: ResNet-50 over 20,000
//! pictures of 10 groups 14 MB. Sums by group take 64 MB at most.

use super::{
    index::{CLASSES, Fingerprint, Index, LayerStatistics, Prediction},
    listing::{Entry, Listing},
    statistics::{Hit, TOP, UnitStatistics},
};
use crate::{Error, Result, paint::write_atomically};
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
};

const MAGIC: &[u8; 14] = b"STRIATE-INDEX\0";
const VERSION: u32 = 2;
/// Bytes of a file that are read at most: an index of a million units is smaller.
const MAX_BYTES: u64 = 1 << 30;

#[derive(Serialize, Deserialize)]
struct Header {
    fingerprint: Fingerprint,
    groups: Vec<String>,
    pictures: usize,
    done: usize,
    damaged: Vec<(u32, String)>,
    layers: Vec<LayerHeader>,
}

#[derive(Serialize, Deserialize)]
struct LayerHeader {
    name: String,
    shape: [usize; 3],
    has_sums: bool,
}

impl LayerHeader {
    fn of(layer: &LayerStatistics) -> Self {
        LayerHeader { name: layer.name.clone(), shape: layer.shape, has_sums: !layer.sums.is_empty() }
    }
}

/// Writes an index beside its place and renames it.
///
/// # Errors
/// [`Error::Failed`] when the folder cannot be written; an older file then stays as it was.
pub fn write_index(path: &Path, index: &Index) -> Result<()> {
    write_bytes(path, &encode(index)?)
}

fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    write_atomically(path, |out| out.write_all(bytes))
}

/// Writes an index on a thread of its own, while the pass goes on: a disk may take a second for it.
pub(super) struct IndexWriter {
    path: PathBuf,
    running: Option<JoinHandle<Result<()>>>,
}

impl IndexWriter {
    /// A writer of the file at `path`.
    pub fn new(path: &Path) -> Self {
        IndexWriter { path: path.to_owned(), running: None }
    }

    /// Starts to write the index as it is now. Nothing starts while the write before still runs.
    ///
    /// # Errors
    /// That of the write before, and [`Error::Failed`] when the system has no thread to give.
    pub fn start(&mut self, index: &Index) -> Result<()> {
        if self.running.as_ref().is_some_and(|running| !running.is_finished()) {
            return Ok(());
        }
        self.finish()?;
        let (path, bytes) = (self.path.clone(), encode(index)?);
        let spawned = thread::Builder::new().name("index".into()).spawn(move || write_bytes(&path, &bytes));
        let failed = |error| Error::Failed(format!("cannot start a thread to write the index: {error}"));
        self.running = Some(spawned.map_err(failed)?);
        Ok(())
    }

    /// Waits for the write that runs.
    ///
    /// # Errors
    /// [`Error::Failed`] when the folder cannot be written.
    pub fn finish(&mut self) -> Result<()> {
        let Some(running) = self.running.take() else { return Ok(()) };
        running.join().unwrap_or_else(|_| Err(Error::Failed("the thread that writes the index failed".into())))
    }
}

fn encode(index: &Index) -> Result<Vec<u8>> {
    let header = Header {
        fingerprint: index.fingerprint.clone(),
        groups: index.listing.groups.clone(),
        pictures: index.listing.entries.len(),
        done: index.done,
        damaged: index.damaged.clone(),
        layers: index.layers.iter().map(LayerHeader::of).collect(),
    };
    let header = serde_json::to_vec(&header).map_err(|error| Error::Failed(format!("the index: {error}")))?;
    let mut out = MAGIC.to_vec();
    out.extend(VERSION.to_le_bytes());
    out.extend((header.len() as u64).to_le_bytes());
    out.extend(header);
    for entry in &index.listing.entries {
        let path = entry.path.as_os_str().as_encoded_bytes();
        out.extend((path.len() as u32).to_le_bytes());
        out.extend(path);
        out.extend(entry.group.map_or(0, |group| group as u32 + 1).to_le_bytes());
        out.extend(entry.bytes.to_le_bytes());
        out.extend(entry.modified.to_le_bytes());
    }
    for prediction in &index.predictions {
        out.push(prediction.len() as u8);
        for (class, probability) in prediction {
            out.extend(class.to_le_bytes());
            out.extend(probability.to_le_bytes());
        }
    }
    for layer in &index.layers {
        layer.units.iter().for_each(|unit| encode_unit(unit, &mut out));
        layer.sums.iter().for_each(|sum| out.extend(sum.to_le_bytes()));
    }
    out.extend(checksum(&out).to_le_bytes());
    Ok(out)
}

fn encode_unit(unit: &UnitStatistics, out: &mut Vec<u8>) {
    out.extend(unit.pictures.to_le_bytes());
    out.extend(unit.excited.to_le_bytes());
    out.extend(unit.sum.to_le_bytes());
    out.extend(unit.squares.to_le_bytes());
    out.extend(unit.histogram.range.to_le_bytes());
    unit.histogram.bins.iter().for_each(|count| out.extend(count.to_le_bytes()));
    out.push(unit.top.len() as u8);
    for hit in &unit.top {
        out.extend(hit.value.to_le_bytes());
        out.extend(hit.picture.to_le_bytes());
        out.extend(hit.position.to_le_bytes());
    }
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Reads an index; `None` where there is none. Its listing's folder is `root`.
///
/// # Errors
/// [`Error::Failed`] when the file is no index, of another version, or damaged.
pub fn read_index(path: &Path, root: &Path) -> Result<Option<Index>> {
    let length = match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => metadata.len(),
        Ok(_) => return Err(Error::Failed(format!("{} is no file", path.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", path, &error)),
    };
    if length > MAX_BYTES {
        return Err(Error::Failed(format!("{} is too large for an index", path.display())));
    }
    let bytes = fs::read(path).map_err(|error| Error::io("read", path, &error))?;
    let damaged = |why: &str| Error::Failed(format!("{} is not an index that can be read: {why}", path.display()));
    decode(&bytes, root).map(Some).map_err(damaged)
}

fn decode(bytes: &[u8], root: &Path) -> Result<Index, &'static str> {
    let (body, sum) = bytes.split_last_chunk::<4>().ok_or("it is cut short")?;
    let mut reader = Reader { rest: body };
    if reader.take(MAGIC.len())? != MAGIC {
        return Err("it does not begin like one");
    }
    if reader.u32()? != VERSION {
        return Err("another version of Striate wrote it");
    }
    if checksum(body) != u32::from_le_bytes(*sum) {
        return Err("its checksum is wrong");
    }
    let length = usize::try_from(reader.u64()?).map_err(|_| "it is cut short")?;
    let header: Header = serde_json::from_slice(reader.take(length)?).map_err(|_| "its header is damaged")?;
    // A picture takes at least 24 bytes: a count that the file cannot hold is damage, not a reason to allocate.
    if header.pictures > reader.rest.len() / 24 || header.done > header.pictures {
        return Err("its counts are wrong");
    }
    let mut entries = Vec::with_capacity(header.pictures);
    for _ in 0..header.pictures {
        entries.push(reader.entry(header.groups.len())?);
    }
    let mut predictions = Vec::with_capacity(header.done);
    for _ in 0..header.done {
        let count = usize::from(reader.u8()?);
        if count > CLASSES {
            return Err("its counts are wrong");
        }
        let mut prediction = Prediction::new();
        for _ in 0..count {
            prediction.push((reader.u32()?, reader.f32()?));
        }
        predictions.push(prediction);
    }
    let mut layers = Vec::new();
    for layer in header.layers {
        layers.push(reader.layer(layer, header.groups.len())?);
    }
    if !reader.rest.is_empty() {
        return Err("it is longer than it says");
    }
    let listing = Listing { root: root.to_owned(), groups: header.groups, entries };
    let (fingerprint, done, damaged) = (header.fingerprint, header.done, header.damaged);
    Ok(Index { fingerprint, listing, done, damaged, layers, predictions })
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], &'static str> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or("it is cut short")?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or("it is cut short")?;
        self.rest = rest;
        Ok(*taken)
    }

    fn u8(&mut self) -> Result<u8, &'static str> {
        Ok(self.array::<1>()?[0])
    }

    fn u32(&mut self) -> Result<u32, &'static str> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, &'static str> {
        self.array().map(u64::from_le_bytes)
    }

    fn f32(&mut self) -> Result<f32, &'static str> {
        self.array().map(f32::from_le_bytes)
    }

    fn f64(&mut self) -> Result<f64, &'static str> {
        self.array().map(f64::from_le_bytes)
    }

    fn entry(&mut self, groups: usize) -> Result<Entry, &'static str> {
        let length = self.u32()? as usize;
        let path = path_from(self.take(length)?)?;
        let group = self.u32()? as usize;
        let group = group.checked_sub(1);
        if group.is_some_and(|group| group >= groups) {
            return Err("its counts are wrong");
        }
        Ok(Entry { path, group, bytes: self.u64()?, modified: self.u64()? })
    }

    fn layer(&mut self, header: LayerHeader, groups: usize) -> Result<LayerStatistics, &'static str> {
        let LayerHeader { name, shape, has_sums } = header;
        let mut units = Vec::new();
        for _ in 0..shape[0] {
            units.push(self.unit()?);
        }
        // The bytes are taken before memory is: a count that the file cannot hold is damage.
        let count = if has_sums { shape[0].saturating_mul(groups) } else { 0 };
        let bytes = self.take(count.saturating_mul(8))?;
        let sums = bytes.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
        Ok(LayerStatistics { name, shape, units, sums })
    }

    fn unit(&mut self) -> Result<UnitStatistics, &'static str> {
        let mut unit = UnitStatistics {
            pictures: self.u32()?,
            excited: self.u32()?,
            sum: self.f64()?,
            squares: self.f64()?,
            ..UnitStatistics::default()
        };
        unit.histogram.range = self.f32()?;
        for bin in &mut unit.histogram.bins {
            *bin = self.u32()?;
        }
        let hits = usize::from(self.u8()?);
        if hits > TOP {
            return Err("its counts are wrong");
        }
        for _ in 0..hits {
            unit.top.push(Hit { value: self.f32()?, picture: self.u32()?, position: self.u32()? });
        }
        Ok(unit)
    }
}

/// A path from the bytes of a file name, which on Unix need be no UTF-8.
#[cfg(unix)]
fn path_from(bytes: &[u8]) -> Result<PathBuf, &'static str> {
    use std::os::unix::ffi::OsStringExt;
    Ok(OsString::from_vec(bytes.to_vec()).into())
}

/// A path from the bytes of a file name.
#[cfg(not(unix))]
fn path_from(bytes: &[u8]) -> Result<PathBuf, &'static str> {
    let text = String::from_utf8(bytes.to_vec()).map_err(|_| "a file name is damaged")?;
    Ok(OsString::from(text).into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn example() -> Index {
        let fingerprint = Fingerprint { network: "n".into(), weights: "w".into(), preparation: "p".into() };
        let entry = |name: &str, group| Entry { path: name.into(), group, bytes: 3, modified: 7 };
        let entries = vec![entry("a/1.png", Some(0)), entry("2.png", None)];
        let listing = Listing { root: "root".into(), groups: vec!["a".into(), "b".into()], entries };
        let mut index = Index::new(fingerprint, listing, vec![("conv".into(), [2, 3, 3])]);
        let hit = |value| Hit { value, picture: 0, position: 4 };
        let listing = index.listing.clone();
        index.layers[0].add(&[hit(0.0), hit(2.5)], &listing);
        index.predictions.push(vec![(3, 0.75)]);
        index.done = 1;
        index
    }

    #[test]
    fn an_index_comes_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        assert_eq!(read_index(&path, Path::new("root")).unwrap(), None);
        write_index(&path, &example()).unwrap();
        assert_eq!(read_index(&path, Path::new("root")).unwrap(), Some(example()));
    }

    #[test]
    fn a_damaged_index_is_refused_wherever_the_damage_is() {
        let good = encode(&example()).unwrap();
        for length in 0..good.len() {
            assert!(decode(&good[..length], Path::new("root")).is_err());
        }
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x55;
            assert!(decode(&bad, Path::new("root")).is_err(), "a change of byte {at} goes unnoticed");
        }
    }
}
