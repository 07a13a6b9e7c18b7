//! Weights in files beside the model, as ONNX stores those of models over two gigabytes and PyTorch's newer exporter all
//! of them. A model may name files in its own folder only, and no more bytes of them than they have.

use super::values::{Kind, TensorValues, of_bytes};
use crate::{
    Error, Result,
    weights::bounded::{Context, Stream},
};
use std::{
    collections::HashMap,
    fs::File,
    io::{Seek, SeekFrom},
    path::{Component, Path, PathBuf},
};

/// The folder of a model and the files in it that were opened.
pub(super) struct External<'a> {
    folder: Option<&'a Path>,
    files: HashMap<PathBuf, (File, u64)>,
    /// Bytes that may still be read: as many as the files have.
    left: u64,
}

impl<'a> External<'a> {
    /// Without a folder, weights in other files are refused.
    pub fn new(folder: Option<&'a Path>) -> Self {
        External { folder, files: HashMap::new(), left: 0 }
    }

    /// The `count` values of a tensor, whose place is described by `location`, `offset` and `length`.
    pub fn values(
        &mut self,
        context: &Context<'_>,
        tensor: &str,
        place: &[(String, String)],
        kind: Kind,
        count: usize,
    ) -> Result<TensorValues> {
        let stated = |key: &str| place.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
        let location = stated("location").unwrap_or_default();
        let number = |key: &str| stated(key).map(str::parse::<u64>).transpose();
        let (Ok(offset), Ok(length)) = (number("offset"), number("length")) else {
            return Err(context.damaged(format_args!("the place of {tensor} in {location} is no number")));
        };
        let needed = (count as u64).checked_mul(kind.size() as u64);
        let needed = needed.filter(|&needed| length.is_none_or(|length| length == needed));
        let Some(needed) = needed else {
            return Err(context.damaged(format_args!("{tensor} in {location} has another length than its shape")));
        };
        let path = self.open(context, tensor, location)?;
        let Some((file, size)) = self.files.get_mut(&path) else { return Ok(TensorValues::Floats(Vec::new())) };
        let offset = offset.unwrap_or(0);
        if offset.checked_add(needed).is_none_or(|end| end > *size) {
            return Err(context.damaged(format_args!("{tensor} lies beyond the end of {location}")));
        }
        let Some(left) = self.left.checked_sub(needed) else {
            return Err(context.damaged(format_args!("its tensors overlap in {location}")));
        };
        self.left = left;
        file.seek(SeekFrom::Start(offset))
            .map_err(|error| Error::Failed(format!("cannot read {location} beside {}: {error}", context.name)))?;
        let mut stream = Stream::new(context, file, needed);
        match kind {
            Kind::Float(dtype) => Ok(TensorValues::Floats(stream.floats(dtype, count)?)),
            Kind::Whole(..) => Ok(of_bytes(kind, stream.bytes(needed)?)),
        }
    }

    /// Opens a file of the model's folder, once, and returns its path.
    fn open(&mut self, context: &Context<'_>, tensor: &str, location: &str) -> Result<PathBuf> {
        let Some(folder) = self.folder else {
            return Err(context.refused(format_args!("keeps {tensor} in the file {location}, which is not at hand")));
        };
        let path = inside(folder, location).ok_or_else(|| {
            context.refused(format_args!("names the weights file {location}, which is not in the model's own folder"))
        })?;
        if self.files.contains_key(&path) {
            return Ok(path);
        }
        let opened = File::open(&path).and_then(|file| file.metadata().map(|info| (file, info)));
        let (file, info) = opened.map_err(|error| {
            context.refused(format_args!("keeps its weights in {location}, which cannot be opened: {error}"))
        })?;
        if !info.is_file() {
            return Err(context.refused(format_args!("names {location} as its weights file, which is no regular file")));
        }
        self.left += info.len();
        self.files.insert(path.clone(), (file, info.len()));
        Ok(path)
    }
}

/// The path of a file that lies in `folder`, links followed; a file that is missing is looked for there too.
fn inside(folder: &Path, location: &str) -> Option<PathBuf> {
    let relative = Path::new(location);
    let plain = |part: Component| matches!(part, Component::Normal(_) | Component::CurDir);
    if location.is_empty() || !relative.components().all(plain) {
        return None;
    }
    let path = folder.join(relative);
    let (Ok(home), Ok(real)) = (folder.canonicalize(), path.canonicalize()) else { return Some(path) };
    real.starts_with(home).then_some(real)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_files_of_the_folder_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("model");
        std::fs::create_dir_all(&home).unwrap();
        std::fs::write(home.join("weights.data"), b"1234").unwrap();
        std::fs::write(folder.path().join("secret"), b"1234").unwrap();
        assert!(inside(&home, "weights.data").is_some());
        assert!(inside(&home, "./weights.data").is_some());
        for location in ["", "../secret", "/etc/passwd", "weights.data/../../secret"] {
            assert_eq!(inside(&home, location), None, "{location}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(folder.path().join("secret"), home.join("link")).unwrap();
            assert_eq!(inside(&home, "link"), None);
        }
    }
}
