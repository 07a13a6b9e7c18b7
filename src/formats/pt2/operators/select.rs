//! Some of the values along an axis.

use super::arrange::axis;
use crate::formats::{onnx::Attribute, pt2::model::Writing};
use candle_core::{Device, Tensor};

/// All values in parts, as the program states their sizes.
pub(super) fn split(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    let shape = writing.call.shape_of("self")?;
    let place = axis(writing.call.int("dim", 0)?, shape.len())?;
    let outputs = writing.call.outputs();
    let lone = writing.call.operator() == "unbind";
    let mut sizes = Vec::new();
    for output in &outputs {
        let size = if lone { Some(1) } else { writing.call.shape(output)?.get(place).copied().flatten() };
        sizes.push(size.ok_or("the sizes of its parts are open")? as i64);
    }
    let attributes = vec![("axis", Attribute::Int(place as i64)), ("split", Attribute::Ints(sizes))];
    let names: Vec<String> = match lone {
        true => outputs.iter().map(|_| writing.model.fresh()).collect(),
        false => outputs.iter().map(|output| (*output).to_owned()).collect(),
    };
    writing.model.put_all(&writing.origin, "Split", vec![x], names.clone(), attributes);
    if lone {
        for (part, output) in names.into_iter().zip(outputs) {
            let axes = vec![("axes", Attribute::Ints(vec![place as i64]))];
            let axes_input = writing.model.numbers(&[place as i64])?;
            writing.model.put(&writing.origin, "Squeeze", vec![part, axes_input], output.to_owned(), axes);
        }
    }
    Ok(())
}

/// The values from one place to another.
pub(super) fn slice(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    let place = axis(writing.call.int("dim", 0)?, writing.call.shape_of("self")?.len())? as i64;
    let start = writing.call.given_int("start")?.unwrap_or(0);
    let (end, step) = match writing.call.operator() {
        "narrow" => (start.saturating_add(writing.call.int("length", 0)?), 1),
        _ => (writing.call.given_int("end")?.unwrap_or(i64::MAX), writing.call.int("step", 1)?),
    };
    let mut inputs = vec![x];
    for value in [start, end, place, step] {
        inputs.push(writing.model.numbers(&[value])?);
    }
    writing.done("Slice", inputs, vec![])
}

/// One place of an axis, which goes.
pub(super) fn select(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    let place = axis(writing.call.int("dim", 0)?, writing.call.shape_of("self")?.len())? as i64;
    let index = writing.call.int("index", 0)?;
    let index = writing.model.constant(Tensor::from_vec(vec![index], (), &Device::Cpu))?;
    writing.done("Gather", vec![x, index], vec![("axis", Attribute::Int(place))])
}

/// Places of one axis, which a tensor lists.
pub(super) fn index(writing: &mut Writing) -> Result<(), String> {
    let x = writing.input("self")?;
    if writing.call.operator() == "index_select" {
        let place = Attribute::Int(writing.call.int("dim", 0)?);
        let places = writing.input("index")?;
        return writing.done("Gather", vec![x, places], vec![("axis", place)]);
    }
    let lists = writing.call.tensors("indices")?;
    let mut given = lists.iter().enumerate().filter_map(|(axis, list)| list.map(|list| (axis, list)));
    match (given.next(), given.next()) {
        (Some((place, list)), None) if writing.call.shape(list)?.len() == 1 => {
            let places = writing.value(list);
            writing.done("Gather", vec![x, places], vec![("axis", Attribute::Int(place as i64))])
        }
        _ => Err("it takes values by places along several axes".to_owned()),
    }
}
