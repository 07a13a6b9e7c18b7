//! numpy's arrays, whose values lie within a pickle: detectron2's checkpoints, and dictionaries of arrays.

use super::{
    bounded::{Context, Dtype, Stream},
    pickle::{Object, Pickle, Value},
    strided::StridedView,
};
use crate::Result;
use std::{borrow::Cow, io::Cursor};

/// An array within a pickle.
pub(super) struct PickledArray<'p> {
    /// The type of its values; `None` where they are no floats.
    dtype: Option<Dtype>,
    view: StridedView,
    bytes: Cow<'p, [u8]>,
}

impl PickledArray<'_> {
    /// The shape and the values in float32; `None` where they are no floats.
    ///
    /// # Errors
    /// When there are fewer values than the shape says, or memory runs out.
    pub fn values(self, context: &Context, name: &str) -> Result<Option<(Vec<f32>, StridedView)>> {
        let Some(dtype) = self.dtype else { return Ok(None) };
        let count = self.view.count().filter(|count| count.checked_mul(dtype.size()) == Some(self.bytes.len()));
        let Some(count) = count else {
            return Err(context.damaged(format_args!("{name} has another number of values than its shape")));
        };
        let mut stream = Stream::new(context, Cursor::new(&*self.bytes), self.bytes.len() as u64);
        Ok(Some((stream.floats(dtype, count)?, self.view)))
    }

    pub fn shape(&self) -> &[usize] {
        &self.view.shape
    }
}

/// The numpy array that a value stands for.
pub(super) fn array(pickle: &Pickle, value: Value) -> Option<PickledArray<'_>> {
    let Some(Object::Call(call)) = pickle.object(value) else { return None };
    let (module, name) = pickle.global(call.function)?;
    let (shape, dtype, fortran, bytes) = match (module, name, pickle.items(call.arguments)?, pickle.items(call.state)) {
        (
            "numpy.core.multiarray" | "numpy._core.multiarray",
            "_reconstruct",
            _,
            Some(&[_, shape, dtype, order, data]),
        ) => (shape, dtype, order == Value::Bool(true), data),
        ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer", &[data, dtype, shape, order], _) => {
            (shape, dtype, pickle.text(order) == Some("F"), data)
        }
        _ => return None,
    };
    let size = |item: &Value| match *item {
        Value::Int(size) => usize::try_from(size).ok(),
        _ => None,
    };
    let shape = pickle.items(shape)?.iter().map(size).collect::<Option<Vec<usize>>>()?;
    let view = if fortran { StridedView::fortran(shape) } else { StridedView::whole(shape) };
    Some(PickledArray { dtype: dtype_of(pickle, dtype), view, bytes: bytes_of(pickle, bytes)? })
}

/// numpy's description of a type: `dtype("f4")`, with its byte order as state.
fn dtype_of(pickle: &Pickle, value: Value) -> Option<Dtype> {
    let Some(Object::Call(call)) = pickle.object(value) else { return None };
    let is_big = pickle.items(call.state).and_then(|state| pickle.text(*state.get(1)?)) == Some(">");
    match pickle.text(*pickle.items(call.arguments)?.first()?)? {
        _ if is_big => None,
        "f2" => Some(Dtype::F16),
        "f4" => Some(Dtype::F32),
        "f8" => Some(Dtype::F64),
        _ => None,
    }
}

/// Bytes as Python 3 writes them, in its new protocols and, as text in Latin-1, in its old ones; and Python 2's strings.
fn bytes_of(pickle: &Pickle, value: Value) -> Option<Cow<'_, [u8]>> {
    match pickle.object(value)? {
        Object::Bytes(bytes) => Some(Cow::Borrowed(bytes)),
        Object::Text(text) => Some(Cow::Borrowed(text.as_bytes())),
        Object::Call(call) if pickle.global(call.function) == Some(("_codecs", "encode")) => {
            let text = pickle.text(*pickle.items(call.arguments)?.first()?)?;
            text.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect::<Option<Vec<u8>>>().map(Cow::Owned)
        }
        _ => None,
    }
}
