//! A map turned, and perhaps mirrored, onto another of the same pictures, so that pictures move as little as they can when
//! one map becomes the other.

/// The turn, perhaps with a mirror, after which `places` lie nearest to `onto` by least squares (orthogonal Procrustes, in the
/// plane): the two rows of its matrix. Both lie about the origin.
pub(super) fn turn(places: &[[f32; 2]], onto: &[[f32; 2]]) -> [[f32; 2]; 2] {
    let mut sums = [[0f64; 2]; 2];
    for (place, onto) in places.iter().zip(onto) {
        for (row, own) in sums.iter_mut().enumerate() {
            own.iter_mut()
                .enumerate()
                .for_each(|(column, sum)| *sum += f64::from(onto[row]) * f64::from(place[column]));
        }
    }
    let [[a, b], [c, d]] = sums;
    // The best turn has the angle of (a + d, c - b), and the best turn of the mirrored map that of (a - d, c + b).
    let (plain, mirrored) = ((a + d).hypot(c - b), (a - d).hypot(c + b));
    if plain <= 0.0 && mirrored <= 0.0 {
        return [[1.0, 0.0], [0.0, 1.0]];
    }
    if plain >= mirrored {
        let (cos, sin) = (((a + d) / plain) as f32, ((c - b) / plain) as f32);
        [[cos, -sin], [sin, cos]]
    } else {
        let (cos, sin) = (((a - d) / mirrored) as f32, ((c + b) / mirrored) as f32);
        [[cos, sin], [sin, -cos]]
    }
}

/// A place after a turn.
pub(super) fn turned([[a, b], [c, d]]: [[f32; 2]; 2], [x, y]: [f32; 2]) -> [f32; 2] {
    [a * x + b * y, c * x + d * y]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn far(places: &[[f32; 2]], onto: &[[f32; 2]]) -> f32 {
        let by = turn(places, onto);
        let apart = |(place, onto): (&[f32; 2], &[f32; 2])| {
            let [x, y] = turned(by, *place);
            (x - onto[0]).abs().max((y - onto[1]).abs())
        };
        places.iter().zip(onto).map(apart).fold(0.0, f32::max)
    }

    #[test]
    fn a_turned_and_a_mirrored_map_are_turned_back() {
        let map = [[1.0, 0.2], [-0.5, 1.0], [0.0, -1.5], [-0.5, 0.3]];
        let turned_map = map.map(|place| turned([[0.6, -0.8], [0.8, 0.6]], place));
        let mirrored = map.map(|[x, y]| [x, -y]);
        assert!(far(&map, &turned_map) < 1e-6 && far(&turned_map, &map) < 1e-6);
        assert!(far(&map, &mirrored) < 1e-6);
        assert_eq!(turn(&[[0.0, 0.0]], &[[0.0, 0.0]]), [[1.0, 0.0], [0.0, 1.0]]);
    }
}
