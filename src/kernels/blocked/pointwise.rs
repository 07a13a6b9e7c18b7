//! Operators on single values: batch normalisation, rectification, sums and gates that no convolution could take along.
//! They make one pass over memory, which is all the time they take.
#![allow(unsafe_code)] // Pixels through pointers.

use super::{
    finish::{Epilogue, Finish},
    maps::{Maps, MapsMut},
    simd::{Isa, LANES, Lanes, for_isa},
};

/// out = epilogue(source).
///
/// # Panics
/// When sizes differ.
pub fn pointwise(isa: Isa, source: Maps, out: &mut MapsMut, epilogue: &Epilogue) {
    let size = |place: &super::Placement| (place.batch, place.shape(), place.lanes);
    assert_eq!((size(&source.place), out.place.lanes), (size(&out.place), LANES));
    epilogue.check(&out.place);
    out.for_each_block(|image, block, values| match epilogue.at(image, block, 0) {
        // SAFETY: source, output and epilogue have the same size.
        Some(finish) => unsafe {
            let source = source.block(image, block);
            for_isa!(isa, apply(source: &[f32] = source, out: &mut [f32] = values, finish: &Finish = &finish));
        },
        None => values.copy_from_slice(source.block(image, block)),
    });
}

#[inline(always)]
unsafe fn apply<V: Lanes>(source: &[f32], out: &mut [f32], finish: &Finish) {
    // SAFETY: the caller's promise.
    unsafe {
        let channel = finish.channel::<V>(0);
        for (pixel, (from, to)) in source.chunks_exact(LANES).zip(out.chunks_exact_mut(LANES)).enumerate() {
            finish.apply(V::load(from.as_ptr()), channel, pixel * LANES).store(to.as_mut_ptr());
        }
    }
}
