//! The largest value of each map and where it lies, read from the blocks as they are: to turn them into planes first takes
//! many times as long.
#![allow(unsafe_code)] // An instance for each instruction set.

use super::{
    maps::Maps,
    simd::{Isa, LANES, Lanes, for_isa},
};
use crate::kernels::Peak;
use rayon::prelude::*;

/// The peaks of all maps, picture by picture, channel by channel.
///
/// # Panics
/// When the maps are planar.
pub fn peaks(isa: Isa, maps: Maps) -> Vec<Peak> {
    let place = maps.place;
    assert_eq!(place.lanes, LANES, "peaks are read from blocks");
    let mut found = vec![Peak { value: f32::NEG_INFINITY, position: 0 }; place.batch * place.channels];
    let pictures = found.par_chunks_mut(place.channels.max(1)).enumerate();
    pictures.for_each(|(image, peaks)| {
        for (block, peaks) in peaks.chunks_mut(LANES).enumerate() {
            let values = maps.block(image, block);
            // SAFETY: the body asks for nothing.
            unsafe { for_isa!(isa, of_block(values: &[f32] = values, peaks: &mut [Peak] = peaks)) }
        }
    });
    found
}

/// Unsafe by the form of the macro alone.
#[inline(always)]
unsafe fn of_block<V: Lanes>(values: &[f32], peaks: &mut [Peak]) {
    let (mut most, mut at) = ([f32::NEG_INFINITY; LANES], [0u32; LANES]);
    for (pixel, values) in values.as_chunks::<LANES>().0.iter().enumerate() {
        for lane in 0..LANES {
            let is_larger = values[lane] > most[lane];
            most[lane] = if is_larger { values[lane] } else { most[lane] };
            at[lane] = if is_larger { pixel as u32 } else { at[lane] };
        }
    }
    for (peak, (value, position)) in peaks.iter_mut().zip(most.into_iter().zip(at)) {
        *peak = Peak { value, position };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{
        blocked::{BufferPool, MapsMut, Placement},
        peaks as of_planes,
    };
    use candle_core::{Device, Tensor};

    #[test]
    fn blocks_have_the_peaks_of_their_planes() {
        let pool = BufferPool::default();
        for (channels, height, width) in [(1, 1, 1), (16, 3, 5), (19, 12, 13), (48, 1, 200)] {
            let place = Placement { first: 2, total: 7, ..Placement::alone(2, [channels, height, width]) };
            let count = 2 * channels * height * width;
            let planar: Vec<f32> = (0..count).map(|at| (at * 7919 % 31) as f32 - 40.0).collect();
            let mut buffer = pool.take(place.buffer_length());
            MapsMut::new(&mut buffer, place).fill_from_planar(&planar);
            let plain = Tensor::from_vec(planar, count, &Device::Cpu).unwrap();
            let expected = of_planes(&plain, height * width).unwrap();
            for isa in Isa::all() {
                assert_eq!(peaks(isa, Maps::new(&buffer, place)), expected);
            }
        }
    }
}
