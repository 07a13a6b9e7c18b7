//! numpy's `.npz`: a zip archive of `.npy` files, one an array. Each is a magic number, a header that is a Python
//! dictionary in ASCII, and the values.

use super::{
    File,
    bounded::{Context, Dtype, Stream, is_counter},
    strided::{StridedView, Unfolding},
    zipped::Archive,
};
use crate::Result;
use std::{
    collections::HashMap,
    io::{Read, Seek},
};

pub(super) fn read<R: Read + Seek>(mut archive: Archive<'_, R>) -> Result<File> {
    let context = archive.context;
    let names = archive.names();
    if !names.iter().any(|name| name.ends_with(".npy")) {
        return Err(context.refused("is a zip archive without data.pkl or .npy files in it: it holds no weights"));
    }
    let mut unfolding = Unfolding::new(context);
    for (index, file) in names.iter().enumerate() {
        let Some(name) = file.strip_suffix(".npy") else { continue };
        if unfolding.tensors.contains_key(name) {
            return Err(context.damaged(format_args!("it holds {file} twice")));
        }
        let array = archive.entry(index, |stream| array(stream, name))?;
        if let Some((values, view)) = array {
            unfolding.add(values, vec![(name.to_owned(), view)])?;
        }
    }
    Ok(File::new(context.format, unfolding.tensors, HashMap::new()))
}

/// One `.npy` file; `None` for a counter, which is passed over.
fn array<R: Read>(stream: &mut Stream<'_, R>, name: &str) -> Result<Option<(Vec<f32>, StridedView)>> {
    let context = stream.context;
    let damaged = |why: &str| context.damaged(format_args!("{name} {why}"));
    let [b'\x93', b'N', b'U', b'M', b'P', b'Y', version, _] = stream.array()? else {
        return Err(damaged("is no array"));
    };
    let length = match version {
        1 => u64::from(u16::from_le_bytes(stream.array()?)),
        _ => u64::from(u32::from_le_bytes(stream.array()?)),
    };
    if length > 1 << 16 {
        return Err(damaged("has a header of unreasonable length"));
    }
    let header = String::from_utf8_lossy(&stream.bytes(length)?).into_owned();
    let field = |key: &str| header.split_once(&format!("'{key}':")).map(|(_, rest)| rest.trim_start());
    let parsed = || {
        let dtype = field("descr")?.strip_prefix('\'')?.split_once('\'')?.0;
        let fortran = field("fortran_order")?.starts_with("True");
        let shape = field("shape")?.strip_prefix('(')?.split_once(')')?.0;
        let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
        Some((dtype.to_owned(), fortran, sizes.map(|size| size.parse().ok()).collect::<Option<Vec<usize>>>()?))
    };
    let (dtype, fortran, shape) = parsed().ok_or_else(|| damaged("has a header that makes no sense"))?;
    let dtype = match dtype.as_str() {
        "<f2" => Dtype::F16,
        "<f4" => Dtype::F32,
        "<f8" => Dtype::F64,
        _ if is_counter(name, &shape) => {
            stream.skip(stream.left())?;
            return Ok(None);
        }
        other => return Err(not_floats(context, name, other)),
    };
    let view = if fortran { StridedView::fortran(shape) } else { StridedView::whole(shape) };
    let count = view.count().ok_or_else(|| damaged("has a shape that makes no sense"))?;
    Ok(Some((stream.floats(dtype, count)?, view)))
}

fn not_floats(context: &Context, name: &str, dtype: &str) -> crate::Error {
    let dtype: String = dtype.chars().filter(char::is_ascii_graphic).take(20).collect();
    context.not_floats(name, if dtype.is_empty() { "an unknown type" } else { &dtype })
}
