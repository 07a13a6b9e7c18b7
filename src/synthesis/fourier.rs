//! Real pictures from half spectra, and the adjoint. A half spectrum of a plane of `height * width` values is
//! `(height, width / 2 + 1, 2)`: real and imaginary parts, as torch.fft.rfft2 lays them out.

use rustfft::{Fft, FftPlanner, num_complex::Complex32};
use std::sync::Arc;

/// Transforms of planes of one size.
pub(super) struct Fourier {
    height: usize,
    width: usize,
    /// Along rows and along columns, forward and inverse.
    rows: [Arc<dyn Fft<f32>>; 2],
    columns: [Arc<dyn Fft<f32>>; 2],
}

impl Fourier {
    pub fn new([height, width]: [usize; 2]) -> Self {
        let mut planner = FftPlanner::new();
        let mut both = |length| [planner.plan_fft_forward(length), planner.plan_fft_inverse(length)];
        Fourier { height, width, rows: both(width), columns: both(height) }
    }

    /// Columns of a plane.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Columns of a half spectrum.
    pub fn half(&self) -> usize {
        self.width / 2 + 1
    }

    /// The frequency of every coefficient in cycles a pixel, row by row.
    pub fn frequencies(&self) -> Vec<f32> {
        let along = |index: usize, length: usize| index.min(length - index) as f32 / length as f32;
        let (height, width) = (self.height, self.width);
        (0..height).flat_map(|y| (0..self.half()).map(move |x| along(y, height).hypot(along(x, width)))).collect()
    }

    /// The half spectrum of a plane, unscaled.
    pub fn forward(&self, plane: &[f32]) -> Vec<f32> {
        let half = self.half();
        let mut spectrum = Vec::with_capacity(self.height * half);
        for row in plane.chunks_exact(self.width) {
            let mut line: Vec<Complex32> = row.iter().map(|&value| value.into()).collect();
            self.rows[0].process(&mut line);
            spectrum.extend_from_slice(&line[..half]);
        }
        self.along_columns(&mut spectrum, 0);
        spectrum.iter().flat_map(|value| [value.re, value.im]).collect()
    }

    /// The plane of a half spectrum, divided by the number of values. Imaginary parts where a real plane has none are
    /// ignored.
    pub fn inverse(&self, spectrum: &[f32]) -> Vec<f32> {
        let half = self.half();
        let mut spectrum: Vec<Complex32> =
            spectrum.chunks_exact(2).map(|pair| Complex32::new(pair[0], pair[1])).collect();
        self.along_columns(&mut spectrum, 1);
        let scale = 1.0 / (self.height * self.width) as f32;
        let mut plane = Vec::with_capacity(self.height * self.width);
        let mut line = vec![Complex32::default(); self.width];
        for row in spectrum.chunks_exact(half) {
            for (k, &value) in row.iter().enumerate() {
                line[(self.width - k) % self.width] = value.conj();
                line[k] = if self.is_real(k) { value.re.into() } else { value };
            }
            self.rows[1].process(&mut line);
            plane.extend(line.iter().map(|value| value.re * scale));
        }
        plane
    }

    /// The adjoint of [`Fourier::inverse`], with real and imaginary parts as independent numbers.
    pub fn adjoint(&self, plane: &[f32]) -> Vec<f32> {
        let scale = 1.0 / (self.height * self.width) as f32;
        let mut spectrum = self.forward(plane);
        for row in spectrum.chunks_exact_mut(2 * self.half()) {
            for (k, pair) in row.chunks_exact_mut(2).enumerate() {
                // Every other coefficient stands for its mirror image too.
                let factor = if self.is_real(k) { scale } else { 2.0 * scale };
                pair.iter_mut().for_each(|part| *part *= factor);
            }
        }
        spectrum
    }

    /// Whether column `k` of a row's spectrum is its own mirror image.
    fn is_real(&self, k: usize) -> bool {
        k == 0 || 2 * k == self.width
    }

    fn along_columns(&self, spectrum: &mut [Complex32], direction: usize) {
        let half = self.half();
        let mut line = vec![Complex32::default(); self.height];
        for x in 0..half {
            line.iter_mut().enumerate().for_each(|(y, value)| *value = spectrum[y * half + x]);
            self.columns[direction].process(&mut line);
            line.iter().enumerate().for_each(|(y, &value)| spectrum[y * half + x] = value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_adjoint, numbers};
    use super::*;

    #[test]
    fn there_and_back_at_even_odd_and_prime_sizes() {
        for size in [[8, 8], [7, 9], [6, 13], [1, 2]] {
            let fourier = Fourier::new(size);
            let plane = numbers(size[0] * size[1], 1);
            let back = fourier.inverse(&fourier.forward(&plane));
            assert!(plane.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-5), "{size:?}");
        }
    }

    #[test]
    fn the_adjoint_is_one() {
        for size in [[8, 8], [7, 9], [6, 13], [5, 4]] {
            let fourier = Fourier::new(size);
            let spectrum = numbers(size[0] * fourier.half() * 2, 2);
            let plane = numbers(size[0] * size[1], 3);
            assert_adjoint(&spectrum, &fourier.adjoint(&plane), &fourier.inverse(&spectrum), &plane);
        }
    }
}
