//! The mean response of a unit to the pictures of each group, and how much it prefers one: Morcos et al. 2018, "On the
//! importance of single directions for generalization".

/// Sums of responses that are kept at most, in all layers: 64 MB.
const MAX_SUMS: usize = 8 << 20;

/// The mean response of a unit to the pictures of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupMean {
    /// Index of the group in [`super::Listing::groups`].
    pub group: usize,
    /// Mean of the responses to its pictures.
    pub mean: f64,
}

/// The preference of a unit for one group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Selectivity {
    /// The group with the largest mean response.
    pub best: GroupMean,
    /// Mean of the other groups' means.
    pub others: f64,
    /// `(best - others) / (best + others)`: 0 for a unit that responds to all groups alike, 1 for one that responds to a
    /// single group.
    pub value: f64,
}

impl Selectivity {
    /// The selectivity that the means of at least two groups show, largest first. `None` where a mean is negative or all are
    /// zero: the ratio then says nothing.
    pub fn of(means: &[GroupMean]) -> Option<Self> {
        let best = *means.first()?;
        let sum: f64 = means.iter().map(|group| group.mean).sum();
        let others = (sum - best.mean) / (means.len() as f64 - 1.0);
        let has_meaning = means.len() > 1 && best.mean > 0.0 && means.iter().all(|group| group.mean >= 0.0);
        has_meaning.then(|| Selectivity { best, others, value: (best.mean - others) / (best.mean + others) })
    }
}

/// Which layers keep sums by group: all where [`MAX_SUMS`] leaves room, else the last ones, where units differ most between
/// classes.
pub(super) fn keep_sums(units: &[usize], groups: usize) -> Vec<bool> {
    let mut left = MAX_SUMS;
    let mut keep = vec![false; units.len()];
    for (keep, &units) in keep.iter_mut().zip(units).rev() {
        let Some(rest) = left.checked_sub(units.saturating_mul(groups)) else { break };
        (left, *keep) = (rest, true);
    }
    keep
}

/// The sums of a layer's units over other groups: `places` holds the new index of every old group. Empty where none were kept.
pub(super) fn moved(sums: &[f64], units: usize, places: &[Option<usize>], groups: usize) -> Vec<f64> {
    let old = places.len();
    if sums.len() != units * old {
        return Vec::new();
    }
    let mut moved = vec![0.0; units * groups];
    for unit in 0..units {
        for (group, place) in places.iter().enumerate() {
            if let Some(place) = place {
                moved[unit * groups + place] = sums[unit * old + group];
            }
        }
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(values: &[f64]) -> Vec<GroupMean> {
        let mut means: Vec<_> = values.iter().enumerate().map(|(group, &mean)| GroupMean { group, mean }).collect();
        means.sort_by(|a, b| b.mean.total_cmp(&a.mean));
        means
    }

    #[test]
    fn selectivity_compares_the_best_group_with_the_mean_of_the_others() {
        let found =
            Selectivity::of(&means(&[1.0, 6.0, 3.0])).map(|found| (found.best.group, found.others, found.value));
        assert_eq!(found, Some((1, 2.0, 0.5)));
        assert_eq!(Selectivity::of(&means(&[0.0, 0.0, 2.0])).map(|found| found.value), Some(1.0));
        assert_eq!(Selectivity::of(&means(&[2.0, 2.0])).map(|found| found.value), Some(0.0));
        for none in [&[][..], &[3.0], &[0.0, 0.0], &[-1.0, 2.0]] {
            assert_eq!(Selectivity::of(&means(none)), None);
        }
    }

    #[test]
    fn the_last_layers_keep_their_sums_where_not_all_can() {
        assert_eq!(keep_sums(&[64, 128], 2), [true, true]);
        assert_eq!(keep_sums(&[8, MAX_SUMS, 4, 4], 2), [false, false, true, true]);
    }

    #[test]
    fn sums_follow_their_groups() {
        assert_eq!(moved(&[1.0, 2.0, 3.0, 4.0], 2, &[Some(2), Some(0)], 3), [2.0, 0.0, 1.0, 4.0, 0.0, 3.0]);
        assert_eq!(moved(&[1.0, 2.0], 1, &[Some(0), None], 2), [1.0, 0.0]);
        assert_eq!(moved(&[], 2, &[], 1), [0.0, 0.0], "pictures outside groups add nothing to a new one");
        assert!(moved(&[], 2, &[Some(0)], 2).is_empty(), "sums that were not kept do not begin in the middle");
    }
}
