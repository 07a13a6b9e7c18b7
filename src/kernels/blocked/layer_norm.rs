//! Layer normalisation over the channels at each pixel (ConvNeXt), and its input gradient. A task is a strip of pixels of one
//! picture, whose blocks of channels stay in the cache between the passes over them.
#![allow(unsafe_code)] // Pixels through pointers.

use super::{
    finish::Epilogue,
    maps::{Maps, MapsMut, Placement},
    micro::SharedOutput,
    simd::{Isa, LANES, Lanes, for_isa},
};
use rayon::prelude::*;

/// Pixels of a task.
const STRIP: usize = 16;

/// Prepared weights.
pub struct LayerNorm {
    channels: usize,
    eps: f32,
    /// Padded with zeros to whole blocks.
    weight: Vec<f32>,
    bias: Vec<f32>,
}

/// One strip of pixels.
struct NormStrip<'a> {
    norm: &'a LayerNorm,
    source: Maps<'a>,
    /// The gradient at the output, for the gradient at the input.
    grad: Option<Maps<'a>>,
    out: SharedOutput,
    place: Placement,
    epilogue: &'a Epilogue<'a>,
    image: usize,
    pixels: std::ops::Range<usize>,
}

impl LayerNorm {
    /// # Panics
    /// When there are not as many biases as weights.
    pub fn new(weight: &[f32], bias: &[f32], eps: f32) -> Self {
        assert_eq!(weight.len(), bias.len());
        let padded = |values: &[f32]| {
            let mut values = values.to_vec();
            values.resize(values.len().next_multiple_of(LANES), 0.0);
            values
        };
        LayerNorm { channels: weight.len(), eps, weight: padded(weight), bias: padded(bias) }
    }

    /// Normalises `source` into `out`.
    ///
    /// # Panics
    /// When sizes differ.
    pub fn run(&self, isa: Isa, source: Maps, out: &mut MapsMut, epilogue: &Epilogue) {
        self.strips(isa, source, None, out, epilogue);
    }

    /// The gradient at `source` for the gradient `grad` at the output.
    ///
    /// # Panics
    /// When sizes differ.
    pub fn reverse(&self, isa: Isa, source: Maps, grad: Maps, out: &mut MapsMut, epilogue: &Epilogue) {
        self.strips(isa, source, Some(grad), out, epilogue);
    }

    fn strips(&self, isa: Isa, source: Maps, grad: Option<Maps>, out: &mut MapsMut, epilogue: &Epilogue) {
        let place = out.place;
        for other in [Some(source), grad].into_iter().flatten() {
            let size = |place: &Placement| (place.batch, place.shape(), place.lanes);
            assert_eq!(size(&other.place), size(&place));
        }
        assert_eq!((place.channels, place.lanes), (self.channels, LANES));
        epilogue.check(&place);
        let pixels = place.height * place.width;
        let strips = pixels.div_ceil(STRIP);
        let shared = SharedOutput(out.data.as_mut_ptr());
        (0..place.batch * strips).into_par_iter().with_min_len(4).for_each(|task| {
            let start = task % strips * STRIP;
            let pixels = start..(start + STRIP).min(pixels);
            let job =
                NormStrip { norm: self, source, grad, out: shared, place, epilogue, image: task / strips, pixels };
            // SAFETY: sizes were checked above; strips divide pictures and pixels among themselves.
            unsafe { for_isa!(isa, strip(job: &NormStrip = &job)) }
        });
    }
}

#[inline(always)]
unsafe fn strip<V: Lanes>(job: &NormStrip) {
    let blocks = job.place.blocks();
    let first = job.pixels.start * LANES;
    let count = job.pixels.len();
    let from = |maps: &Maps, block: usize| maps.block(job.image, block)[first..].as_ptr();
    let per_channel = 1.0 / job.norm.channels as f32;
    // SAFETY: the caller's promise.
    unsafe {
        // Per pixel: mean, 1 / deviation, and for the gradient mean(d) and mean(d n).
        let mut means = [0f32; STRIP];
        each::<V>(&mut means, count, blocks, |block, pixel| V::load(from(&job.source, block).add(pixel * LANES)));
        means.iter_mut().for_each(|mean| *mean *= per_channel);
        let centred = |block: usize, pixel: usize| {
            let x = V::load(from(&job.source, block).add(pixel * LANES));
            x.sub(V::splat(means[pixel])).mul(present::<V>(job.norm, block, blocks))
        };
        let mut scales = [0f32; STRIP];
        each::<V>(&mut scales, count, blocks, |block, pixel| {
            let x = centred(block, pixel);
            x.mul(x)
        });
        scales.iter_mut().for_each(|sum| *sum = 1.0 / (*sum * per_channel + job.norm.eps).sqrt());
        let weight = |block: usize| V::load(job.norm.weight[block * LANES..].as_ptr());
        let mut sums = [[0f32; STRIP]; 2];
        if let Some(grad) = &job.grad {
            let d = |block: usize, pixel: usize| V::load(from(grad, block).add(pixel * LANES)).mul(weight(block));
            each::<V>(&mut sums[0], count, blocks, d);
            each::<V>(&mut sums[1], count, blocks, |block, pixel| d(block, pixel).mul(centred(block, pixel)));
        }
        for block in 0..blocks {
            let offset = job.place.start(job.image, block) + first;
            let finish = job.epilogue.at(job.image, block, first);
            let bias = V::load(job.norm.bias[block * LANES..].as_ptr());
            for pixel in 0..count {
                let scale = V::splat(scales[pixel]);
                let normal = centred(block, pixel).mul(scale);
                let mut value = match &job.grad {
                    None => normal.mul_add(weight(block), bias),
                    Some(grad) => {
                        let d = V::load(from(grad, block).add(pixel * LANES)).mul(weight(block));
                        let along = V::splat(sums[1][pixel] * per_channel * scales[pixel]);
                        let rest = d.sub(V::splat(sums[0][pixel] * per_channel)).sub(normal.mul(along));
                        rest.mul(scale).mul(present::<V>(job.norm, block, blocks))
                    }
                };
                if let Some(finish) = &finish {
                    value = finish.apply(value, finish.channel(0), pixel * LANES);
                }
                value.store(job.out.at(offset + pixel * LANES));
            }
        }
    }
}

/// The sums over all channels of `value(block, pixel)`, for every pixel.
#[inline(always)]
unsafe fn each<V: Lanes>(sums: &mut [f32; STRIP], count: usize, blocks: usize, value: impl Fn(usize, usize) -> V) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut lanes = [V::splat(0.0); STRIP];
        for block in 0..blocks {
            for (pixel, lanes) in lanes.iter_mut().enumerate().take(count) {
                *lanes = lanes.add(value(block, pixel));
            }
        }
        for (sum, lanes) in sums.iter_mut().zip(lanes).take(count) {
            *sum = lanes.sum();
        }
    }
}

/// 1 in lanes that are channels, 0 beyond the last.
#[inline(always)]
unsafe fn present<V: Lanes>(norm: &LayerNorm, block: usize, blocks: usize) -> V {
    const ONES: [f32; 2 * LANES] = {
        let mut ones = [0f32; 2 * LANES];
        let mut lane = 0;
        while lane < LANES {
            ones[lane] = 1.0;
            lane += 1;
        }
        ones
    };
    let missing = if block + 1 == blocks { blocks * LANES - norm.channels } else { 0 };
    // SAFETY: at most sixteen lanes are missing.
    unsafe { V::load(ONES[missing..].as_ptr()) }
}
