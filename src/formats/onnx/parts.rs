//! Small parts of messages: texts, pairs of texts, lists of numbers.

use crate::{
    Result,
    weights::{
        bounded::Stream,
        wire::{Wire, fields, skip, varint},
    },
};
use std::io::Read;

/// The longest name that is kept.
const MAX_NAME: u64 = 4096;
/// A `StringStringEntryProto`.
pub(super) fn pair<R: Read>(stream: &mut Stream<'_, R>, size: u64) -> Result<(String, String)> {
    let (mut key, mut value) = (String::new(), String::new());
    fields(stream, size, |stream, field, wire| match (field, wire) {
        (1, Wire::Sized(size)) => text(stream, size).map(|text| key = text),
        (2, Wire::Sized(size)) => text(stream, size).map(|text| value = text),
        (_, wire) => skip(stream, wire),
    })?;
    Ok((key, value))
}

/// Text, of which nothing is kept where it is unreasonably long.
pub(super) fn text<R: Read>(stream: &mut Stream<'_, R>, size: u64) -> Result<String> {
    if size > MAX_NAME {
        stream.skip(size)?;
        return Ok(String::new());
    }
    Ok(String::from_utf8_lossy(&stream.bytes(size)?).into_owned())
}

/// Numbers one behind the other, at most `limit` of them.
pub(super) fn packed<R: Read>(stream: &mut Stream<'_, R>, size: u64, limit: usize, to: &mut Vec<i64>) -> Result<()> {
    let end = stream.left() - size;
    while stream.left() > end {
        if to.len() == limit {
            return Err(stream.context.refused(format_args!("has a list of more than {limit} numbers")));
        }
        to.push(varint(stream)? as i64);
    }
    Ok(())
}
