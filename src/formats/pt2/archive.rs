//! The entries of an archive: the program, and where its weights lie.

use super::program::Program;
use crate::{Result, weights::zipped::Archive};
use std::io::{Read, Seek};

/// Bytes of a program as JSON. The largest known, with the source line of every node, have some ten million.
const MAX_PROGRAM: u64 = 1 << 27;
/// The program until PyTorch 2.7; its weights are a file of `torch.save` within the archive.
const EARLY: &str = "serialized_exported_program.json";

/// The entry of the program, and the folder that all entries are in.
pub(super) fn find(names: &[String]) -> Option<(usize, &str)> {
    names.iter().enumerate().find_map(|(index, name)| {
        let folder = match name.strip_suffix(EARLY) {
            Some(folder) => folder,
            None => name.strip_suffix(".json")?.rsplit_once("models/").filter(|(_, file)| !file.contains('/'))?.0,
        };
        (folder.is_empty() || folder.ends_with('/')).then_some((index, folder))
    })
}

/// Whether the weights lie as files of `torch.save` within the archive.
pub(super) fn is_early(names: &[String]) -> bool {
    names.iter().any(|name| name.ends_with(EARLY))
}

/// The program.
pub(super) fn program<R: Read + Seek>(archive: &mut Archive<'_, R>) -> Result<Program> {
    let context = archive.context;
    let names = archive.names();
    let (index, folder) = find(&names).ok_or_else(|| context.damaged("it has no program"))?;
    if let Some(order) = names.iter().position(|name| name.strip_prefix(folder) == Some("byteorder")) {
        let order = archive.entry(order, |stream| stream.bytes(stream.left().min(16)))?;
        if order.starts_with(b"big") {
            return Err(context.refused("was written on a big-endian machine"));
        }
    }
    let text = archive.entry(index, |stream| match stream.left() {
        size if size > MAX_PROGRAM => Err(context.damaged(format_args!("its program has {size} bytes"))),
        size => stream.bytes(size),
    })?;
    serde_json::from_slice(&text).map_err(|error| context.damaged(format_args!("its program makes no sense: {error}")))
}
