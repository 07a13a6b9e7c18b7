//! The tensors of an archive: each a file of raw values, of which tensors are views, by a list in JSON; until PyTorch 2.7
//! files of `torch.save`.

use super::{
    archive,
    program::{Program, TensorMeta},
};
use crate::{
    Result,
    formats::onnx::{Kind, TensorValues, of_bytes},
    net::Tensors,
    weights::{
        bounded::{Context, Dtype, Stream},
        read_bytes,
        strided::{StridedView, Unfolding},
        zipped::Archive,
    },
};
use candle_core::{Device, Tensor};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::{Read, Seek},
};

/// Bytes of a list of tensors.
const MAX_LIST: u64 = 1 << 26;
/// Bytes of a tensor of whole numbers: they describe shapes and places, never weights.
const MAX_NUMBERS: u64 = 1 << 23;

/// A list of tensors.
#[derive(Deserialize)]
struct TensorList {
    config: BTreeMap<String, Listed>,
}

/// The place of a tensor in the archive.
#[derive(Deserialize)]
struct Listed {
    /// The entry beside the list.
    path_name: String,
    /// Whether the entry is a pickle.
    #[serde(default)]
    use_pickle: bool,
    tensor_meta: Option<TensorMeta>,
}

/// The tensors called `wanted`, in float32, whole numbers in int64.
pub(super) fn read<R: Read + Seek>(
    archive: &mut Archive<'_, R>,
    program: &Program,
    wanted: &HashSet<String>,
) -> Result<Tensors> {
    let context = archive.context;
    let names = archive.names();
    let mut tensors = Tensors::new();
    if archive::is_early(&names) {
        for (index, _) in names.iter().enumerate().filter(|(_, name)| is_saved(name)) {
            let bytes = archive.entry(index, |stream| stream.bytes(stream.left()))?;
            // An empty dictionary is no weights file.
            if let Ok(file) = read_bytes(&bytes, context.name) {
                tensors.extend(file.tensors.into_iter().filter(|(name, _)| wanted.contains(name)));
            }
        }
    } else {
        for list in names.iter().filter(|name| name.ends_with("_config.json") && name.contains("data/")) {
            listed(archive, &names, list, wanted, &mut tensors)?;
        }
    }
    match wanted.iter().find(|name| !tensors.contains_key(*name)) {
        Some(name) => Err(context.damaged(format_args!("it lacks the values of {name}"))),
        None if program.graph_module.graph.nodes.is_empty() => Err(context.refused("has a program without operators")),
        None => Ok(tensors),
    }
}

fn is_saved(name: &str) -> bool {
    name.ends_with("serialized_state_dict.pt") || name.ends_with("serialized_constants.pt")
}

/// The tensors of one list.
fn listed<R: Read + Seek>(
    archive: &mut Archive<'_, R>,
    names: &[String],
    list: &str,
    wanted: &HashSet<String>,
    tensors: &mut Tensors,
) -> Result<()> {
    let context = archive.context;
    let entry = |name: &str| names.iter().position(|other| other == name);
    let Some(index) = entry(list) else { return Ok(()) };
    let text = archive.entry(index, |stream| match stream.left() {
        size if size > MAX_LIST => Err(context.damaged(format_args!("{list} has {size} bytes"))),
        size => stream.bytes(size),
    })?;
    let found: TensorList = serde_json::from_slice(&text)
        .map_err(|error| context.damaged(format_args!("{list} makes no sense: {error}")))?;
    let folder = list.rfind('/').map_or("", |end| &list[..=end]);
    // Tensors that share values name the same entry.
    let mut views: HashMap<String, Vec<(String, TensorMeta)>> = HashMap::new();
    for (name, listed) in found.config.into_iter().filter(|(name, _)| wanted.contains(name)) {
        match listed.tensor_meta {
            Some(meta) if !listed.use_pickle => {
                views.entry(format!("{folder}{}", listed.path_name)).or_default().push((name, meta));
            }
            _ => return Err(context.refused(format_args!("holds {name} as a pickle, which is not read"))),
        }
    }
    let mut unfolding = Unfolding::new(context);
    // In the order of the file, so that it is read from front to back.
    for (index, name) in names.iter().enumerate() {
        let Some(views) = views.remove(name) else { continue };
        let Some(kind) = views.first().and_then(|(_, meta)| kind(meta.dtype)) else {
            let (name, dtype) = views.first().map_or(("", 0), |(name, meta)| (name.as_str(), meta.dtype));
            return Err(
                context.refused(format_args!("holds {name} as type {dtype} of PyTorch, which is not supported"))
            );
        };
        match kind {
            Kind::Float(dtype) => {
                let values = archive
                    .entry(index, |stream| stream.floats(dtype, (stream.left() / dtype.size() as u64) as usize))?;
                let view = |(name, meta): (String, TensorMeta)| view(context, &name, &meta).map(|view| (name, view));
                unfolding.add(values, views.into_iter().map(view).collect::<Result<_>>()?)?;
            }
            kind => {
                let values = archive.entry(index, |stream| numbers(stream, kind))?;
                for (name, meta) in views {
                    let tensor = whole(context, &name, &meta, &values)?;
                    tensors.insert(name, tensor);
                }
            }
        }
    }
    tensors.extend(unfolding.tensors);
    Ok(())
}

/// The type of values that a `ScalarType` is.
pub(super) fn kind(number: u64) -> Option<Kind> {
    Some(match number {
        1 | 12 => Kind::Whole(1, false),
        2 => Kind::Whole(1, true),
        3 => Kind::Whole(2, true),
        4 => Kind::Whole(4, true),
        5 => Kind::Whole(8, true),
        6 => Kind::Float(Dtype::F16),
        7 => Kind::Float(Dtype::F32),
        8 => Kind::Float(Dtype::F64),
        13 => Kind::Float(Dtype::Bf16),
        _ => return None,
    })
}

/// The part of its values that a tensor is.
fn view(context: &Context, name: &str, meta: &TensorMeta) -> Result<StridedView> {
    let sizes = |sizes: &[super::program::StatedSize]| {
        sizes.iter().map(super::program::StatedSize::known).collect::<Option<Vec<_>>>()
    };
    let view = || {
        let offset = meta.storage_offset.as_ref().map_or(Some(0), super::program::StatedSize::known)?;
        Some(StridedView { offset, shape: sizes(&meta.sizes)?, stride: sizes(&meta.strides)? })
    };
    let damaged = || context.damaged(format_args!("{name} has a shape, stride or offset that makes no sense"));
    let view = view().ok_or_else(damaged)?;
    let usual = StridedView::whole(view.shape.clone());
    let same = |axis: usize| view.shape[axis] == 1 || view.stride.get(axis) == usual.stride.get(axis);
    match (0..view.shape.len()).all(same) {
        true => Ok(view),
        false => Err(context.refused(format_args!("holds {name} in another order than rows last (channels last, or transposed), which is not read: export it after .contiguous()"))),
    }
}

/// Whole numbers of an entry.
fn numbers(stream: &mut Stream<'_, &mut dyn Read>, kind: Kind) -> Result<Vec<i64>> {
    if stream.left() > MAX_NUMBERS {
        return Err(stream.context.refused("has a tensor of more whole numbers than describe a network"));
    }
    let bytes = stream.bytes(stream.left())?;
    Ok(match of_bytes(kind, bytes) {
        TensorValues::Numbers(numbers) => numbers,
        TensorValues::Floats(values) => values.into_iter().map(|value| value as i64).collect(),
    })
}

/// A tensor of whole numbers, which lies in one piece.
fn whole(context: &Context, name: &str, meta: &TensorMeta, values: &[i64]) -> Result<Tensor> {
    let view = view(context, name, meta)?;
    let count = view.count().unwrap_or(usize::MAX);
    let part = view.offset.checked_add(count).and_then(|end| values.get(view.offset..end));
    match part {
        Some(part) if view == (StridedView { offset: view.offset, ..StridedView::whole(view.shape.clone()) }) => {
            Ok(Tensor::from_slice(part, view.shape.as_slice(), &Device::Cpu)?)
        }
        _ => Err(context.refused(format_args!("holds the whole numbers {name} in several pieces, which is not read"))),
    }
}
