//! Networks that learn without some of their parts, as the checkpoints of their runs state it.

/// The fact of a checkpoint that names the parts, separated by commas.
pub(super) const LEFT_OUT: &str = "without";

/// The parts that a checkpoint's network is without; none where it states none.
pub(super) fn left_out(stated: Option<&String>) -> Vec<String> {
    stated.map_or_else(Vec::new, |parts| parts.split(',').map(str::to_owned).collect())
}

/// The title of a network without parts.
pub(super) fn titled(title: &str, parts: &[String]) -> String {
    if parts.is_empty() { title.to_owned() } else { format!("{title} without {}", parts.join(", ")) }
}
