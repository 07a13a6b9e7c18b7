//! PyTorch's `.pth` before 1.6 (and with `_use_new_zipfile_serialization=False`): five pickles one after the other
//! (a magic number, a version, the machine that wrote it, the object with its tensors, the keys of the storages), then
//! each storage as its count of values and the values.

use super::{
    File,
    bounded::{Context, Stream},
    checkpoint,
    pickle::{Object, Pickle, Value},
    strided::Unfolding,
    torch,
};
use crate::Result;
use std::io::Read;

/// 0x1950a86a20f9469cfc6c, as pickles write long integers.
const MAGIC: &[u8] = &[0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const VERSION: i64 = 1001;

/// Whether a file starts like a pickle, PyTorch's or another's, which [`read`] then refuses.
pub(super) fn recognise(head: &[u8]) -> bool {
    let binary = matches!(head, [0x80, 2..=5, ..]);
    // The oldest pickles are text: they start with a name and its module, or a mark.
    binary || matches!(head, [b'c', b'_' | b'a'..=b'z', ..] | [b'(', b'd' | b'l' | b'i', ..])
}

/// A pickle of numpy's arrays that PyTorch did not write.
fn arrays_alone(context: &Context, pickle: &Pickle) -> Result<File> {
    let refused = || checkpoint::refuse(context, pickle);
    if pickle.objects.iter().any(|object| torch::is_lone_storage(pickle, object)) {
        return Err(refused());
    }
    let found = checkpoint::find(context, pickle)?;
    if found.arrays.is_empty() || !found.storages.is_empty() {
        return Err(refused());
    }
    let mut unfolding = Unfolding::new(context);
    for (name, values, view) in found.arrays {
        unfolding.add(values, vec![(name, view)])?;
    }
    let file = File::new(context.format, unfolding.tensors, found.metadata);
    Ok(File { notes: found.notes, skipped: found.skipped, ..file })
}

pub(super) fn read<R: Read>(mut stream: Stream<'_, R>) -> Result<File> {
    let context = stream.context;
    let magic = Pickle::read(&mut stream)?;
    if !matches!(magic.object(magic.root), Some(Object::Bytes(bytes)) if bytes == MAGIC) {
        return arrays_alone(stream.context, &magic);
    }
    let version = Pickle::read(&mut stream)?.root;
    if version != Value::Int(VERSION) {
        return Err(context.damaged("its version is unknown"));
    }
    let machine = Pickle::read(&mut stream)?;
    if let Some(Object::Dict(entries)) = machine.object(machine.root)
        && entries.iter().any(|&(key, value)| machine.text(key) == Some("little_endian") && value == Value::Bool(false))
    {
        return Err(context.refused("was written on a big-endian machine"));
    }
    let object = Pickle::read(&mut stream)?;
    let mut found = checkpoint::find(context, &object)?;
    let keys = Pickle::read(&mut stream)?;
    let mut unfolding = Unfolding::new(context);
    for (name, values, view) in std::mem::take(&mut found.arrays) {
        unfolding.add(values, vec![(name, view)])?;
    }
    for &key in keys.items(keys.root).ok_or_else(|| context.damaged("it has no list of storages"))? {
        let key = keys.text(key).unwrap_or_default();
        let count = u64::from_le_bytes(stream.array()?);
        let size = found.sizes.get(key).copied();
        let size = size.ok_or_else(|| context.damaged(format_args!("it stores {key}, which no tensor refers to")))?;
        let Some(storage) = found.storages.remove(key) else {
            stream.skip(count.saturating_mul(size as u64))?;
            continue;
        };
        if count < storage.count as u64 {
            return Err(context.damaged(format_args!("storage {key} has {count} of its {} values", storage.count)));
        }
        let values = stream.floats(storage.dtype, usize::try_from(count).unwrap_or(usize::MAX))?;
        unfolding.add(values, storage.views)?;
    }
    if let Some(key) = found.storages.keys().next() {
        return Err(context.damaged(format_args!("it lacks the values of storage {key}")));
    }
    let file = File::new(context.format, unfolding.tensors, found.metadata);
    Ok(File { notes: found.notes, skipped: found.skipped, ..file })
}
