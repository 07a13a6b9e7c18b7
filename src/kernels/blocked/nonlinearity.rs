//! Activation functions and their slopes, a vector at a time: what convolutions and pointwise kernels take along.
//!
//! exp is 2^n times a polynomial of degree 6 (relative error 1e-7); the normal distribution's cumulative function is
//! Abramowitz and Stegun's 7.1.26 (absolute error 1e-7).
#![allow(unsafe_code)] // Vectors of an instruction set.

use super::simd::Lanes;

/// A function of one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Nonlinearity {
    /// No less than `low` and no more than `high`; either may be infinite.
    Clip {
        /// The least value.
        low: f32,
        /// The largest value.
        high: f32,
    },
    /// x above 0, `slope` x below.
    LeakyRelu {
        /// The slope below 0, which is above 0 itself.
        slope: f32,
    },
    /// The logistic function.
    Sigmoid,
    /// clip(`slope` x + `offset`, 0, 1).
    HardSigmoid {
        /// The slope.
        slope: f32,
        /// The value at 0.
        offset: f32,
    },
    /// x times the logistic function.
    Silu,
    /// x clip(x / 6 + 1/2, 0, 1).
    HardSwish,
    /// x times the normal distribution's cumulative function.
    Gelu,
}

impl Nonlinearity {
    /// Whether `Nonlinearity::slope` follows from the input. Of the others it follows from the output, which is kept
    /// anyway.
    pub fn slopes_by_input(self) -> bool {
        matches!(self, Nonlinearity::Silu | Nonlinearity::HardSwish | Nonlinearity::Gelu)
    }

    /// Its values.
    ///
    /// # Safety
    /// The CPU has V.
    #[inline(always)]
    pub(super) unsafe fn value<V: Lanes>(self, x: V) -> V {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Nonlinearity::Clip { low, high } => x.at_least(V::splat(low)).at_most(V::splat(high)),
                Nonlinearity::LeakyRelu { slope } => {
                    x.at_most(V::splat(0.0)).mul_add(V::splat(slope), x.at_least(V::splat(0.0)))
                }
                Nonlinearity::Sigmoid => sigmoid(x),
                Nonlinearity::HardSigmoid { slope, offset } => unit(x.mul_add(V::splat(slope), V::splat(offset))),
                Nonlinearity::Silu => x.mul(sigmoid(x)),
                Nonlinearity::HardSwish => x.mul(unit(x.mul_add(V::splat(1.0 / 6.0), V::splat(0.5)))),
                Nonlinearity::Gelu => x.mul(normal(x).0),
            }
        }
    }

    /// The derivative, by the input or the output as [`Nonlinearity::slopes_by_input`] says; 0 at the corners of a clip.
    ///
    /// # Safety
    /// The CPU has V.
    #[inline(always)]
    pub(super) unsafe fn slope<V: Lanes>(self, kept: V) -> V {
        // SAFETY: the caller's promise.
        unsafe {
            let one = V::splat(1.0);
            match self {
                Nonlinearity::Clip { low, high } => inside(one, kept, low, high),
                Nonlinearity::LeakyRelu { slope } => V::splat(1.0 - slope).where_positive(kept).add(V::splat(slope)),
                Nonlinearity::Sigmoid => kept.mul(one.sub(kept)),
                Nonlinearity::HardSigmoid { slope, .. } => inside(V::splat(slope), kept, 0.0, 1.0),
                Nonlinearity::Silu => {
                    let gate = sigmoid(kept);
                    kept.mul(gate).mul_add(one.sub(gate), gate)
                }
                Nonlinearity::HardSwish => {
                    // x / 3 + 1/2 from -3 to 3, then 1.
                    let beyond = kept.mul_add(V::splat(1.0 / 3.0), V::splat(-0.5));
                    let rising = beyond.where_positive(V::splat(3.0).sub(kept)).add(one);
                    rising.where_positive(kept.add(V::splat(3.0)))
                }
                Nonlinearity::Gelu => {
                    let (share, density) = normal(kept);
                    kept.mul_add(density, share)
                }
            }
        }
    }
}

/// `value` where `kept` is between two bounds, else 0.
#[inline(always)]
unsafe fn inside<V: Lanes>(value: V, kept: V, low: f32, high: f32) -> V {
    // SAFETY: the caller's promise.
    unsafe { value.where_positive(kept.sub(V::splat(low))).where_positive(V::splat(high).sub(kept)) }
}

/// From 0 to 1.
#[inline(always)]
unsafe fn unit<V: Lanes>(x: V) -> V {
    // SAFETY: the caller's promise.
    unsafe { x.at_least(V::splat(0.0)).at_most(V::splat(1.0)) }
}

#[inline(always)]
unsafe fn sigmoid<V: Lanes>(x: V) -> V {
    // SAFETY: the caller's promise.
    unsafe {
        let one = V::splat(1.0);
        one.div(one.add(exp(V::splat(0.0).sub(x))))
    }
}

/// The normal distribution's cumulative function and density.
#[inline(always)]
unsafe fn normal<V: Lanes>(x: V) -> (V, V) {
    // SAFETY: the caller's promise.
    unsafe {
        let one = V::splat(1.0);
        let size = x.at_least(V::splat(0.0).sub(x));
        let bell = exp(x.mul(x).mul(V::splat(-0.5)));
        let t = one.div(size.mul_add(V::splat(0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2), one));
        let mut sum = V::splat(1.061_405_4);
        for factor in [-1.453_152_1, 1.421_413_8, -0.284_496_72, 0.254_829_6] {
            sum = sum.mul_add(t, V::splat(factor));
        }
        // The share beyond |x|; below 0 that is the answer.
        let tail = sum.mul(t).mul(bell).mul(V::splat(0.5));
        let share = one.sub(tail.add(tail)).where_positive(x).add(tail);
        (share, bell.mul(V::splat(0.398_942_3)))
    }
}

#[inline(always)]
unsafe fn exp<V: Lanes>(x: V) -> V {
    // SAFETY: the caller's promise.
    unsafe {
        let x = x.at_least(V::splat(-87.0)).at_most(V::splat(88.0));
        let power = x.mul(V::splat(std::f32::consts::LOG2_E)).rounded();
        // ln 2 in two parts, so that the difference is exact.
        let rest = power.mul_add(V::splat(-0.693_359_4), x);
        let rest = power.mul_add(V::splat(2.121_944_4e-4), rest);
        let mut sum = V::splat(1.0 / 720.0);
        for factor in [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
            sum = sum.mul_add(rest, V::splat(factor));
        }
        sum.mul(power.power_of_two())
    }
}
