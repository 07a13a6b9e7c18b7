//! Statistics of one unit over a folder. The response of a unit to a picture is its largest activation.

/// Strongest responses that are kept a unit.
pub const TOP: usize = 9;
/// Bins of a histogram.
const BINS: usize = 64;

/// A response of a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hit {
    /// The activation.
    pub value: f32,
    /// Index of the picture in the listing.
    pub picture: u32,
    /// Position in the feature map, `row * width + column`; the first of equal ones.
    pub position: u32,
}

/// Counts of values in bins of equal width over `-range..range`. The range is a power of two and doubles when a value
/// lies outside: neighbouring bins are then joined.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Upper end of the last bin; 0 before the first value.
    pub range: f32,
    /// Values in each bin.
    pub bins: [u32; BINS],
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { range: 0.0, bins: [0; BINS] }
    }
}

impl Histogram {
    fn add(&mut self, value: f32) {
        let magnitude = value.abs();
        if self.range == 0.0 {
            self.range = f32::exp2(magnitude.max(1e-30).log2().floor() + 1.0);
        }
        while magnitude >= self.range && self.range < f32::MAX / 2.0 {
            self.double();
        }
        let half = (BINS / 2) as f32;
        let bin = ((value / self.range + 1.0) * half).floor() as usize;
        self.bins[bin.min(BINS - 1)] += 1;
    }

    fn double(&mut self) {
        let mut joined = [0; BINS];
        for (bin, count) in self.bins.iter().enumerate() {
            joined[BINS / 4 + bin / 2] += count;
        }
        self.bins = joined;
        self.range *= 2.0;
    }
}

/// Everything kept of one unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnitStatistics {
    /// The strongest responses, strongest first, at most [`TOP`], one a picture.
    pub top: Vec<Hit>,
    /// Pictures seen.
    pub pictures: u32,
    /// Pictures with a response above zero.
    pub excited: u32,
    /// Sum of the responses.
    pub sum: f64,
    /// Sum of the squared responses.
    pub squares: f64,
    /// Distribution of the responses.
    pub histogram: Histogram,
}

impl UnitStatistics {
    /// Counts the response of a picture. Pictures come in the order of their indices; of equal responses the earlier
    /// picture stands first.
    pub fn add(&mut self, hit: Hit) {
        self.pictures += 1;
        self.excited += u32::from(hit.value > 0.0);
        self.sum += f64::from(hit.value);
        self.squares += f64::from(hit.value) * f64::from(hit.value);
        self.histogram.add(hit.value);
        let rank = self.top.iter().position(|kept| hit.value > kept.value).unwrap_or(self.top.len());
        if rank < TOP {
            self.top.truncate(TOP - 1);
            self.top.insert(rank, hit);
        }
    }

    /// The strongest responses that are above zero.
    pub fn excited_top(&self) -> Vec<Hit> {
        self.top.iter().filter(|hit| hit.value > 0.0).copied().collect()
    }

    /// Mean response.
    pub fn mean(&self) -> f64 {
        self.sum / f64::from(self.pictures.max(1))
    }

    /// Standard deviation of the response over the pictures.
    pub fn deviation(&self) -> f64 {
        (self.squares / f64::from(self.pictures.max(1)) - self.mean().powi(2)).max(0.0).sqrt()
    }

    /// Share of pictures with a response above zero, 0 to 1. A unit that no picture excites is dead on this folder.
    pub fn share(&self) -> f64 {
        f64::from(self.excited) / f64::from(self.pictures.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_nine_are_kept_in_order_and_ties_go_to_the_first() {
        let mut unit = UnitStatistics::default();
        let values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0, 0.0];
        for (picture, value) in values.into_iter().enumerate() {
            unit.add(Hit { value, picture: picture as u32, position: 0 });
        }
        let kept: Vec<(f32, u32)> = unit.top.iter().map(|hit| (hit.value, hit.picture)).collect();
        let expected = [(9.0, 5), (6.0, 7), (5.0, 4), (5.0, 8), (5.0, 10), (4.0, 2), (3.0, 0), (3.0, 9), (2.0, 6)];
        assert_eq!(kept, expected);
        assert_eq!((unit.pictures, unit.excited), (12, 11));
        assert!((unit.mean() - 44.0 / 12.0).abs() < 1e-12);
        assert!((unit.share() - 11.0 / 12.0).abs() < 1e-12);
        let variance = 232.0 / 12.0 - (44.0f64 / 12.0).powi(2);
        assert!((unit.deviation() - variance.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_histogram_widens_without_losing_a_value() {
        let mut histogram = Histogram::default();
        for value in [0.5, -0.25, 3.0, 100.0, -100.0, 0.0] {
            histogram.add(value);
        }
        assert_eq!(histogram.range, 128.0);
        assert_eq!(histogram.bins.iter().sum::<u32>(), 6);
        // Bins are 4 wide: 0, 0.5 and 3 share the first above zero, -0.25 lies in the one below.
        assert_eq!((histogram.bins[32], histogram.bins[31]), (3, 1));
        assert_eq!((histogram.bins[57], histogram.bins[7]), (1, 1));
    }
}
