//! Nearest pictures by the angle between their features, and the vote of the nearest.

use super::features::Features;
use std::collections::BTreeMap;

/// The `count` rows nearest to `query` by cosine similarity (-1 to 1), nearest first; of equal ones the first.
pub fn nearest_neighbours(features: &Features, query: &[f32], count: usize) -> Vec<(usize, f32)> {
    let rows: Vec<&[f32]> = (0..features.len()).map(|row| features.row(row)).collect();
    nearest(&rows, query, count)
}

/// The class that most of the `count` nearest rows have; of equally many, the first class, as in scikit-learn.
pub fn neighbour_vote(rows: &[&[f32]], labels: &[usize], query: &[f32], count: usize) -> usize {
    let mut votes: BTreeMap<usize, usize> = BTreeMap::new();
    for (row, _) in nearest(rows, query, count) {
        *votes.entry(labels[row]).or_default() += 1;
    }
    let more = |best: (usize, usize), (class, count)| if count > best.1 { (class, count) } else { best };
    votes.into_iter().fold((0, 0), more).0
}

fn nearest(rows: &[&[f32]], query: &[f32], count: usize) -> Vec<(usize, f32)> {
    let mut found: Vec<(usize, f32)> = rows.iter().map(|row| cosine(row, query)).enumerate().collect();
    let order = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if count < found.len() {
        found.select_nth_unstable_by(count, order);
        found.truncate(count);
    }
    found.sort_by(order);
    found
}

/// Cosine of the angle between two vectors; 0 where one of them is zero.
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let (mut product, mut left, mut right) = (0.0, 0.0, 0.0);
    for (&a, &b) in a.iter().zip(b) {
        product += a * b;
        left += a * a;
        right += b * b;
    }
    if left == 0.0 || right == 0.0 { 0.0 } else { product / (left.sqrt() * right.sqrt()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_ordered_by_angle_and_vote() {
        let features = Features { pictures: vec![0, 1, 2, 3], width: 2, values: vec![1., 0., 1., 1., 0., 2., -1., 0.] };
        let found = nearest_neighbours(&features, &[1.0, 0.1], 2);
        assert_eq!(found.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [0, 1]);
        let rows: Vec<&[f32]> = (0..4).map(|row| features.row(row)).collect();
        assert_eq!(neighbour_vote(&rows, &[0, 1, 1, 0], &[1.0, 0.1], 1), 0);
        assert_eq!(neighbour_vote(&rows, &[0, 1, 1, 0], &[1.0, 0.9], 3), 1);
    }
}
