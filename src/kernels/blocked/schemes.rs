//! The one-dimensional transforms of Winograd's minimal filtering (Lavin and Gray 2016), F(4,3) and F(2,3): applied to
//! columns, then to rows. Points 0, 1/sqrt(2), -1/sqrt(2), sqrt(2), -sqrt(2), infinity; and 0, 1, -1, infinity.

use super::simd::Lanes;

/// The larger tile's input, 6: arrays have this length, and F(2,3) leaves the rest unused.
pub(super) const MOST: usize = 6;

/// One of the two.
pub(super) trait Scheme {
    /// Outputs of a tile along an axis.
    const TILE: usize;
    /// Inputs of a tile along an axis: TILE + 2.
    const SIZE: usize;
    /// SIZE inputs to SIZE products' factors.
    fn forward<V: Lanes>(d: [V; MOST], number: impl Fn(f32) -> V) -> [V; MOST];
    /// SIZE products to TILE outputs.
    fn back<V: Lanes>(m: [V; MOST], number: impl Fn(f32) -> V) -> [V; MOST];
    /// Three weights to SIZE factors.
    fn weights(g: [f64; 3]) -> [f64; MOST];
}

/// Tiles of 4 x 4 from 6 x 6: 36 products in place of 144.
///
/// With P = 1/sqrt(2) and Q = sqrt(2) in place of the usual 1 and 2, all factors stay near 1, and the rounding error
/// falls to a third at the same cost.
pub(super) struct F4;

const P: f32 = std::f32::consts::FRAC_1_SQRT_2;
const Q: f32 = std::f32::consts::SQRT_2;

impl Scheme for F4 {
    const TILE: usize = 4;
    const SIZE: usize = 6;

    #[inline(always)]
    fn forward<V: Lanes>(d: [V; MOST], number: impl Fn(f32) -> V) -> [V; MOST] {
        // P P = 1/2, Q Q = 2; the polynomial of 0 and infinity is x^4 - 5/2 x^2 + 1.
        let (outer, half, double) = (number(-2.5), number(-0.5), number(-2.0));
        let even_p = d[2].mul_add(double, d[4]);
        let odd_p = d[1].mul_add(double, d[3]);
        let even_q = d[2].mul_add(half, d[4]);
        let odd_q = d[1].mul_add(half, d[3]);
        [
            d[2].mul_add(outer, d[0].add(d[4])),
            odd_p.mul_add(number(P), even_p),
            odd_p.mul_add(number(-P), even_p),
            odd_q.mul_add(number(Q), even_q),
            odd_q.mul_add(number(-Q), even_q),
            d[3].mul_add(outer, d[1].add(d[5])),
        ]
    }

    #[inline(always)]
    fn back<V: Lanes>(m: [V; MOST], number: impl Fn(f32) -> V) -> [V; MOST] {
        let (sum_p, difference_p) = (m[1].add(m[2]), m[1].sub(m[2]));
        let (sum_q, difference_q) = (m[3].add(m[4]), m[3].sub(m[4]));
        [
            m[0].add(sum_p.add(sum_q)),
            difference_q.mul_add(number(Q), difference_p.mul(number(P))),
            sum_q.mul_add(number(2.0), sum_p.mul(number(0.5))),
            difference_q.mul_add(number(2.0 * Q), difference_p.mul_add(number(0.5 * P), m[5])),
            m[0],
            m[0],
        ]
    }

    fn weights([a, b, c]: [f64; 3]) -> [f64; MOST] {
        let (p, q) = (f64::from(P), f64::from(Q));
        let (even_p, even_q) = (a + 0.5 * c, a + 2.0 * c);
        [a, (even_p + p * b) / -1.5, (even_p - p * b) / -1.5, (even_q + q * b) / 6.0, (even_q - q * b) / 6.0, c]
    }
}

impl F4 {
    /// The transpose of `back`: gradients at a tile's outputs to those at its products.
    #[inline(always)]
    pub fn spread<V: Lanes>(y: [V; 4], number: impl Fn(f32) -> V) -> [V; MOST] {
        let even_p = y[2].mul_add(number(0.5), y[0]);
        let odd_p = y[3].mul_add(number(0.5), y[1]);
        let even_q = y[2].mul_add(number(2.0), y[0]);
        let odd_q = y[3].mul_add(number(2.0), y[1]);
        [
            y[0],
            odd_p.mul_add(number(P), even_p),
            odd_p.mul_add(number(-P), even_p),
            odd_q.mul_add(number(Q), even_q),
            odd_q.mul_add(number(-Q), even_q),
            y[3],
        ]
    }

    /// The transpose of `weights`: gradients at factors to those at the three weights.
    pub fn filter(m: [f64; MOST]) -> [f64; 3] {
        let (sum_p, difference_p) = ((m[1] + m[2]) / -1.5, (m[1] - m[2]) / -1.5);
        let (sum_q, difference_q) = ((m[3] + m[4]) / 6.0, (m[3] - m[4]) / 6.0);
        let odd = f64::from(P) * difference_p + f64::from(Q) * difference_q;
        [m[0] + sum_p + sum_q, odd, 0.5 * sum_p + 2.0 * sum_q + m[5]]
    }
}

/// Tiles of 2 x 2 from 4 x 4: 16 products in place of 36.
pub(super) struct F2;

impl Scheme for F2 {
    const TILE: usize = 2;
    const SIZE: usize = 4;

    #[inline(always)]
    fn forward<V: Lanes>(d: [V; MOST], _: impl Fn(f32) -> V) -> [V; MOST] {
        [d[0].sub(d[2]), d[1].add(d[2]), d[2].sub(d[1]), d[1].sub(d[3]), d[0], d[0]]
    }

    #[inline(always)]
    fn back<V: Lanes>(m: [V; MOST], _: impl Fn(f32) -> V) -> [V; MOST] {
        let (first, second) = (m[0].add(m[1].add(m[2])), m[1].sub(m[2]).sub(m[3]));
        [first, second, first, first, first, first]
    }

    fn weights([a, b, c]: [f64; 3]) -> [f64; MOST] {
        [a, (a + b + c) / 2.0, (a - b + c) / 2.0, c, 0.0, 0.0]
    }
}
