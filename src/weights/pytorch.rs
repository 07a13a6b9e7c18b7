//! PyTorch's `.pth` since 1.6: a zip archive of `data.pkl`, a pickle in which tensors refer to storages by key, and
//! `data/KEY`, the values of each storage. `torch.jit.save` adds its code, which nobody reads here.

use super::{File, checkpoint, pickle::Pickle, strided::Unfolding, zipped::Archive};
use crate::Result;
use std::io::{Read, Seek};

/// Whether an archive with an entry of this name is one.
pub(super) fn recognise(entry: &str) -> bool {
    entry == "data.pkl" || entry.ends_with("/data.pkl")
}

pub(super) fn read<R: Read + Seek>(mut archive: Archive<'_, R>) -> Result<File> {
    let context = archive.context;
    let names = archive.names();
    let pickled = names.iter().position(|name| recognise(name));
    let pickled = pickled.ok_or_else(|| context.damaged("it has no data.pkl"))?;
    let folder = names[pickled].trim_end_matches("data.pkl").to_owned();
    if let Some(order) = names.iter().position(|name| *name == format!("{folder}byteorder")) {
        let order = archive.entry(order, |stream| stream.bytes(stream.left().min(16)))?;
        if order.starts_with(b"big") {
            return Err(context.refused("was written on a big-endian machine"));
        }
    }
    let pickle = archive.entry(pickled, |stream| Pickle::read(stream))?;
    let mut found = checkpoint::find(context, &pickle)?;
    let mut unfolding = Unfolding::new(context);
    for (name, values, view) in std::mem::take(&mut found.arrays) {
        unfolding.add(values, vec![(name, view)])?;
    }
    // In the order of the file, so that it is read from front to back.
    for (index, name) in names.iter().enumerate() {
        let Some(key) = name.strip_prefix(&folder).and_then(|name| name.strip_prefix("data/")) else { continue };
        let Some(storage) = found.storages.remove(key) else { continue };
        let count = storage.count;
        let values = archive.entry(index, |stream| stream.floats(storage.dtype, count))?;
        unfolding.add(values, storage.views)?;
    }
    if let Some(key) = found.storages.keys().next() {
        return Err(context.damaged(format_args!("it lacks the values of storage {key}")));
    }
    let file = File::new(context.format, unfolding.tensors, found.metadata);
    Ok(File { notes: found.notes, skipped: found.skipped, ..file })
}
