//! Work on a convolution's sums while they are still in the first-level cache: scale and shift (bias, or batch
//! normalisation with its running statistics), a residual, an activation function; in a reverse walk a rectifier's rule.
#![allow(unsafe_code)] // Pointers into maps that many threads write.

use super::{
    maps::{Maps, Placement},
    nonlinearity::Nonlinearity,
    simd::{LANES, Lanes},
};
use std::ptr;

/// value * scale + shift + add; then max(value, 0) with `rectify`; then the gate; then the activation. Absent parts are left
/// out.
#[derive(Clone, Copy, Default)]
pub struct Epilogue<'a> {
    /// A factor a channel; as long as the channels rounded up to whole blocks.
    pub scale: Option<&'a [f32]>,
    /// A summand a channel; as long as the channels rounded up to whole blocks.
    pub shift: Option<&'a [f32]>,
    /// Maps of the output's size.
    pub add: Option<Maps<'a>>,
    /// Maps of the output's size: the value is kept where they are positive, and becomes 0 elsewhere; with `slope` it is
    /// multiplied by that function's derivative there.
    pub gate: Option<Maps<'a>>,
    /// The function whose slope the gate gives.
    pub slope: Option<Nonlinearity>,
    /// An activation function.
    pub activation: Option<Nonlinearity>,
    /// Negative values become 0.
    pub rectify: bool,
}

impl Epilogue<'_> {
    /// Panics when a part does not fit an output at `place`: the pointers below rely on it.
    pub(super) fn check(&self, place: &Placement) {
        for channels in [self.scale, self.shift].into_iter().flatten() {
            assert!(channels.len() >= place.blocks() * place.lanes, "an epilogue of {} channels", channels.len());
        }
        for maps in [self.add, self.gate].into_iter().flatten() {
            let other = (maps.place.batch, maps.place.shape(), maps.place.lanes);
            assert_eq!(other, (place.batch, place.shape(), place.lanes), "an epilogue of another size");
        }
    }

    /// For the outputs of one picture from `block`, `offset` floats into the block, on.
    pub(super) fn at(&self, image: usize, block: usize, offset: usize) -> Option<Finish> {
        let plain = self.scale.is_none() && self.shift.is_none() && self.add.is_none() && self.gate.is_none();
        let nothing = plain && !self.rectify && self.activation.is_none();
        if nothing {
            return None;
        }
        let channel = |values: Option<&[f32]>| values.map_or(ptr::null(), |v| v[block * LANES..].as_ptr());
        let pixel =
            |maps: Option<Maps>| maps.map_or(ptr::null(), |m| m.data[m.place.start(image, block) + offset..].as_ptr());
        Some(Finish {
            scale: channel(self.scale),
            shift: channel(self.shift),
            add: pixel(self.add),
            gate: pixel(self.gate),
            slope: self.slope,
            activation: self.activation,
            rectify: self.rectify,
        })
    }
}

/// An [`Epilogue`] at one place; null where a part is absent.
#[derive(Clone, Copy)]
pub(super) struct Finish {
    scale: *const f32,
    shift: *const f32,
    add: *const f32,
    gate: *const f32,
    slope: Option<Nonlinearity>,
    activation: Option<Nonlinearity>,
    rectify: bool,
}

impl Finish {
    /// Pointer to the first or second of the maps that are read pixel by pixel; null or stale if it is absent.
    pub(super) fn reads(&self, index: usize) -> *const f32 {
        [self.add, self.gate][index]
    }

    /// The factor and summand of vector `vector`.
    ///
    /// # Safety
    /// The CPU has V, and the epilogue reaches that far.
    #[inline(always)]
    pub(super) unsafe fn channel<V: Lanes>(&self, vector: usize) -> (V, V) {
        // SAFETY: checked against the output's place in `Epilogue::check`.
        unsafe {
            let scale = if self.scale.is_null() { V::splat(1.0) } else { V::load(self.scale.add(vector * LANES)) };
            let shift = if self.shift.is_null() { V::splat(0.0) } else { V::load(self.shift.add(vector * LANES)) };
            (scale, shift)
        }
    }

    /// Finishes one vector, `offset` floats after the place.
    ///
    /// # Safety
    /// As for `channel`.
    #[inline(always)]
    pub(super) unsafe fn apply<V: Lanes>(&self, value: V, (scale, shift): (V, V), offset: usize) -> V {
        let mut value = value.mul_add(scale, shift);
        // SAFETY: these maps have the output's size (`Epilogue::check`), so its offsets hold in them.
        unsafe {
            if !self.add.is_null() {
                value = value.add(V::load(self.add.add(offset)));
            }
            if self.rectify {
                value = value.rectified();
            }
            if !self.gate.is_null() {
                let gate = V::load(self.gate.add(offset));
                value = match self.slope {
                    None => value.where_positive(gate),
                    Some(function) => value.mul(function.slope(gate)),
                };
            }
            match self.activation {
                None => value,
                Some(function) => function.value(value),
            }
        }
    }
}
