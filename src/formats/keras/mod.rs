//! Keras models: `.keras` archives (an architecture as JSON, weights as HDF5) and `.h5` files that hold both.
//!
//! Keras computes on maps whose channels come last; here they come first. Kernels are transposed, and a fully connected layer
//! behind a `Flatten` has its columns in the order of this program's maps. Padding "same" is a property of the layer, so that
//! it is right at any size.

mod activation;
mod archive;
mod arrange;
mod config;
mod import;
mod layers;
mod norm;
mod pools;
mod prepare;
mod shared;
mod store;

use super::network::NetworkFile;
use crate::{Error, Result, watch::Watch};
use std::path::Path;

/// The endings of Keras's files.
pub(super) const ENDINGS: [&str; 3] = ["keras", "h5", "hdf5"];

/// The first bytes of an HDF5 file.
const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Whether a file is Keras's: HDF5, or an archive that ends in `.keras`.
pub(super) fn recognise(head: &[u8], ending: &str) -> bool {
    head.starts_with(HDF5) || (head.starts_with(b"PK") && ending == ENDINGS[0])
}

/// Reads a model. `bytes` is the whole file.
///
/// # Errors
/// [`Error::Failed`] when the file is damaged, holds weights without an architecture, or a layer that is not known here.
pub(super) fn read(bytes: Vec<u8>, path: &Path, watch: &Watch) -> Result<NetworkFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let limit = bytes.len();
    watch.at(0, 2)?;
    let (text, version, store) = if bytes.starts_with(HDF5) {
        let store = store::KerasStore::legacy(bytes, limit, &name)?;
        let text = store.attribute("model_config").ok_or_else(|| {
            Error::Failed(format!(
                "{name} holds weights without an architecture; save the whole model with model.save(\"model.keras\")"
            ))
        })?;
        let version = store.attribute("keras_version").unwrap_or_default();
        (text, version, store)
    } else {
        let archive::ArchiveParts { config, version, weights } = archive::read(bytes, &name)?;
        (config, version, store::KerasStore::archived(weights, limit, &name)?)
    };
    watch.at(1, 2)?;
    let model = config::parse(&text, &name)?;
    let network = import::import(&model, &store, &version, path)?;
    watch.at(1, 1)?;
    Ok(network)
}
