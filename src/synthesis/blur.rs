//! Gaussian blur as SciPy's `gaussian_filter` does it: four deviations wide, the picture mirrored at its edges. Mirrored
//! so, it is its own adjoint.

use super::images::Images;

/// Every plane blurred by a deviation of `sigma` pixels; the same for 0.
pub(super) fn blurred(images: &Images, sigma: f64) -> Images {
    let reach = (4.0 * sigma + 0.5) as usize;
    if reach == 0 {
        return images.clone();
    }
    let bell = |offset: usize| (-0.5 * (offset as f64 / sigma).powi(2)).exp();
    let sum = bell(0) + 2.0 * (1..=reach).map(bell).sum::<f64>();
    let weights: Vec<f32> = (0..=reach).map(|offset| (bell(offset) / sum) as f32).collect();
    let [height, width] = images.size();
    images.map_planes([height, width], |_, plane| {
        let rows = line_by_line(plane, [height, width], [width, 1], &weights);
        line_by_line(&rows, [width, height], [1, width], &weights)
    })
}

/// Filters `lines` lines of `length` values; a line and a value are `strides` apart.
fn line_by_line(plane: &[f32], [lines, length]: [usize; 2], [line, step]: [usize; 2], weights: &[f32]) -> Vec<f32> {
    let mirrored = |at: isize| {
        let period = 2 * length as isize;
        let at = at.rem_euclid(period);
        at.min(period - 1 - at) as usize
    };
    // For each value of a line and each offset the two values that stand there.
    let pairs: Vec<[usize; 2]> = (0..length as isize)
        .flat_map(|i| (1..weights.len() as isize).map(move |offset| [i - offset, i + offset]))
        .map(|pair| pair.map(|at| mirrored(at) * step))
        .collect();
    let mut out = vec![0.0; plane.len()];
    for start in (0..lines).map(|index| index * line) {
        for (i, pairs) in pairs.chunks_exact(weights.len() - 1).enumerate() {
            let mut sum = weights[0] * plane[start + i * step];
            for (&weight, &[before, after]) in weights[1..].iter().zip(pairs) {
                sum += weight * (plane[start + before] + plane[start + after]);
            }
            out[start + i * step] = sum;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_adjoint, numbers};
    use super::*;

    #[test]
    fn a_point_becomes_a_bell_and_the_sum_stays() {
        let mut point = Images::zeros([1, 1, 9, 7]);
        point.values[4 * 7 + 3] = 1.0;
        let bell = blurred(&point, 0.5).values;
        // scipy.ndimage.gaussian_filter of the same point.
        assert!((bell[4 * 7 + 3] - 0.618_693_5).abs() < 1e-5, "{}", bell[4 * 7 + 3]);
        assert!((bell[4 * 7 + 2] - 0.083_731_1).abs() < 1e-5, "{}", bell[4 * 7 + 2]);
        assert!((blurred(&point, 3.0).values.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert_eq!(blurred(&point, 0.0), point);
    }

    #[test]
    fn it_is_its_own_adjoint() {
        let dims = [2, 3, 5, 8];
        let [x, y] = [1, 2].map(|seed| Images { values: numbers(240, seed), dims });
        assert_adjoint(&x.values, &blurred(&y, 1.7).values, &blurred(&x, 1.7).values, &y.values);
    }
}
