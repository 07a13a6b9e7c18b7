//! Weights that a file keeps as the parts they are computed of: pruned (`weight_orig`, `weight_mask`), with weight
//! normalisation (`weight_g`, `weight_v`: Salimans and Kingma 2016) or spectral normalisation (`weight_orig`, `weight_u`,
//! `weight_v`: Miyato et al. 2018), by PyTorch's older hooks or its `parametrizations`.

use crate::{Result, net::Tensors};
use candle_core::Tensor;

/// The tensors with every such weight computed, under its plain name. What is not whole stays as it is.
///
/// # Errors
/// When parts do not fit each other, or memory runs out.
pub(super) fn computed(mut tensors: Tensors) -> Result<Tensors> {
    let is_part = |name: &&String| ["_orig", "_g", ".original", ".original0"].iter().any(|end| name.ends_with(end));
    let parts: Vec<String> = tensors.keys().filter(is_part).cloned().collect();
    for name in parts {
        if let Some((plain, used, weight)) = whole(&name, &tensors)? {
            used.iter().for_each(|part| drop(tensors.remove(part)));
            tensors.insert(plain, weight);
        }
    }
    Ok(tensors)
}

/// A weight from its parts.
type Formula = fn(&[&Tensor]) -> Result<Tensor>;

/// The plain name of the weight that a tensor is a part of, the names of all parts, and the weight.
fn whole(name: &str, tensors: &Tensors) -> Result<Option<(String, Vec<String>, Tensor)>> {
    let plain = |stem: &str| stem.replace("parametrizations.", "");
    let found = |names: &[String]| names.iter().map(|name| tensors.get(name)).collect::<Option<Vec<_>>>();
    let formulas: [(&str, &[&str], Formula); 5] = [
        ("_orig", &["_mask"], masked),
        ("_orig", &["_u", "_v"], spectral),
        ("_g", &["_v"], normalised),
        (".original0", &[".original1"], normalised),
        (".original", &[".0._u", ".0._v"], spectral),
    ];
    for (end, others, formula) in formulas {
        let Some(stem) = name.strip_suffix(end) else { continue };
        let parts: Vec<String> = [end].iter().chain(others).map(|end| format!("{stem}{end}")).collect();
        if let Some(values) = found(&parts)
            && values[0].rank() > 0
        {
            return Ok(Some((plain(stem), parts, formula(&values)?)));
        }
    }
    Ok(None)
}

/// Weight times mask.
fn masked(parts: &[&Tensor]) -> Result<Tensor> {
    Ok((parts[0] * parts[1])?)
}

/// g v / |v|, a norm for each row.
fn normalised(parts: &[&Tensor]) -> Result<Tensor> {
    let (lengths, directions) = (parts[0], parts[1]);
    let rows = directions.flatten_from(1)?;
    let norms = rows.sqr()?.sum_keepdim(1)?.sqrt()?;
    let rows = rows.broadcast_mul(&(lengths.reshape(norms.shape())? / norms)?)?;
    Ok(rows.reshape(directions.shape())?)
}

/// The weight over its largest singular value u W v.
fn spectral(parts: &[&Tensor]) -> Result<Tensor> {
    let [weight, left, right] = [parts[0], parts[1], parts[2]];
    let rows = weight.flatten_from(1)?;
    let right = right.flatten_all()?;
    let sigma = rows.matmul(&right.unsqueeze(1)?)?.squeeze(1)?.mul(&left.flatten_all()?)?.sum_all()?;
    Ok(weight.broadcast_div(&sigma)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::Device;

    #[test]
    fn every_form_gives_the_plain_weight() {
        let tensor = |values: &[f32], shape: &[usize]| Tensor::from_slice(values, shape, &Device::Cpu).unwrap();
        let own = tensor(&[3.0, 4.0, 0.0, 2.0], &[2, 2]);
        let named = |names: &[&str], parts: &[&Tensor]| -> Tensors {
            names.iter().zip(parts).map(|(name, part)| ((*name).to_owned(), (*part).clone())).collect()
        };
        let (mask, lengths) = (tensor(&[1.0, 0.0, 1.0, 1.0], &[2, 2]), tensor(&[10.0, 1.0], &[2, 1]));
        let (left, right) = (tensor(&[1.0, 0.0], &[2]), tensor(&[0.0, 1.0], &[2]));
        for (names, parts, expected) in [
            (&["a.weight_orig", "a.weight_mask"][..], vec![&own, &mask], [3.0, 0.0, 0.0, 2.0]),
            (&["a.weight_g", "a.weight_v"], vec![&lengths, &own], [6.0, 8.0, 0.0, 1.0]),
            (
                &["a.parametrizations.weight.original0", "a.parametrizations.weight.original1"],
                vec![&lengths, &own],
                [6.0, 8.0, 0.0, 1.0],
            ),
            (&["a.weight_orig", "a.weight_u", "a.weight_v"], vec![&own, &left, &right], [0.75, 1.0, 0.0, 0.5]),
        ] {
            let found = computed(named(names, &parts)).unwrap();
            assert_eq!(found.keys().collect::<Vec<_>>(), ["a.weight"], "{names:?}");
            assert_eq!(found["a.weight"].flatten_all().unwrap().to_vec1::<f32>().unwrap(), expected, "{names:?}");
        }
        assert!(computed(named(&["x_g", "x_v"], &[&own, &tensor(&[1.0], &[1])])).is_err());
        assert_eq!(computed(named(&["x_orig"], &[&own])).unwrap().len(), 1);
    }
}
