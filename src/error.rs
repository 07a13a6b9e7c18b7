//! The one error type: every variant reads as one sentence that says what is wrong with which file or name.

/// An error of the program. `Display` is the whole message that a user gets: one sentence, no backtrace.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A name or value the user gave does not exist or does not fit; the message offers what would (exit code 2).
    #[error("{0}")]
    Usage(String),
    /// Something the user pointed at cannot be read, written or run (exit code 1).
    #[error("{0}")]
    Failed(String),
    /// The job was cancelled; nothing was lost.
    #[error("cancelled")]
    Cancelled,
    /// A tensor operation failed: a defect here, or a device out of memory.
    #[error("computing failed: {}", first_line(.0))]
    Compute(#[from] candle_core::Error),
}

/// `std::result::Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A file that could not be read or written: `what` names the deed ("read", "write"), `path` the file.
    pub fn io(what: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Error::Failed(format!("cannot {what} {}: {error}", path.display()))
    }

    /// A thread that the system did not grant.
    pub fn no_thread(error: &std::io::Error) -> Self {
        Error::Failed(format!(
            "the system grants no more threads ({error}); close other programs or raise its limit (ulimit -u)"
        ))
    }
}

/// candle appends a backtrace to some messages; a user gets the first line.
fn first_line(error: &candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

/// Up to three of `names` that are nearest to `wanted`, for "did you mean".
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut scored: Vec<(usize, &str)> = names
        .into_iter()
        .map(|name| {
            let lower = name.to_lowercase();
            let contained = !wanted.is_empty() && (lower.contains(&wanted) || wanted.contains(&lower));
            (if contained { 1 } else { 1 + edit_distance(&wanted, &lower) }, name)
        })
        .filter(|&(distance, name)| distance <= 1 + wanted.len().max(name.len()) / 2)
        .collect();
    scored.sort_by_key(|&(distance, name)| (distance, name.len()));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

/// "unknown KIND 'WANTED'; did you mean A, B?" as a usage error.
pub fn unknown<'a>(kind: &str, wanted: &str, names: impl IntoIterator<Item = &'a str>, list: &str) -> Error {
    let near = nearest(wanted, names);
    let hint = if near.is_empty() { list.to_owned() } else { format!("did you mean {}?", near.join(" or ")) };
    Error::Usage(format!("unknown {kind} '{wanted}': {hint}"))
}

/// Levenshtein distance.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_offers_the_right_name() {
        let names = ["conv1", "conv2", "relu1", "layer4.1.conv2"];
        assert_eq!(nearest("conv9", names)[0], "conv1");
        assert_eq!(nearest("layer4", names), ["layer4.1.conv2"]);
        assert!(nearest("zzzzzzzz", names).is_empty());
        assert_eq!(edit_distance("kitten", "sitting"), 3);
    }
}
