//! Maps times one factor each, as squeeze and excitation computes it, and both gradients of that.
#![allow(unsafe_code)] // Pixels through pointers.

use super::{
    finish::{Epilogue, Finish},
    maps::{Maps, MapsMut, Placement},
    simd::{Isa, LANES, Lanes, for_isa},
};

/// out = epilogue(source * factors), with factors of one pixel a map.
///
/// # Panics
/// When sizes differ.
pub fn gate(isa: Isa, source: Maps, factors: Maps, out: &mut MapsMut, epilogue: &Epilogue) {
    check(&source.place, &factors.place);
    assert_eq!((source.place.batch, source.place.shape()), (out.place.batch, out.place.shape()));
    epilogue.check(&out.place);
    out.for_each_block(|image, block, values| {
        let (source, factors) = (source.block(image, block), factors.block(image, block));
        let finish = epilogue.at(image, block, 0);
        // SAFETY: source, output and epilogue have the same size; the factors are one vector.
        unsafe {
            for_isa!(isa, multiply(
                source: &[f32] = source, factors: &[f32] = factors, out: &mut [f32] = values,
                finish: &Option<Finish> = &finish
            ));
        }
    });
}

/// For every map the sum of a * b over its pixels, through the epilogue: the gradient at the factors.
///
/// # Panics
/// When sizes differ.
pub fn gate_sums(isa: Isa, a: Maps, b: Maps, out: &mut MapsMut, epilogue: &Epilogue) {
    check(&a.place, &out.place);
    assert_eq!((a.place.batch, a.place.shape()), (b.place.batch, b.place.shape()));
    epilogue.check(&out.place);
    out.for_each_block(|image, block, values| {
        let (a, b) = (a.block(image, block), b.block(image, block));
        let finish = epilogue.at(image, block, 0);
        // SAFETY: both maps have the same size, and the output is one vector.
        unsafe {
            for_isa!(isa, sum(
                a: &[f32] = a, b: &[f32] = b, out: &mut [f32] = values, finish: &Option<Finish> = &finish
            ));
        }
    });
}

fn check(maps: &Placement, factors: &Placement) {
    assert_eq!((maps.lanes, factors.lanes), (LANES, LANES));
    assert_eq!((factors.batch, factors.shape()), (maps.batch, [maps.channels, 1, 1]), "a factor for every map");
}

#[inline(always)]
unsafe fn multiply<V: Lanes>(source: &[f32], factors: &[f32], out: &mut [f32], finish: &Option<Finish>) {
    // SAFETY: the caller's promise.
    unsafe {
        let factor = V::load(factors[..LANES].as_ptr());
        let pixels = source.chunks_exact(LANES).zip(out.chunks_exact_mut(LANES));
        match finish {
            None => pixels.for_each(|(from, to)| V::load(from.as_ptr()).mul(factor).store(to.as_mut_ptr())),
            Some(finish) => {
                let channel = finish.channel::<V>(0);
                for (pixel, (from, to)) in pixels.enumerate() {
                    let value = V::load(from.as_ptr()).mul(factor);
                    finish.apply(value, channel, pixel * LANES).store(to.as_mut_ptr());
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn sum<V: Lanes>(a: &[f32], b: &[f32], out: &mut [f32], finish: &Option<Finish>) {
    // SAFETY: the caller's promise.
    unsafe {
        // Four sums, so that none waits for the one before.
        let mut sums = [V::splat(0.0); 4];
        for (pixel, (a, b)) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)).enumerate() {
            let sum = &mut sums[pixel % 4];
            *sum = V::load(a.as_ptr()).mul_add(V::load(b.as_ptr()), *sum);
        }
        let [a, b, c, d] = sums;
        let mut total = a.add(b).add(c.add(d));
        if let Some(finish) = finish {
            total = finish.apply(total, finish.channel(0), 0);
        }
        total.store(out[..LANES].as_mut_ptr());
    }
}
