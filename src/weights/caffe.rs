//! Caffe's `.caffemodel`: a protobuf message `NetParameter` of layers, each with its name and its blobs. Three
//! generations of it differ in the numbers of their fields. Only these few fields are read, straight from the file;
//! training's other settings are passed over. Layers that normalise responses state their constants, which the weights
//! were trained for and papers do not share.

use super::{
    File,
    bounded::{Dtype, Stream},
    wire::{Wire, skip, tag, varint, whole, within},
};
use crate::{
    Result,
    net::{Op, Tensors},
};
use candle_core::{Device, Tensor};
use std::{collections::HashMap, io::Read};

/// Where a generation of layers keeps what is wanted.
#[derive(Clone, Copy)]
struct Fields {
    name: u64,
    blobs: u64,
    /// `LRNParameter`; 0 where there is none.
    lrn: u64,
}
/// `LayerParameter`, since 2014: field 100 of the network.
const LAYER: Fields = Fields { name: 1, blobs: 7, lrn: 118 };
/// `V1LayerParameter`: field 2.
const V1_LAYER: Fields = Fields { name: 4, blobs: 6, lrn: 18 };
/// `V0LayerParameter`: field 1 of a V1 layer.
const V0_LAYER: Fields = Fields { name: 1, blobs: 50, lrn: 0 };

/// Whether a file may be one: it starts with the network's name or with a layer.
pub(super) fn recognise(head: &[u8]) -> bool {
    matches!(head, [0x0a | 0x12 | 0x1a | 0x22, ..] | [0xa2, 0x06, ..])
}

pub(super) fn read<R: Read>(mut stream: Stream<'_, R>) -> Result<File> {
    let context = stream.context;
    let mut file = File::new(context.format, Tensors::new(), HashMap::new());
    while stream.left() > 0 {
        match tag(&mut stream)? {
            (2, Wire::Sized(size)) => layer(&mut stream, size, V1_LAYER, &mut file)?,
            (100, Wire::Sized(size)) => layer(&mut stream, size, LAYER, &mut file)?,
            (_, wire) => skip(&mut stream, wire)?,
        }
    }
    Ok(file)
}

fn layer<R: Read>(stream: &mut Stream<'_, R>, size: u64, fields: Fields, file: &mut File) -> Result<()> {
    let mut name = String::new();
    let mut blobs = Vec::new();
    let mut lrn = None;
    let end = stream.left() - size;
    while stream.left() > end {
        match tag(stream)? {
            (1, Wire::Sized(size)) if fields.name == V1_LAYER.name => {
                within(stream, size, end)?;
                layer(stream, size, V0_LAYER, file)?;
            }
            (field, Wire::Sized(size)) if field == fields.name => {
                if size > 1000 {
                    return Err(stream.context.damaged("a layer's name is unreasonably long"));
                }
                name = String::from_utf8_lossy(&stream.bytes(size)?).into_owned();
            }
            (field, Wire::Sized(size)) if field == fields.blobs => {
                within(stream, size, end)?;
                blobs.push(blob(stream, size)?);
            }
            (field, Wire::Sized(size)) if field == fields.lrn => {
                within(stream, size, end)?;
                lrn = Some(lrn_constants(stream, size)?);
            }
            (_, wire) => skip(stream, wire)?,
        }
        within(stream, 0, end)?;
    }
    file.constants.extend(lrn.map(|op| (name.clone(), op)));
    for (index, (values, shape)) in blobs.into_iter().enumerate() {
        // Layers that share weights with another store none.
        if values.is_empty() {
            continue;
        }
        let name = match index {
            0 => format!("{name}.weight"),
            1 => format!("{name}.bias"),
            _ => format!("{name}.{index}"),
        };
        let count = shape.iter().try_fold(1usize, |all, &size| all.checked_mul(size));
        if count != Some(values.len()) || shape.len() > 8 {
            let (shape, count) = (&shape[..shape.len().min(8)], values.len());
            return Err(stream.context.damaged(format_args!("{name} of shape {shape:?} has {count} values")));
        }
        if file.tensors.contains_key(&name) {
            return Err(stream.context.damaged(format_args!("it has two tensors called {name}")));
        }
        file.tensors.insert(name, Tensor::from_vec(values, shape, &Device::Cpu)?);
    }
    Ok(())
}

/// The values of a `BlobProto`, and its shape: by its own message, or as number, channels, height, width.
fn blob<R: Read>(stream: &mut Stream<'_, R>, size: u64) -> Result<(Vec<f32>, Vec<usize>)> {
    let mut values = Vec::new();
    let mut shape: Option<Vec<usize>> = None;
    let mut sides: [Option<usize>; 4] = [None; 4];
    let end = stream.left() - size;
    while stream.left() > end {
        match tag(stream)? {
            (side @ 1..=4, Wire::Number(size)) => sides[side as usize - 1] = Some(whole(size)),
            // Floats, packed or one by one, then doubles, likewise.
            (5, Wire::Sized(size)) if size % 4 == 0 => {
                within(stream, size, end)?;
                extend(&mut values, stream.floats(Dtype::F32, whole(size / 4))?);
            }
            (5, Wire::Four) => values.push(f32::from_le_bytes(stream.array()?)),
            (8, Wire::Sized(size)) if size % 8 == 0 => {
                within(stream, size, end)?;
                extend(&mut values, stream.floats(Dtype::F64, whole(size / 8))?);
            }
            (8, Wire::Eight) => values.push(f64::from_le_bytes(stream.array()?) as f32),
            (7, Wire::Sized(size)) => {
                within(stream, size, end)?;
                shape = Some(blob_shape(stream, size)?);
            }
            (5 | 8, Wire::Sized(_)) => return Err(stream.context.damaged("a blob ends within a value")),
            (_, wire) => skip(stream, wire)?,
        }
        within(stream, 0, end)?;
    }
    let legacy = || sides.iter().flatten().copied().collect();
    Ok((values, shape.unwrap_or_else(legacy)))
}

/// A `BlobShape`: its sizes, packed or one by one.
fn blob_shape<R: Read>(stream: &mut Stream<'_, R>, size: u64) -> Result<Vec<usize>> {
    let mut shape = Vec::new();
    let end = stream.left() - size;
    while stream.left() > end && shape.len() <= 8 {
        match tag(stream)? {
            (1, Wire::Number(size)) => shape.push(whole(size)),
            (1, Wire::Sized(size)) => {
                within(stream, size, end)?;
                let end = stream.left() - size;
                while stream.left() > end && shape.len() <= 8 {
                    shape.push(whole(varint(stream)?));
                }
            }
            (_, wire) => skip(stream, wire)?,
        }
    }
    within(stream, 0, end)?;
    let rest = stream.left() - end;
    stream.skip(rest)?;
    Ok(shape)
}

/// An `LRNParameter`, with the defaults of its fields.
fn lrn_constants<R: Read>(stream: &mut Stream<'_, R>, size: u64) -> Result<Op> {
    let (mut channels, mut alpha, mut beta, mut k) = (5, 1f32, 0.75f32, 1f32);
    let end = stream.left() - size;
    while stream.left() > end {
        match tag(stream)? {
            (1, Wire::Number(size)) => channels = whole(size),
            (2, Wire::Four) => alpha = f32::from_le_bytes(stream.array()?),
            (3, Wire::Four) => beta = f32::from_le_bytes(stream.array()?),
            (5, Wire::Four) => k = f32::from_le_bytes(stream.array()?),
            (_, wire) => skip(stream, wire)?,
        }
        within(stream, 0, end)?;
    }
    // Window and exponents as the formula allows them; float32 as people wrote it, 1e-4 and not 9.99999975e-5.
    let plain = |value: f32| value.to_string().parse().ok().filter(|value: &f64| (0.0..=1e3).contains(value));
    let constants = plain(alpha).zip(plain(beta)).zip(plain(k)).filter(|_| (1..=1001).contains(&channels));
    let ((alpha, beta), k) = constants.ok_or_else(|| stream.context.damaged("a normalisation makes no sense"))?;
    Ok(Op::Lrn { size: channels, alpha, beta, k })
}

/// Without a copy where there is nothing yet.
fn extend(values: &mut Vec<f32>, more: Vec<f32>) {
    if values.is_empty() {
        *values = more;
    } else {
        values.extend(more);
    }
}
