//! Random numbers that are the same on every machine: SplitMix64 in counter mode, so that sample i does not depend on
//! how many are drawn at once.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Noise {
    state: u64,
}

impl Noise {
    /// Stream number `stream` of a seed.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut start = Noise { state: seed ^ stream.wrapping_mul(0xD1B5_4A32_D192_ED03) };
        Noise { state: start.bits() }
    }

    fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Normal with mean 0 and deviation 1 (Box and Muller), two at a time.
    fn pair(&mut self) -> [f64; 2] {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        let angle = std::f64::consts::TAU * self.uniform();
        [radius * angle.cos(), radius * angle.sin()]
    }

    /// `count` normal values with mean 0 and deviation `sigma`.
    pub fn normal(&mut self, count: usize, sigma: f64) -> Vec<f32> {
        let mut values = Vec::with_capacity(count + 1);
        while values.len() < count {
            values.extend(self.pair().map(|value| (value * sigma) as f32));
        }
        values.truncate(count);
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_values_have_the_moments_asked_for() {
        let values = Noise::new(1, 2).normal(100_001, 3.0);
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64;
        let square = values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / values.len() as f64;
        assert!(mean.abs() < 0.03 && (square - 9.0).abs() < 0.15, "{mean} {square}");
        assert_eq!(Noise::new(1, 2).normal(3, 3.0), values[..3]);
        assert_ne!(Noise::new(1, 3).normal(3, 3.0), values[..3]);
    }
}
