//! A batch of pictures in a Python pickle, as CIFAR's are. The pickle is read as data; nothing in it runs.

use super::{
    bounded::{Context, Stream},
    file::Format,
    pickle::{Object, Pickle, Value},
    torch,
};
use crate::{Error, Result, watch::Watch};
use std::{fs::File, io::BufReader, path::Path};

/// The entries `labels` and `data` of a pickled dictionary: numbers below 256, and the bytes of an array.
///
/// # Errors
/// [`Error::Failed`] when the file cannot be read, is no such pickle, or is damaged.
pub fn read_pickled_batch(path: &Path) -> Result<(Vec<u8>, Vec<u8>)> {
    let file = File::open(path).map_err(|error| Error::io("open", path, &error))?;
    let length = file.metadata().map_err(|error| Error::io("read", path, &error))?.len();
    let (name, watch) = (path.display().to_string(), Watch::default());
    let context = Context::new(&name, Format::PyTorch, length, &watch);
    let pickle = Pickle::read(&mut Stream::new(&context, BufReader::new(file), length))?;
    let refused = |what: &str| Error::Failed(format!("{name} is no batch of pictures: its pickle holds no {what}"));
    let entries = torch::entries(&pickle, pickle.root).unwrap_or_default();
    let entry = |wanted: &str| {
        let found = entries.iter().find(|(key, _)| bytes(&pickle, *key).is_some_and(|key| key == wanted.as_bytes()));
        found.map(|&(_, value)| value).ok_or_else(|| refused(wanted))
    };
    let number = |value: &Value| match value {
        Value::Int(number) => u8::try_from(*number).ok(),
        _ => None,
    };
    let labels = pickle.items(entry("labels")?).and_then(|items| items.iter().map(number).collect());
    let data = array(&pickle, entry("data")?);
    Ok((labels.ok_or_else(|| refused("list of labels"))?, data.ok_or_else(|| refused("array of bytes"))?))
}

/// The bytes of a NumPy array of bytes in row-major order.
fn array(pickle: &Pickle, value: Value) -> Option<Vec<u8>> {
    let Object::Call(call) = pickle.object(value)? else { return None };
    let (module, name) = pickle.global(call.function)?;
    if !module.starts_with("numpy") {
        return None;
    }
    match name {
        // Version, shape, type, whether in column-major order, values.
        "_reconstruct" => match *pickle.items(call.state)? {
            [_, _, _, Value::Bool(false) | Value::Int(0), values] => bytes(pickle, values),
            _ => None,
        },
        "_frombuffer" => bytes(pickle, *pickle.items(call.arguments)?.first()?),
        _ => None,
    }
}

/// Bytes as Python 3 writes them, as Python 2 does, and as Python 3 does in the old protocols: text of the code points.
fn bytes(pickle: &Pickle, value: Value) -> Option<Vec<u8>> {
    match pickle.object(value)? {
        Object::Bytes(bytes) => Some(bytes.clone()),
        Object::Text(text) => Some(text.clone().into_bytes()),
        Object::Call(call) => {
            let arguments = pickle.items(call.arguments)?;
            match (pickle.global(call.function)?, arguments) {
                (("_codecs", "encode"), &[text, _]) => {
                    pickle.text(text)?.chars().map(|point| u8::try_from(u32::from(point)).ok()).collect()
                }
                (("builtins" | "__builtin__", "bytearray" | "bytes"), &[inner, ..]) => match pickle.object(inner)? {
                    Object::Bytes(bytes) => Some(bytes.clone()),
                    _ => None,
                },
                _ => None,
            }
        }
        _ => None,
    }
}
