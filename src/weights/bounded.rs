//! Reading that never asks for more memory than there are bytes left in the file to fill it.

use super::Format;
use crate::{Error, Result, memory, paths::brief, watch::Watch};
use bytemuck::allocation::try_zeroed_vec;
use rayon::prelude::*;
use std::{
    cell::Cell,
    fmt::Display,
    io::{ErrorKind, Read},
};

/// Values are read and progress is reported in pieces of this many bytes.
const PIECE: usize = 1 << 20;

/// Floats of a page of memory, and floats (64 MiB) whose pages are asked for before they are read.
const PAGE: usize = 1024;
const AHEAD: usize = 16 << 20;

/// Characters of a reason, which may quote names from the file.
const MAX_REASON: usize = 300;

/// The types of values that weights come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dtype {
    F16,
    Bf16,
    F32,
    F64,
}

impl Dtype {
    /// Bytes of one value.
    pub fn size(self) -> usize {
        match self {
            Dtype::F16 | Dtype::Bf16 => 2,
            Dtype::F32 => 4,
            Dtype::F64 => 8,
        }
    }
}

/// The file that is being read, for messages and progress.
pub(crate) struct Context<'a> {
    pub name: &'a str,
    pub format: Format,
    /// Bytes of the file.
    pub length: u64,
    watch: &'a Watch,
    done: Cell<u64>,
}

impl<'a> Context<'a> {
    pub fn new(name: &'a str, format: Format, length: u64, watch: &'a Watch) -> Self {
        Context { name, format, length, watch, done: Cell::new(0) }
    }

    /// The error for a file that is not what its format demands.
    pub fn damaged(&self, why: impl Display) -> Error {
        Error::Failed(format!("{} is not a whole {}: {}", self.name, self.format, brief(&why.to_string(), MAX_REASON)))
    }

    /// The error for a whole file that cannot serve: `why` continues the sentence that its name starts.
    pub fn refused(&self, why: impl Display) -> Error {
        Error::Failed(format!("{} {}", self.name, brief(&why.to_string(), MAX_REASON)))
    }

    /// The error for a tensor whose values are no floats.
    pub fn not_floats(&self, tensor: &str, dtype: impl Display) -> Error {
        self.refused(format_args!("holds {tensor} as {dtype}; floats of 16, 32 or 64 bits are needed"))
    }

    /// The error for values that the memory has no room for.
    pub fn too_large(&self, bytes: u64) -> Error {
        self.refused(format_args!("needs {} at once, more memory than is free", memory::readable(bytes)))
    }

    /// Reports the bytes read so far.
    pub fn report(&self) -> Result<()> {
        let total = self.length.max(1);
        self.watch.at(self.done.get().min(total) as usize, total as usize)
    }
}

/// Whether a tensor that is not of floats counts something (`num_batches_tracked`, `n_averaged`) and is no weight.
pub(crate) fn is_counter(name: &str, shape: &[usize]) -> bool {
    shape.is_empty() || name.ends_with("num_batches_tracked")
}

/// Bytes of a file, or of a part of it, of which at most `left` are there.
pub(crate) struct Stream<'a, R> {
    pub context: &'a Context<'a>,
    reader: R,
    left: u64,
}

impl<'a, R: Read> Stream<'a, R> {
    pub fn new(context: &'a Context<'a>, reader: R, left: u64) -> Self {
        Stream { context, reader, left }
    }

    /// Bytes that are left.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Fills the whole buffer.
    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<()> {
        self.claim(buffer.len() as u64)?;
        self.reader.read_exact(buffer).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => self.context.damaged("it ends too early"),
            ErrorKind::InvalidData | ErrorKind::InvalidInput => self.context.damaged(error),
            _ => Error::Failed(format!("cannot read {}: {error}", self.context.name)),
        })
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut buffer = [0; N];
        self.fill(&mut buffer)?;
        Ok(buffer)
    }

    pub fn u8(&mut self) -> Result<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// The next `count` bytes. They are allocated piece by piece: a part that inflates may have fewer than it claims.
    pub fn bytes(&mut self, count: u64) -> Result<Vec<u8>> {
        self.check(count)?;
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < count {
            let start = bytes.len();
            let end = (start + PIECE).min(count as usize);
            bytes.try_reserve(end - start).map_err(|_| self.context.too_large(count))?;
            bytes.resize(end, 0);
            self.fill(&mut bytes[start..])?;
        }
        Ok(bytes)
    }

    /// Passes over the next `count` bytes.
    pub fn skip(&mut self, count: u64) -> Result<()> {
        self.check(count)?;
        let mut buffer = [0; 8192];
        let mut left = count;
        while left > 0 {
            let piece = left.min(buffer.len() as u64) as usize;
            self.fill(&mut buffer[..piece])?;
            left -= piece as u64;
            self.context.report()?;
        }
        Ok(())
    }

    /// The next `count` values, little-endian, as float32.
    pub fn floats(&mut self, dtype: Dtype, count: usize) -> Result<Vec<f32>> {
        self.check((count as u64).saturating_mul(dtype.size() as u64))?;
        // Zeros come from the system page by page as they are overwritten.
        let size = (count as u64).saturating_mul(4);
        memory::check(self.context.name, size)?;
        let mut values: Vec<f32> = try_zeroed_vec(count).map_err(|()| self.context.too_large(size))?;
        if dtype == Dtype::F32 && cfg!(target_endian = "little") {
            for part in values.chunks_mut(AHEAD) {
                // The system hands out pages faster to all cores than to the one that reads.
                part.par_chunks_mut(PAGE).for_each(|page| page[0] = 0.0);
                for piece in bytemuck::cast_slice_mut(part).chunks_mut(PIECE) {
                    self.fill(piece)?;
                    self.context.report()?;
                }
            }
            return Ok(values);
        }
        let mut buffer = vec![0; PIECE.min(count * dtype.size())];
        for piece in values.chunks_mut(PIECE / dtype.size()) {
            let bytes = &mut buffer[..piece.len() * dtype.size()];
            self.fill(bytes)?;
            convert(dtype, bytes, piece);
            self.context.report()?;
        }
        Ok(values)
    }

    fn check(&self, count: u64) -> Result<()> {
        let left = self.left;
        (count <= left)
            .then_some(())
            .ok_or_else(|| self.context.damaged(format_args!("{count} bytes are needed where {left} are left")))
    }

    fn claim(&mut self, count: u64) -> Result<()> {
        self.check(count)?;
        self.left -= count;
        self.context.done.set(self.context.done.get() + count);
        Ok(())
    }
}

/// Little-endian bytes to float32, as many as `values` holds.
fn convert(dtype: Dtype, bytes: &[u8], values: &mut [f32]) {
    fn each<const N: usize>(bytes: &[u8], values: &mut [f32], value: impl Fn([u8; N]) -> f32) {
        bytes.as_chunks::<N>().0.iter().zip(values).for_each(|(&chunk, slot)| *slot = value(chunk));
    }
    match dtype {
        Dtype::F16 => each(bytes, values, |b| half::f16::from_le_bytes(b).to_f32()),
        Dtype::Bf16 => each(bytes, values, |b| half::bf16::from_le_bytes(b).to_f32()),
        Dtype::F32 => each(bytes, values, f32::from_le_bytes),
        Dtype::F64 => each(bytes, values, |b| f64::from_le_bytes(b) as f32),
    }
}
