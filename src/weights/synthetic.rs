//! Weights made up from names and a seed: every program that follows the recipe gets the same bits, so that numbers
//! can be compared without exchanging files. He-uniform for filters, near-identity for normalisation.

use crate::{Result, net::Graph, net::Tensors};
use candle_core::{Device, Tensor};
use rayon::prelude::*;

/// float32 values in [-1, 1): SplitMix64 from FNV-1a(`name`) XOR `seed`, its top 24 bits.
pub fn uniform(name: &str, count: usize, seed: u64) -> Vec<f32> {
    let start = fnv1a(name) ^ seed;
    let value = |i: usize| {
        let mut z = start.wrapping_add((i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        // 24 bits and a power of two: exact in float32.
        (z >> 40) as f32 * 2f32.powi(-23) - 1.0
    };
    (0..count).into_par_iter().with_min_len(4096).map(value).collect()
}

fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

/// The values of the tensor called `name`, by what its last segment says it is for.
///
/// # Errors
/// When memory runs out.
pub fn made_up(name: &str, shape: &[usize], seed: u64) -> Result<Tensor> {
    let mut values = uniform(name, shape.iter().product(), seed);
    let (offset, scale) = match name.rsplit('.').next() {
        Some("running_var") => (1.0, 0.5),
        Some("running_mean" | "bias") => (0.0, 0.1),
        _ if shape.len() == 1 => (1.0, 0.1),
        _ => (0.0, (6.0 / shape[1..].iter().product::<usize>() as f64).sqrt() as f32),
    };
    values.par_iter_mut().with_min_len(4096).for_each(|value| *value = offset + scale * *value);
    Ok(Tensor::from_vec(values, shape, &Device::Cpu)?)
}

/// A value for every tensor of weights in `graph`.
///
/// # Errors
/// When memory runs out on the device.
pub fn synthetic(graph: &Graph, seed: u64) -> Result<Tensors> {
    let make = |(name, (shape, _)): (String, (Vec<usize>, bool))| Ok((name.clone(), made_up(&name, &shape, seed)?));
    graph.parameters().into_iter().map(make).collect()
}

/// A smooth picture for synthetic weights, already normalised: `(1, channels, size, size)`. Each plane is a sum of
/// six plane waves drawn from [`uniform`].
///
/// # Errors
/// When memory runs out.
pub fn picture(channels: usize, size: usize, seed: u64) -> Result<Tensor> {
    let mut values = Vec::with_capacity(channels * size * size);
    for channel in 0..channels {
        let waves: Vec<f64> = uniform(&format!("picture.{channel}"), 24, seed).into_iter().map(f64::from).collect();
        for row in 0..size {
            for column in 0..size {
                let (x, y) = (column as f64 / size as f64, row as f64 / size as f64);
                let wave = |w: &[f64]| w[0] * (std::f64::consts::TAU * (8.0 * w[1] * x + 8.0 * w[2] * y + w[3])).sin();
                values.push(waves.chunks_exact(4).map(wave).sum::<f64>() as f32);
            }
        }
    }
    Ok(Tensor::from_vec(values, (1, channels, size, size), &Device::Cpu)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_the_published_ones() {
        assert_eq!(fnv1a(""), 0xCBF2_9CE4_8422_2325);
        assert_eq!(fnv1a("a"), 0xAF63_DC4C_8601_EC8C);
        // SplitMix64 seeded with 0 starts with E220A8397B1DCDAF.
        let first = uniform("a", 1, fnv1a("a"))[0];
        assert_eq!(first, 0xE2_20A8 as f32 * 2f32.powi(-23) - 1.0);
    }
}
