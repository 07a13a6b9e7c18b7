//! The largest value of each feature map and where it lies, which a pass over a folder keeps of every unit.

use super::with_values;
use candle_core::{Result, Tensor};
use rayon::prelude::*;

/// The largest value of a map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// The value; NaN is passed over. Minus infinity where the map holds nothing else.
    pub value: f32,
    /// `row * width + column`, the first of equal ones.
    pub position: u32,
}

/// Values compared at once: so many that the compiler takes vectors of the processor.
const LANES: usize = 32;

/// The peaks of planes of `area` values each, in the order of the planes.
///
/// # Errors
/// When `x` is not float32.
pub fn peaks(x: &Tensor, area: usize) -> Result<Vec<Peak>> {
    with_values::<f32, _>(x, |values| Ok(values.par_chunks_exact(area.max(1)).map(peak).collect()))
}

fn peak(values: &[f32]) -> Peak {
    let (whole, rest) = values.as_chunks::<LANES>();
    let mut most = [f32::NEG_INFINITY; LANES];
    let raise = |most: &mut f32, value: f32| *most = if value > *most { value } else { *most };
    whole.iter().for_each(|chunk| most.iter_mut().zip(chunk).for_each(|(most, &value)| raise(most, value)));
    let mut largest = f32::NEG_INFINITY;
    most.iter().chain(rest).for_each(|&value| raise(&mut largest, value));
    // Without an early exit within a chunk, it is compared at once as well.
    let holds = |chunk: &[f32; LANES]| chunk.iter().fold(false, |found, &value| found | (value == largest));
    let from = LANES * whole.iter().position(holds).unwrap_or(whole.len());
    let position = values[from..].iter().position(|&value| value == largest).map_or(0, |at| from + at);
    Peak { value: largest, position: position as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_largest_values_is_found_wherever_it_stands() {
        for count in [1, LANES - 1, LANES, LANES + 1, 3 * LANES + 5] {
            for at in 0..count {
                let mut values = vec![-3.0; count];
                values[at..].fill(-1.5);
                values[0] = if at == 0 { -1.5 } else { f32::NAN };
                assert_eq!(peak(&values), Peak { value: -1.5, position: at as u32 }, "{count}, {at}");
            }
        }
    }
}
