//! Batch normalisation of features, which becomes part of a fully connected layer beside it: at run time it is a scale
//! and a shift.

use crate::{
    Error, Result,
    net::{Op, Tensors},
};
use candle_core::Tensor;

/// A classifier's layers without their normalisations, and the tensors with these taken into the layer in front where that
/// is fully connected, else into the next one behind.
///
/// # Errors
/// [`Error::Failed`] when a normalisation stands beside no fully connected layer.
pub(super) fn folded(layers: Vec<(String, Op)>, tensors: &mut Tensors) -> Result<Vec<(String, Op)>> {
    let mut kept: Vec<(String, Op)> = Vec::new();
    let mut waiting: Option<[Tensor; 2]> = None;
    for (name, op) in layers {
        match (op, waiting.take()) {
            (Op::BatchNorm { eps }, _) => {
                let [scale, shift] = scale_and_shift(&name, eps, tensors)?;
                match kept.last_mut() {
                    Some((linear, Op::Linear { bias, .. })) => {
                        into_front(linear, &scale, &shift, tensors)?;
                        *bias = true;
                    }
                    _ => waiting = Some([scale, shift]),
                }
            }
            (Op::Linear { out, .. }, Some([scale, shift])) => {
                into_back(&name, &scale, &shift, tensors)?;
                kept.push((name, Op::Linear { out, bias: true }));
            }
            (_, Some(_)) => return Err(beside_nothing(&name)),
            (op, None) => kept.push((name, op)),
        }
    }
    if waiting.is_some() { Err(beside_nothing("the classifier")) } else { Ok(kept) }
}

fn beside_nothing(name: &str) -> Error {
    Error::Failed(format!("the batch normalisation in front of {name} stands beside no fully connected layer"))
}

fn take(name: &str, suffix: &str, tensors: &mut Tensors) -> Result<Tensor> {
    let name = format!("{name}.{suffix}");
    tensors.remove(&name).ok_or_else(|| Error::Failed(format!("the weights file lacks {name}")))
}

/// gamma / sqrt(variance + eps), and beta - mean * that.
fn scale_and_shift(name: &str, eps: f64, tensors: &mut Tensors) -> Result<[Tensor; 2]> {
    let [gamma, beta, mean, variance] =
        ["weight", "bias", "running_mean", "running_var"].map(|part| take(name, part, tensors));
    let scale = (gamma? / (variance? + eps)?.sqrt()?)?;
    let shift = (beta? - (mean? * &scale)?)?;
    Ok([scale, shift])
}

/// y = s (W x + b) + t as one layer.
fn into_front(linear: &str, scale: &Tensor, shift: &Tensor, tensors: &mut Tensors) -> Result<()> {
    let weight = take(linear, "weight", tensors)?.flatten_from(1)?;
    let bias = match tensors.remove(&format!("{linear}.bias")) {
        Some(bias) => ((bias * scale)? + shift)?,
        None => shift.clone(),
    };
    tensors.insert(format!("{linear}.weight"), weight.broadcast_mul(&scale.unsqueeze(1)?)?);
    tensors.insert(format!("{linear}.bias"), bias);
    Ok(())
}

/// y = W (s x + t) + b as one layer.
fn into_back(linear: &str, scale: &Tensor, shift: &Tensor, tensors: &mut Tensors) -> Result<()> {
    let weight = take(linear, "weight", tensors)?.flatten_from(1)?;
    let more = weight.matmul(&shift.unsqueeze(1)?)?.squeeze(1)?;
    let bias = match tensors.remove(&format!("{linear}.bias")) {
        Some(bias) => (bias + more)?,
        None => more,
    };
    tensors.insert(format!("{linear}.weight"), weight.broadcast_mul(&scale.unsqueeze(0)?)?);
    tensors.insert(format!("{linear}.bias"), bias);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::Device;

    #[test]
    fn a_normalisation_on_either_side_gives_the_same_outputs() {
        let tensor = |values: &[f32], shape: &[usize]| Tensor::from_slice(values, shape, &Device::Cpu).unwrap();
        let norm = |name: &str| {
            let of = |suffix: &str, values: &[f32]| (format!("{name}.{suffix}"), tensor(values, &[2]));
            [
                of("weight", &[2.0, 3.0]),
                of("bias", &[0.5, -1.0]),
                of("running_mean", &[1.0, 2.0]),
                of("running_var", &[4.0, 9.0]),
            ]
        };
        let linear = |name: &str| (name.to_owned(), Op::Linear { out: 2, bias: false });
        let bn = |name: &str| (name.to_owned(), Op::BatchNorm { eps: 0.0 });
        // The normalisation is x -> [x0 - 0.5, x1 - 3].
        let weights = tensor(&[1.0, 2.0, -1.0, 4.0], &[2, 2]);
        let mut tensors: Tensors =
            norm("fc.0").into_iter().chain([("fc.1.weight".to_owned(), weights.clone())]).collect();
        let layers = folded(vec![bn("fc.0"), linear("fc.1")], &mut tensors).unwrap();
        assert_eq!(layers, [("fc.1".to_owned(), Op::Linear { out: 2, bias: true })]);
        assert_eq!(tensors["fc.1.bias"].to_vec1::<f32>().unwrap(), [-6.5, -11.5]);
        let mut tensors: Tensors = norm("fc.1").into_iter().chain([("fc.0.weight".to_owned(), weights)]).collect();
        folded(vec![linear("fc.0"), bn("fc.1")], &mut tensors).unwrap();
        assert_eq!(tensors["fc.0.bias"].to_vec1::<f32>().unwrap(), [-0.5, -3.0]);
        assert_eq!(tensors["fc.0.weight"].to_vec2::<f32>().unwrap(), [[1.0, 2.0], [-1.0, 4.0]]);
        assert!(folded(vec![bn("x")], &mut norm("x").into_iter().collect()).is_err());
    }
}
