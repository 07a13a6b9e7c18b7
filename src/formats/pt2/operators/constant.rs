//! Constants that a program makes.

use crate::formats::pt2::model::Writing;
use candle_core::{Device, Tensor};

/// The most values of a constant that is made.
const MOST: usize = 1 << 22;

pub(super) fn made(writing: &mut Writing) -> Result<(), String> {
    let operator = writing.call.operator();
    let number = |name: &str, usual: f64| Ok::<f64, String>(writing.call.number(name)?.unwrap_or(usual));
    let shape: Option<Vec<usize>> = writing.call.output_shape()?.into_iter().collect();
    let shape = shape.ok_or("its size is open")?;
    let count = shape.iter().try_fold(1usize, |all, &size| all.checked_mul(size)).filter(|&count| count <= MOST);
    let count = count.ok_or_else(|| format!("its constant of shape {shape:?} is too large"))?;
    let output = writing.output()?;
    // The type of whole numbers, ScalarType Long, or of floats.
    let whole = writing.call.shapes.get(&output).is_some_and(|meta| (1..=5).contains(&meta.dtype) || meta.dtype == 12);
    let values: Vec<f64> = match operator {
        "arange" => {
            let (start, step) = (number("start", 0.0)?, number("step", 1.0)?);
            (0..count).map(|index| start + index as f64 * step).collect()
        }
        "full" | "full_like" => vec![number("fill_value", 0.0)?; count],
        "scalar_tensor" => vec![number("s", 0.0)?; count],
        "ones" | "ones_like" => vec![1.0; count],
        _ => vec![0.0; count],
    };
    let tensor = match whole {
        true => Tensor::from_vec(values.iter().map(|&value| value as i64).collect::<Vec<_>>(), shape, &Device::Cpu),
        false => Tensor::from_vec(values.iter().map(|&value| value as f32).collect::<Vec<_>>(), shape, &Device::Cpu),
    };
    let constant = writing.model.constant(tensor)?;
    writing.done("Identity", vec![constant], vec![])
}
