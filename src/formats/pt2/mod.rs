//! torch.export's archives, `.pt2`: a zip of a program as JSON, whose nodes are operators of PyTorch's ATen, and its
//! weights.
//!
//! `program` is the JSON, `weights` reads the tensors, `translate` writes the program as a model of ONNX's operators by the
//! files in `operators`; the room `onnx` makes layers of it. Operators that ONNX has not are refused by their ATen name.

mod aliases;
mod archive;
mod call;
mod model;
mod operators;
mod program;
mod translate;
mod weights;

use super::{network::NetworkFile, onnx::network_file};
use crate::{
    Result,
    watch::Watch,
    weights::{Format, bounded::Context, zipped::Archive},
};
use std::{
    io::{Read, Seek},
    path::Path,
};

/// Whether a file that starts with `head` is an archive of torch.export: by the names of its entries.
pub(super) fn recognise<R: Read + Seek>(head: &[u8], reader: R, length: u64) -> bool {
    let watch = Watch::default();
    let context = Context::new("", Format::Exported, length, &watch);
    head.starts_with(b"PK")
        && Archive::open(&context, reader).is_ok_and(|archive| archive::find(&archive.names()).is_some())
}

/// Reads the archive.
///
/// # Errors
/// [`crate::Error::Failed`] for a file that is damaged, or no network that can be shown.
pub(super) fn read<R: Read + Seek>(reader: R, length: u64, path: &Path, watch: &Watch) -> Result<NetworkFile> {
    let name = path.display().to_string();
    let context = Context::new(&name, Format::Exported, length, watch);
    let mut archive = Archive::open(&context, reader)?;
    let program = archive::program(&mut archive)?;
    let translated = translate::translate(&program).map_err(|why| context.refused(why))?;
    let mut model = translated.model;
    let tensors = weights::read(&mut archive, &program, &translated.weights)?;
    model.graph.initializers.extend(tensors);
    // Numbers of four bytes each, as most are.
    let values = usize::try_from(length / 4).unwrap_or(usize::MAX);
    network_file(model, values, &context, path, watch)
}
