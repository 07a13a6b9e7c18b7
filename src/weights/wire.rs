//! Protobuf's wire format: messages of numbered fields. Caffe's and ONNX's readers are made of it. No part of a message
//! may be longer than what is left of the message around it.

use super::bounded::Stream;
use crate::{Error, Result};
use std::io::Read;

/// How a field's value is written: a number, fixed eight or four bytes, or some bytes of a stated size.
pub(crate) enum Wire {
    Number(u64),
    Eight,
    Four,
    Sized(u64),
}

/// Calls `each(stream, number, value)` for every field of a message of `size` bytes. `each` reads or skips the bytes of a
/// value that is not a number.
pub(crate) fn fields<R: Read>(
    stream: &mut Stream<'_, R>,
    size: u64,
    mut each: impl FnMut(&mut Stream<'_, R>, u64, Wire) -> Result<()>,
) -> Result<()> {
    within(stream, size, 0)?;
    let end = stream.left() - size;
    while stream.left() > end {
        let (field, wire) = tag(stream)?;
        if let Wire::Sized(size) = wire {
            within(stream, size, end)?;
        }
        each(stream, field, wire)?;
        within(stream, 0, end)?;
    }
    Ok(())
}

/// The next field's number and value, or the size of its value, which is within the file.
pub(crate) fn tag<R: Read>(stream: &mut Stream<'_, R>) -> Result<(u64, Wire)> {
    let tag = varint(stream)?;
    let wire = match tag & 7 {
        0 => Wire::Number(varint(stream)?),
        1 => Wire::Eight,
        2 => Wire::Sized(varint(stream)?),
        5 => Wire::Four,
        other => return Err(stream.context.damaged(format_args!("a field has the unknown type {other}"))),
    };
    if let Wire::Sized(size) = wire {
        within(stream, size, 0)?;
    }
    Ok((tag >> 3, wire))
}

/// Passes over a value.
pub(crate) fn skip<R: Read>(stream: &mut Stream<'_, R>, wire: Wire) -> Result<()> {
    match wire {
        Wire::Number(_) => Ok(()),
        Wire::Eight => stream.skip(8),
        Wire::Four => stream.skip(4),
        Wire::Sized(size) => stream.skip(size),
    }
}

/// A number of up to 64 bits, seven to a byte, the lowest first.
pub(crate) fn varint<R: Read>(stream: &mut Stream<'_, R>) -> Result<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = stream.u8()?;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(stream.context.damaged("it has a number of more than 64 bits"))
}

/// Checks that `size` more bytes end before the message around them does, at `end` bytes left.
pub(crate) fn within<R: Read>(stream: &Stream<'_, R>, size: u64, end: u64) -> Result<(), Error> {
    let fits = stream.left().checked_sub(size).is_some_and(|after| after >= end);
    fits.then_some(()).ok_or_else(|| stream.context.damaged("a part is longer than the whole"))
}

/// A number as a size; one too large for that is too large for everything.
pub(crate) fn whole(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
