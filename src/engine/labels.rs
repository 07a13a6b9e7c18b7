//! The names of a network's classes: from a file that the user gives, from the checkpoint, or the network's own.

use crate::{
    Error, Result,
    zoo::{Label, Labels},
};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
};

/// The largest file that is read: the names of ImageNet's 21,841 classes need 2 MB.
const MAX_BYTES: u64 = 8 << 20;
/// The most classes that a file may name.
const MAX_LABELS: usize = 200_000;
/// The longest label in characters; ImageNet's longest has 121.
const MAX_LENGTH: usize = 1000;

/// Entries of a JSON object or of a checkpoint that hold the names of classes, the first that is there.
const KEYS: [&str; 11] = [
    "id2label",
    "idx_to_class",
    "class_to_idx",
    "label2id",
    "class_names",
    "label_names",
    "classes",
    "CLASSES",
    "labels",
    "names",
    "categories",
];

/// The names of `count` classes: those in the file `given`, else those that the weights file states in its `metadata`,
/// else the network's `own`, else indices. What the user gave must fit; the other sources are passed over when their
/// count differs.
///
/// # Errors
/// Those of [`read_labels`], and [`Error::Failed`] when the file has another number of labels than `count`.
pub fn labels_of(
    given: Option<&Path>,
    metadata: &HashMap<String, String>,
    own: &Labels,
    count: usize,
    network: &str,
) -> Result<Labels> {
    if let Some(path) = given {
        let labels = read_labels(path)?;
        if labels.len() != count {
            let (path, labels) = (path.display(), labels.len());
            return Err(Error::Failed(format!("{path} has {labels} labels, but {network} has {count} classes")));
        }
        return Ok(Labels::own(labels));
    }
    let stated = KEYS.iter().filter_map(|key| parse(metadata.get(*key)?).ok());
    if let Some(labels) = stated.into_iter().find(|labels| labels.len() == count) {
        return Ok(Labels::own(labels));
    }
    Ok(if own.all().len() == count { own.clone() } else { Labels::indexed(count) })
}

/// Reads labels in output order from a file that has a label a line, or is JSON of one of these shapes:
/// - an index and a name a line, plain or as a Python dictionary is printed
/// - a list of names, of `[wnid, name]`, or of `{"wnid": ..., "name": ...}`
/// - an object from index to one of these (`id2label`, Keras' `imagenet_class_index.json`)
/// - an object from name to index (`class_to_idx`)
/// - an object that holds one of these under a usual key, such as `id2label` or `classes`
///
/// # Errors
/// [`Error::Failed`] when the file cannot be read, is too large, is no text, or has no labels.
pub fn read_labels(path: &Path) -> Result<Vec<Label>> {
    let failed = |why: &str| Error::Failed(format!("{} is no list of labels: {why}", path.display()));
    let info = fs::metadata(path).map_err(|error| Error::io("read", path, &error))?;
    if !info.is_file() {
        return Err(failed("it is no file"));
    }
    if info.len() > MAX_BYTES {
        return Err(failed(&format!("it has {} MiB, and the limit is {} MiB", info.len() >> 20, MAX_BYTES >> 20)));
    }
    let bytes = fs::read(path).map_err(|error| Error::io("read", path, &error))?;
    let text = String::from_utf8(bytes).map_err(|_| failed("it is not text"))?;
    let labels = parse(text.trim_start_matches('\u{feff}')).map_err(|why| failed(&why))?;
    if labels.is_empty() {
        return Err(failed("it is empty"));
    }
    Ok(labels)
}

/// Labels in a text, or why there are none.
fn parse(text: &str) -> Result<Vec<Label>, String> {
    let labels = if let Some(numbered) = numbered(text) {
        numbered
    } else if text.trim_start().starts_with(['[', '{']) {
        let value = serde_json::from_str(text).map_err(|error| format!("its JSON is damaged ({error})"))?;
        in_json(value)?
    } else {
        // Empty lines at the end are no labels; an empty line between labels keeps the indices right.
        text.trim_end().lines().map(str::trim).map(line_label).collect()
    };
    if labels.len() > MAX_LABELS {
        return Err(format!("it has {} labels, and the limit is {MAX_LABELS}", labels.len()));
    }
    let long = labels.iter().enumerate().find(|(_, label)| label.name.chars().count() > MAX_LENGTH);
    if let Some((index, label)) = long {
        let count = label.name.chars().count();
        return Err(format!("label {index} has {count} characters, and the limit is {MAX_LENGTH}"));
    }
    Ok(labels)
}

/// Lines that each begin with their index: `7: cock`, `7,cock`, `7 cock`, or an entry a line of a Python dictionary,
/// `{7: 'cock',`. The indices must be 0 to the last, each once.
fn numbered(text: &str) -> Option<Vec<Label>> {
    let text = text.trim().trim_start_matches('{').trim_end_matches('}').trim();
    let mut labels = BTreeMap::new();
    for line in text.lines() {
        let line = line.trim();
        let (digits, rest) = line.split_at(line.find(|c: char| !c.is_ascii_digit())?);
        let name = rest.strip_prefix([':', ',', ';', '\t', ' '])?.trim();
        let bare = name.strip_suffix(',').unwrap_or(name);
        let quoted = |mark: char| bare.strip_prefix(mark).and_then(|inner| inner.strip_suffix(mark));
        let name = quoted('\'').or_else(|| quoted('"')).unwrap_or(name);
        if name.is_empty() || labels.insert(digits.parse::<usize>().ok()?, line_label(name)).is_some() {
            return None;
        }
    }
    let whole = labels.len() > 1 && labels.keys().enumerate().all(|(expected, at)| expected == *at);
    whole.then(|| labels.into_values().collect())
}

fn in_json(value: Value) -> Result<Vec<Label>, String> {
    match value {
        Value::Array(entries) => {
            let entries = entries.into_iter().enumerate();
            entries.map(|(index, entry)| entry_label(entry).ok_or_else(|| nameless(&index.to_string()))).collect()
        }
        Value::Object(mut object) => {
            let is_list = |value: &Value| value.is_array() || value.is_object();
            let inner = KEYS.iter().find(|key| object.get(**key).is_some_and(is_list));
            match inner.and_then(|key| object.remove(*key)) {
                Some(inner) => in_json(inner),
                None => in_object(object),
            }
        }
        _ => Err("its JSON is neither a list nor an object".to_owned()),
    }
}

/// From index to name, or from name to index: a value that is a number is an index.
fn in_object(object: Map<String, Value>) -> Result<Vec<Label>, String> {
    let index = |text: &str| text.trim().parse::<usize>().ok();
    let keys_are_indices = object.keys().all(|key| index(key).is_some());
    let mut labels = BTreeMap::new();
    for (key, value) in object {
        let (at, label) = match &value {
            Value::Number(number) => (number.as_u64().and_then(|at| usize::try_from(at).ok()), Some(line_label(&key))),
            Value::String(text) if !keys_are_indices => (index(text), Some(line_label(&key))),
            _ => (index(&key), entry_label(value)),
        };
        let (Some(at), Some(label)) = (at, label) else { return Err(nameless(&key)) };
        if labels.insert(at, label).is_some() {
            return Err(format!("index {at} has several labels"));
        }
    }
    match labels.keys().enumerate().find(|(expected, at)| expected != *at) {
        Some((missing, _)) => Err(format!("it has {} labels, but none of index {missing}", labels.len())),
        None => Ok(labels.into_values().collect()),
    }
}

fn nameless(entry: &str) -> String {
    let entry: String = entry.chars().take(40).collect();
    format!("its JSON has neither a name nor an index at '{entry}'")
}

/// One entry of a list: a name, a number that is a name, `[wnid, name]`, or `{"wnid": ..., "name": ...}`.
fn entry_label(entry: Value) -> Option<Label> {
    match entry {
        Value::String(name) => Some(Label { wnid: None, name }),
        Value::Number(number) => Some(Label { wnid: None, name: number.to_string() }),
        Value::Array(pair) => match pair.as_slice() {
            [Value::String(wnid), Value::String(name)] => Some(Label { wnid: Some(wnid.clone()), name: name.clone() }),
            _ => None,
        },
        Value::Object(_) => serde_json::from_value(entry).ok(),
        _ => None,
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

    fn names(text: &str) -> Vec<String> {
        parse(text).unwrap().into_iter().map(|label| label.name).collect()
    }

    #[test]
    fn lines_and_json_of_the_usual_shapes() {
        assert_eq!(names("cat\r\ndog, hound\n\nbird\n\n"), ["cat", "dog, hound", "", "bird"]);
        for text in [
            r#"["cat", "dog"]"#,
            r#"{"1": "dog", "0": "cat"}"#,
            r#"{"dog": 1, "cat": 0}"#,
            r#"{"dog": "1", "cat": "0"}"#,
            r#"{"class_to_idx": {"cat": 0, "dog": 1}, "epoch": 3}"#,
            r#"{"architectures": ["ResNet"], "id2label": {"0": "cat", "1": "dog"}, "label2id": {"cat": "0", "dog": "1"}}"#,
            r#"{"classes": ["cat", "dog"]}"#,
            r#"{"names": {"0": "cat", "1": "dog"}}"#,
        ] {
            assert_eq!(names(text), ["cat", "dog"], "{text}");
        }
        let with_ids =
            [r#"[{"wnid": "n02123045", "name": "tabby"}]"#, r#"{"0": ["n02123045", "tabby"]}"#, "n02123045 tabby"];
        for text in with_ids {
            assert_eq!(
                parse(text).unwrap(),
                [Label { wnid: Some("n02123045".into()), name: "tabby".into() }],
                "{text}"
            );
        }
        for text in ["0: cat\n1: dog\n", "1,dog\n0,cat", "{0: 'cat',\n 1: \"dog\"}", "0\tcat\n1\tdog"] {
            assert_eq!(names(text), ["cat", "dog"], "{text}");
        }
        // Numbers that are names.
        assert_eq!(names("0\n1\n"), ["0", "1"]);
        assert_eq!(names("1 cat\n2 cats"), ["1 cat", "2 cats"]);
        assert_eq!(names("né en été"), ["né en été"]);
        // Names that are numbers: a number as a value is the index.
        assert_eq!(names(r#"{"0": 1, "1": 0}"#), ["1", "0"]);
        assert_eq!(names("[7, 8]"), ["7", "8"]);
    }

    #[test]
    fn what_is_no_list_says_why() {
        for (text, why) in [
            (r#"{"1": "dog"}"#, "none of index 0"),
            (r#"{"cat": 0, "dog": 0}"#, "index 0 has several"),
            (r#"{"cat": 0, "dog": 99999999999}"#, "none of index 1"),
            (r#"{"epoch": true}"#, "neither a name nor an index at 'epoch'"),
            ("[null]", "neither a name"),
            ("[", "damaged"),
        ] {
            assert!(parse(text).unwrap_err().contains(why), "{text}: {:?}", parse(text));
        }
        assert!(parse("{}").unwrap().is_empty() && parse("").unwrap().is_empty());
        assert!(parse(&"x".repeat(65_536)).unwrap_err().contains("label 0 has 65536 characters"));
        assert!(parse(&"x\n".repeat(MAX_LABELS + 1)).unwrap_err().contains("200001 labels"));
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
        assert!(said(&vec![b'\n'; 9 << 20]).ends_with("it has 9 MiB, and the limit is 8 MiB"));
        assert!(read_labels(folder.path()).unwrap_err().to_string().contains("it is no file"));
        assert!(read_labels(&folder.path().join("none")).unwrap_err().to_string().starts_with("cannot read"));
    }

    #[test]
    fn given_labels_come_first_then_the_checkpoints_then_the_networks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.txt");
        fs::write(&path, "ant\nbee\n").unwrap();
        let stated = HashMap::from([("classes".to_owned(), r#"["x", "y"]"#.to_owned())]);
        let of = |given, metadata, count| labels_of(given, metadata, &Labels::Digits, count, "net");
        let (given, none) = (Some(path.as_path()), HashMap::new());
        assert_eq!(of(given, &stated, 2).unwrap().short(1), "bee");
        assert_eq!(of(None, &stated, 2).unwrap().short(1), "y");
        assert_eq!(of(None, &stated, 10).unwrap(), Labels::Digits);
        assert_eq!(of(None, &none, 3).unwrap().short(1), "class 1");
        let said = of(given, &none, 3).unwrap_err().to_string();
        assert!(said.ends_with("has 2 labels, but net has 3 classes"), "{said}");
    }
}
