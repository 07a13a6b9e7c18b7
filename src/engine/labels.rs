//! The classes of a network of one's own, from a file.

use crate::{Error, Result, zoo::Label};
use std::{collections::HashMap, fs, path::Path};

/// The largest file that is read: ImageNet's 21,841 classes need 2 MB.
const MAX_BYTES: u64 = 64 << 20;

/// Reads labels in output order from a file that has a label a line, or is JSON: a list of names, a list of
/// `{"wnid": ..., "name": ...}`, an object from index to name, or to `[wnid, name]` as Keras has it.
///
/// # Errors
/// [`Error::Failed`] when the file cannot be read, is no text, or has no labels.
pub fn read_labels(path: &Path) -> Result<Vec<Label>> {
    let failed = |why: &str| Error::Failed(format!("{} is no list of labels: {why}", path.display()));
    let info = fs::metadata(path).map_err(|error| Error::io("read", path, &error))?;
    if !info.is_file() || info.len() > MAX_BYTES {
        return Err(failed("it is no file, or too large"));
    }
    let bytes = fs::read(path).map_err(|error| Error::io("read", path, &error))?;
    let text = String::from_utf8(bytes).map_err(|_| failed("it is not text"))?;
    let labels = parse(text.trim_start_matches('\u{feff}')).map_err(|why| failed(&why))?;
    if labels.is_empty() {
        return Err(failed("it is empty"));
    }
    Ok(labels)
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Entry {
    Name(String),
    Pair(String, String),
    Label(Label),
}

impl Entry {
    fn label(self) -> Label {
        match self {
            Entry::Name(name) => Label { wnid: None, name },
            Entry::Pair(wnid, name) => Label { wnid: Some(wnid), name },
            Entry::Label(label) => label,
        }
    }
}

fn parse(text: &str) -> Result<Vec<Label>, String> {
    let json = |error: serde_json::Error| format!("its JSON has neither names nor labels ({error})");
    match text.trim_start().chars().next() {
        Some('[') => {
            let entries: Vec<Entry> = serde_json::from_str(text).map_err(json)?;
            Ok(entries.into_iter().map(Entry::label).collect())
        }
        Some('{') => {
            let mut entries: HashMap<usize, Entry> = serde_json::from_str(text).map_err(json)?;
            let missing = |index| format!("it has {index} classes or more, but none of index {index}");
            (0..entries.len()).map(|index| Ok(entries.remove(&index).ok_or_else(|| missing(index))?.label())).collect()
        }
        _ => {
            // An empty line at the end is none; within, it keeps the indices right.
            let lines = text.trim_end().lines().map(str::trim);
            Ok(lines.map(line_label).collect())
        }
    }
}

/// A line: a name, or a WordNet id and a name as in ImageNet's `synset_words.txt`.
fn line_label(line: &str) -> Label {
    let is_wnid =
        |word: &str| word.len() == 9 && word.starts_with('n') && word[1..].bytes().all(|b| b.is_ascii_digit());
    match line.split_once([' ', '\t']) {
        Some((wnid, name)) if is_wnid(wnid) => Label { wnid: Some(wnid.to_owned()), name: name.trim().to_owned() },
        _ => Label { wnid: None, name: line.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lines_and_json_of_four_kinds() {
        let names = |text: &str| parse(text).unwrap().iter().map(|label| label.name.clone()).collect::<Vec<_>>();
        assert_eq!(names("cat\r\ndog, hound\n\nbird\n\n"), ["cat", "dog, hound", "", "bird"]);
        assert_eq!(names(r#"["cat", "dog"]"#), ["cat", "dog"]);
        assert_eq!(names(r#"{"1": "dog", "0": "cat"}"#), ["cat", "dog"]);
        let with_ids =
            [r#"[{"wnid": "n02123045", "name": "tabby"}]"#, r#"{"0": ["n02123045", "tabby"]}"#, "n02123045 tabby"];
        for text in with_ids {
            assert_eq!(
                parse(text).unwrap(),
                [Label { wnid: Some("n02123045".into()), name: "tabby".into() }],
                "{text}"
            );
        }
        assert!(parse(r#"{"1": "dog"}"#).unwrap_err().contains("none of index 0"));
        assert!(parse("[1, 2]").unwrap_err().contains("neither names nor labels"));
        assert!(parse("[").is_err() && parse("{}").unwrap().is_empty() && parse("").unwrap().is_empty());
        assert_eq!(names("né en été"), ["né en été"]);
    }

    #[test]
    fn files_that_are_no_labels() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.txt");
        let said = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            read_labels(&path).unwrap_err().to_string()
        };
        assert!(said(b"\xff\xfe\x00").ends_with("labels.txt is no list of labels: it is not text"));
        assert!(said(b"\n\n").ends_with("it is empty"));
        assert!(read_labels(folder.path()).unwrap_err().to_string().contains("it is no file"));
        assert!(read_labels(&folder.path().join("none")).unwrap_err().to_string().starts_with("cannot read"));
    }
}
