//! The index of a folder by an open model: what it depends on, and its place in the cache.

use super::model::Model;
use crate::{
    Error, Result,
    dataset::Fingerprint,
    picture::Picture,
    weights::{self, Source},
};
use candle_core::{Device, Tensor};
use std::{
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

impl Model {
    /// The network's input for a picture file.
    ///
    /// # Errors
    /// When the file is no picture.
    pub fn prepare_file(&self, path: &Path) -> Result<Tensor> {
        Ok(self.preprocess.apply(&Picture::open(path)?, &Device::Cpu)?.tensor)
    }

    /// Everything that an index by this model depends on: the network, the weights, and the preparation of pictures.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut weights = match &self.weights {
            Source::File(path) => {
                let metadata = fs::metadata(path).ok();
                let modified = metadata.as_ref().and_then(|found| found.modified().ok());
                let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                let bytes = metadata.map_or(0, |found| found.len());
                format!("{} of {bytes} bytes, {}", path.display(), modified.map_or(0, |since| since.as_nanos()))
            }
            other => other.to_string(),
        };
        if !self.surgery.is_empty() {
            weights.push_str(&format!(", {:?}", self.surgery));
        }
        let preparation = format!("{:?}", self.preprocess);
        Fingerprint { network: self.card.name.to_string(), weights, preparation }
    }

    /// The file in the cache that holds the index of a folder: one for each folder, network, weights and preparation.
    ///
    /// # Errors
    /// [`Error::Usage`] when there is no folder for caches, [`Error::Failed`] when the folder cannot be read.
    pub fn index_file(&self, folder: &Path) -> Result<PathBuf> {
        let cache = weights::cache_folder();
        let cache =
            cache.ok_or_else(|| Error::Usage("there is no folder for caches: name the file with --index".into()))?;
        let folder = fs::canonicalize(folder).map_err(|error| Error::io("read", folder, &error))?;
        let key = self.fingerprint();
        let text = format!("{}\n{}\n{}\n{}", folder.display(), key.network, key.weights, key.preparation);
        let mut crc = [0u32; 2];
        for (slot, crc) in crc.iter_mut().enumerate() {
            let mut sum = flate2::Crc::new();
            sum.update(&[slot as u8]);
            sum.update(text.as_bytes());
            *crc = sum.sum();
        }
        Ok(cache.join("index").join(format!("{}-{:08x}{:08x}.index", key.network, crc[0], crc[1])))
    }
}
