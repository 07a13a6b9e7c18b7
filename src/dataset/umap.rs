//! UMAP (McInnes, Healy and Melville 2018): a graph of fuzzy nearness, laid out by attraction along its edges and repulsion
//! between random pairs. Neighbours are exact.

use super::{features::Features, pca::principal_components, random::RandomOrder};
use crate::{Error, Result, watch::Watch};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// The curve 1 / (1 + a d^2b) that distances on the plane are weighed by, fitted by umap-learn to its defaults: a least
/// distance of 0.1 and a spread of 1.
const A: f64 = 1.576_943_460_405_378;
const B: f64 = 0.895_060_878_123_205_3;
/// Random pairs for each attraction.
const NEGATIVE: usize = 5;
/// A step of one coordinate at most.
const CLIP: f64 = 4.0;
/// Rounds of the search for a picture's bandwidth.
const SEARCH: usize = 64;

/// An edge of the graph: two pictures, and how surely they are near, 0 to 1.
struct Edge {
    from: usize,
    to: usize,
    weight: f64,
}

/// Places features on a plane: row-major `(pictures, 2)`. `neighbours` is the number that each picture is kept near to. The
/// start is the plane of the first two principal components, so that the result depends on the features alone. `each` sees the
/// places after every epoch.
///
/// # Errors
/// [`Error::Usage`] when the number of neighbours does not suit the number of pictures; [`Error::Cancelled`].
pub fn umap(features: &Features, neighbours: usize, each: &mut dyn FnMut(&[f32]), watch: &Watch) -> Result<Vec<f32>> {
    let count = features.len();
    if neighbours < 2 || neighbours >= count {
        let most = count.saturating_sub(1);
        return Err(Error::Usage(format!("{neighbours} neighbours do not suit {count} pictures: 2 to {most}")));
    }
    let [first, rest] = watch.split(0.2);
    let edges = graph(features, neighbours, &first)?;
    let mut places = start(features, &first)?;
    let epochs = if count <= 10_000 { 500 } else { 200 };
    lay_out(&mut places, &edges, epochs, each, &rest)?;
    Ok(single(&places))
}

/// The nearest `count` pictures of each, itself among them, with their distances, nearest first.
fn nearest(features: &Features, count: usize, watch: &Watch) -> Result<Vec<Vec<(usize, f64)>>> {
    let squared = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
    let row = |row: usize| {
        watch.check()?;
        let mut all: Vec<(usize, f64)> =
            (0..features.len()).map(|other| (other, squared(features.row(row), features.row(other)))).collect();
        let order = |a: &(usize, f64), b: &(usize, f64)| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0));
        all.select_nth_unstable_by(count - 1, order);
        all.truncate(count);
        all.sort_by(order);
        Ok(all.into_iter().map(|(other, square)| (other, square.sqrt())).collect())
    };
    (0..features.len()).into_par_iter().map(row).collect()
}

/// The fuzzy union of every picture's neighbourhood.
fn graph(features: &Features, neighbours: usize, watch: &Watch) -> Result<Vec<Edge>> {
    let mut strengths: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for (row, near) in nearest(features, neighbours, watch)?.iter().enumerate() {
        let distances: Vec<f64> = near.iter().map(|(_, distance)| *distance).collect();
        // The nearest other picture is near for certain.
        let least = distances.iter().copied().find(|distance| *distance > 0.0).unwrap_or(0.0);
        let width = bandwidth(&distances, least);
        for &(other, distance) in near.iter().filter(|(other, _)| *other != row) {
            strengths.insert((row, other), (-(distance - least).max(0.0) / width).exp());
        }
    }
    let strength = |from: usize, to: usize| strengths.get(&(from, to)).copied().unwrap_or(0.0);
    let mut edges = Vec::new();
    for &(from, to) in strengths.keys() {
        // Every pair once, in both directions.
        if from < to || strength(to, from) == 0.0 {
            let (a, b) = (strength(from, to), strength(to, from));
            let weight = a + b - a * b;
            edges.push(Edge { from, to, weight });
            edges.push(Edge { from: to, to: from, weight });
        }
    }
    Ok(edges)
}

/// The bandwidth for which the strengths of the neighbours add up to log2 of their number.
fn bandwidth(distances: &[f64], least: f64) -> f64 {
    let wanted = (distances.len() as f64).log2();
    let (mut low, mut high, mut width) = (0.0, f64::INFINITY, 1.0);
    for _ in 0..SEARCH {
        let sum: f64 = distances[1..].iter().map(|distance| (-(distance - least).max(0.0) / width).exp()).sum();
        if (sum - wanted).abs() < 1e-5 {
            break;
        }
        if sum > wanted {
            high = width;
            width = (low + high) / 2.0;
        } else {
            low = width;
            width = if high.is_finite() { (low + high) / 2.0 } else { width * 2.0 };
        }
    }
    let mean = distances.iter().sum::<f64>() / distances.len() as f64;
    width.max(1e-3 * mean).max(f64::MIN_POSITIVE)
}

/// The plane of the first two principal components, 10 wide each way, with a little noise: equal pictures would never part.
fn start(features: &Features, watch: &Watch) -> Result<Vec<[f64; 2]>> {
    let found = principal_components(features, 2, watch)?;
    let largest = found.points.iter().fold(f32::MIN_POSITIVE, |most, value| most.max(value.abs()));
    let mut random = RandomOrder::new(1);
    let mut noise = move || (random.below(2001) as f64 - 1000.0) * 1e-7;
    let place = |point: &[f32]| [0, 1].map(|axis: usize| f64::from(10.0 * point[axis] / largest) + noise());
    Ok(found.points.chunks_exact(2).map(place).collect())
}

/// Stochastic gradient descent: an edge takes part in an epoch as often as its weight says.
fn lay_out(
    places: &mut [[f64; 2]],
    edges: &[Edge],
    epochs: usize,
    each: &mut dyn FnMut(&[f32]),
    watch: &Watch,
) -> Result<()> {
    let strongest = edges.iter().map(|edge| edge.weight).fold(0.0, f64::max);
    let every: Vec<f64> = edges.iter().map(|edge| strongest / edge.weight.max(f64::MIN_POSITIVE)).collect();
    let mut due = every.clone();
    let mut random = RandomOrder::new(2);
    for epoch in 0..epochs {
        watch.at(epoch, epochs)?;
        let rate = 1.0 - epoch as f64 / epochs as f64;
        for (index, edge) in edges.iter().enumerate() {
            if every[index] > epochs as f64 || due[index] > epoch as f64 {
                continue;
            }
            due[index] += every[index];
            attract(places, edge, rate);
            for _ in 0..NEGATIVE {
                let other = random.below(places.len());
                repel(places, edge.from, other, rate);
            }
        }
        each(&single(places));
    }
    watch.at(1, 1)
}

/// Places in float32, one after the other.
fn single(places: &[[f64; 2]]) -> Vec<f32> {
    places.iter().flat_map(|[x, y]| [*x as f32, *y as f32]).collect()
}

fn between(places: &[[f64; 2]], a: usize, b: usize) -> ([f64; 2], f64) {
    let apart = [0, 1].map(|axis: usize| places[a][axis] - places[b][axis]);
    (apart, apart[0] * apart[0] + apart[1] * apart[1])
}

/// Moves both ends of an edge together.
fn attract(places: &mut [[f64; 2]], edge: &Edge, rate: f64) {
    let (apart, square) = between(places, edge.from, edge.to);
    if square <= 0.0 {
        return;
    }
    let slope = -2.0 * A * B * square.powf(B - 1.0) / (A * square.powf(B) + 1.0);
    for (axis, apart) in apart.into_iter().enumerate() {
        let step = rate * (slope * apart).clamp(-CLIP, CLIP);
        places[edge.from][axis] += step;
        places[edge.to][axis] -= step;
    }
}

/// Moves a picture away from another.
fn repel(places: &mut [[f64; 2]], from: usize, other: usize, rate: f64) {
    let (apart, square) = between(places, from, other);
    if from == other || square <= 0.0 {
        return;
    }
    let slope = 2.0 * B / ((0.001 + square) * (A * square.powf(B) + 1.0));
    for (axis, apart) in apart.into_iter().enumerate() {
        places[from][axis] += rate * (slope * apart).clamp(-CLIP, CLIP);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn two_heaps_stay_apart() {
        let value = |row: usize, unit: usize| (row % 2 * 20) as f32 + ((row * 7 + unit * 3) % 11) as f32 / 11.0;
        let values = (0..40).flat_map(|row| (0..4).map(move |unit| value(row, unit))).collect();
        let features = Features { pictures: (0..40).collect(), width: 4, values };
        let mut steps = 0;
        let found = umap(&features, 10, &mut |_| steps += 1, &Watch::default()).unwrap();
        assert_eq!(steps, 500);
        let place = |row: usize| [found[2 * row], found[2 * row + 1]];
        let apart = |a: usize, b: usize| (place(a)[0] - place(b)[0]).hypot(place(a)[1] - place(b)[1]);
        // The nearest neighbour of every picture is one of its own heap.
        let nearest = |row: usize| {
            let others = (0..40).filter(|&other| other != row);
            others.min_by(|&a, &b| apart(row, a).total_cmp(&apart(row, b))).unwrap()
        };
        let mixed: Vec<usize> = (0..40).filter(|&row| nearest(row) % 2 != row % 2).collect();
        assert!(mixed.is_empty(), "the heaps mix at {mixed:?}");
        assert!(umap(&features, 40, &mut |_| {}, &Watch::default()).is_err());
    }
}
