//! Pseudo-random orders (xorshift, Marsaglia 2003): the same for the same seed on every machine.

/// A stream of numbers.
pub(super) struct RandomOrder(u64);

impl RandomOrder {
    pub fn new(seed: u64) -> Self {
        RandomOrder(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number from 0 to `count` - 1.
    pub fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }

    /// Puts the entries in a random order.
    pub fn shuffle<T>(&mut self, entries: &mut [T]) {
        for last in (1..entries.len()).rev() {
            let other = self.below(last + 1);
            entries.swap(last, other);
        }
    }
}

/// The numbers from 0 to `count` - 1 in a random order.
pub fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    RandomOrder::new(seed).shuffle(&mut order);
    order
}
