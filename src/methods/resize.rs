//! Stretching maps: heatmaps to the picture's size, masks to a layer's.

/// The positions in the source of a stretched row's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// Pixel centres lie on each other: torch's `align_corners=False`.
    Centres,
    /// The outermost pixels' centres lie on each other: torch's `align_corners=True`.
    Corners,
}

/// For each of `count` outputs over `length` inputs: two neighbours and the second one's weight.
fn axis(length: usize, count: usize, align: Align) -> Vec<(usize, usize, f32)> {
    let weigh = |i: usize| {
        let at = match align {
            Align::Centres => ((i as f64 + 0.5) * length as f64 / count as f64 - 0.5).max(0.0),
            Align::Corners => i as f64 * (length - 1) as f64 / (count.max(2) - 1) as f64,
        };
        let low = (at as usize).min(length - 1);
        (low, (low + 1).min(length - 1), (at - low as f64) as f32)
    };
    (0..count).map(weigh).collect()
}

/// A plane of `from` = (height, width) values stretched bilinearly to `to`.
pub(super) fn bilinear(plane: &[f32], from: [usize; 2], to: [usize; 2], align: Align) -> Vec<f32> {
    if from == to {
        return plane.to_vec();
    }
    let columns = axis(from[1], to[1], align);
    let mut values = Vec::with_capacity(to[0] * to[1]);
    for (top, bottom, down) in axis(from[0], to[0], align) {
        let [top, bottom] = [top, bottom].map(|row| &plane[row * from[1]..][..from[1]]);
        values.extend(columns.iter().map(|&(left, right, across)| {
            let blend = |row: &[f32]| row[left] * (1.0 - across) + row[right] * across;
            blend(top) * (1.0 - down) + blend(bottom) * down
        }));
    }
    values
}

/// A plane stretched by repeating values: torch's `nearest`, output i takes input floor(i n / m).
pub(super) fn nearest(plane: &[f32], from: [usize; 2], to: [usize; 2]) -> Vec<f32> {
    let at = |i: usize| (i / to[1] * from[0] / to[0]) * from[1] + i % to[1] * from[1] / to[1];
    (0..to[0] * to[1]).map(|i| plane[at(i)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_torch_stretches() {
        let row = [0.0, 1.0];
        assert_eq!(bilinear(&row, [1, 2], [1, 4], Align::Centres), [0.0, 0.25, 0.75, 1.0]);
        let thirds = bilinear(&row, [1, 2], [1, 4], Align::Corners);
        assert!(thirds.iter().zip([0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0]).all(|(a, b)| (a - b).abs() < 1e-6));
        assert_eq!(nearest(&row, [1, 2], [2, 4]), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0]);
    }
}
