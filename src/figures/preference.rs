//! The class of a folder that a unit prefers, in words.

use super::words::number;
use crate::dataset::Selectivity;

/// `prefers cats (mean 3.2, others 0.41; selectivity 0.77)`. `groups` are the names of the folder's groups.
pub fn preference(found: &Selectivity, groups: &[String]) -> String {
    let [best, others] = [found.best.mean, found.others].map(|mean| number(mean as f32));
    let group = groups.get(found.best.group).map_or("?", String::as_str);
    format!("prefers {group} (mean {best}, others {others}; selectivity {:.2})", found.value)
}
