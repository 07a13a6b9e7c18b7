//! The meaning of PyTorch's pickles: which calls stand for tensors, and where their values lie.

use super::{
    bounded::Dtype,
    pickle::{Call, Object, Pickle, Value},
    strided::{MAX_RANK, StridedView},
};
use std::borrow::Cow;

/// A tensor as a pickle describes it.
pub(super) struct Described<'p> {
    pub storage: Storage<'p>,
    pub view: StridedView,
}

/// Values kept outside the pickle.
#[derive(Clone, Copy)]
pub(super) struct Storage<'p> {
    pub key: &'p str,
    /// `FloatStorage`, `LongStorage`, ...
    pub kind: &'p str,
    /// Number of values.
    pub count: usize,
    /// Where this storage starts in the one that is stored; old files know storages that view others.
    offset: usize,
}

impl Storage<'_> {
    /// The type of its values, where they are floats.
    pub fn dtype(&self) -> Option<Dtype> {
        match self.kind {
            "FloatStorage" => Some(Dtype::F32),
            "HalfStorage" => Some(Dtype::F16),
            "BFloat16Storage" => Some(Dtype::Bf16),
            "DoubleStorage" => Some(Dtype::F64),
            _ => None,
        }
    }

    /// Bytes of one value.
    pub fn size(&self) -> Option<usize> {
        match self.kind {
            "LongStorage" | "ComplexFloatStorage" => Some(8),
            "IntStorage" | "QInt32Storage" => Some(4),
            "ShortStorage" => Some(2),
            "CharStorage" | "ByteStorage" | "BoolStorage" | "QInt8Storage" | "QUInt8Storage" | "UntypedStorage" => {
                Some(1)
            }
            "ComplexDoubleStorage" => Some(16),
            _ => self.dtype().map(Dtype::size),
        }
    }
}

/// The tensor that a value stands for: `None` if it is none, a phrase if it is one that cannot be.
pub(super) fn tensor(pickle: &Pickle, mut value: Value) -> Option<Result<Described<'_>, &'static str>> {
    // A parameter wraps a tensor; honest files wrap it twice at most.
    for _ in 0..4 {
        let Some(Object::Call(call)) = pickle.object(value) else { return None };
        let arguments = pickle.items(call.arguments)?;
        match (pickle.global(call.function)?, arguments) {
            (("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state"), &[inner, ..])
            | (("torch.nn.parameter", "Parameter" | "Buffer"), &[inner, ..]) => value = inner,
            // A subclass of Tensor: function, class, arguments.
            (("torch._tensor", "_rebuild_from_type_v2"), &[function, _, arguments, ..]) => {
                return match pickle.global(function)? {
                    ("torch._utils", "_rebuild_tensor_v2") => rebuild(pickle, pickle.items(arguments)?),
                    _ => None,
                };
            }
            // Version 3 is for types that no weights here have: unsigned integers, eight-bit floats.
            (("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2"), arguments) => {
                return rebuild(pickle, arguments);
            }
            _ => return None,
        }
    }
    None
}

fn rebuild<'p>(pickle: &'p Pickle, arguments: &[Value]) -> Option<Result<Described<'p>, &'static str>> {
    let &[storage, offset, shape, stride, ..] = arguments else { return Some(Err("is described by too little")) };
    let sizes = |value| {
        let items = pickle.items(value).filter(|items| items.len() <= MAX_RANK)?;
        items.iter().map(|&item| natural(item)).collect::<Option<Vec<usize>>>()
    };
    let Some(storage) = self::storage(pickle, storage) else { return Some(Err("has no storage")) };
    let view = || {
        let offset = natural(offset)?.checked_add(storage.offset)?;
        Some(StridedView { offset, shape: sizes(shape)?, stride: sizes(stride)? })
    };
    // Strides below zero are none that PyTorch has.
    Some(view().map(|view| Described { storage, view }).ok_or("has a shape, stride or offset that makes no sense"))
}

/// The storage that a value stands for.
pub(super) fn storage(pickle: &Pickle, value: Value) -> Option<Storage<'_>> {
    let Some(Object::Persistent(id)) = pickle.object(value) else { return None };
    let &[tag, kind, key, _, count, ref rest @ ..] = pickle.items(*id)? else { return None };
    if pickle.text(tag) != Some("storage") {
        return None;
    }
    let (_, kind) = pickle.global(kind)?;
    // A view of another storage: its own key, offset and size.
    let offset = match rest.first().and_then(|&view| pickle.items(view)) {
        Some(&[_, offset, _]) => natural(offset)?,
        _ => 0,
    };
    Some(Storage { key: pickle.text(key)?, kind, count: natural(count)?, offset })
}

/// Whether an object is a storage that was pickled by itself, with its values, in place of being referred to.
pub(super) fn is_lone_storage(pickle: &Pickle, object: &Object) -> bool {
    matches!(object, Object::Call(call) if pickle.global(call.function) == Some(("torch.storage", "_load_from_bytes")))
}

fn natural(value: Value) -> Option<usize> {
    match value {
        Value::Int(number) => usize::try_from(number).ok(),
        _ => None,
    }
}

/// Keys and values of a dictionary of any kind. They are borrowed wherever they lie in one piece: a pickle's dictionary may
/// be large and be met many times.
pub(super) fn entries(pickle: &Pickle, value: Value) -> Option<Cow<'_, [(Value, Value)]>> {
    match pickle.object(value)? {
        Object::Dict(entries) => Some(Cow::Borrowed(entries)),
        Object::Call(call) if is_dictionary(pickle, call) => {
            // Python 2 made an OrderedDict of a list of pairs.
            let pairs = pickle.items(call.arguments).and_then(|items| pickle.items(*items.first()?));
            let Some(pairs) = pairs.filter(|pairs| !pairs.is_empty()) else {
                return Some(Cow::Borrowed(&call.entries));
            };
            let pair = |&item| match pickle.items(item) {
                Some(&[key, value]) => Some((key, value)),
                _ => None,
            };
            Some(pairs.iter().filter_map(pair).chain(call.entries.iter().copied()).collect())
        }
        _ => None,
    }
}

fn is_dictionary(pickle: &Pickle, call: &Call) -> bool {
    matches!(
        pickle.global(call.function),
        Some(("collections", "OrderedDict" | "defaultdict") | ("builtins" | "__builtin__", "dict"))
    )
}

/// The attributes of an object of an unknown class.
pub(super) fn attributes(pickle: &Pickle, value: Value) -> Option<Cow<'_, [(Value, Value)]>> {
    let Some(Object::Call(call)) = pickle.object(value) else { return None };
    // A class with slots pickles its attributes and its slots.
    let state = pickle.items(call.state).and_then(|items| items.first().copied()).unwrap_or(call.state);
    entries(pickle, state)
}

/// The first call that has nothing to do with tensors, as `module.name`. With `functions`, objects of unknown classes are
/// passed over: a pickled module is made of them, and making one runs no code of the file's.
pub(super) fn foreign_call(pickle: &Pickle, functions: bool) -> Option<String> {
    pickle.objects.iter().find_map(|object| {
        let Object::Call(call) = object else { return None };
        if functions && call.makes_object {
            return None;
        }
        let (module, name) = pickle.global(call.function)?;
        (!is_usual(module, name)).then(|| format!("{module}.{name}").chars().take(80).collect())
    })
}

/// Whether honest files call this function.
fn is_usual(module: &str, name: &str) -> bool {
    let mut parts = module.split('.');
    match (parts.next().unwrap_or_default(), parts.next()) {
        // These load and run other files.
        ("torch", Some("hub" | "jit" | "package" | "utils" | "multiprocessing" | "testing" | "_inductor")) => false,
        ("numpy", part) => matches!(part, None | Some("core" | "_core" | "random" | "ma" | "dtypes")),
        ("torch" | "__torch__" | "collections" | "argparse" | "copyreg" | "copy_reg" | "_codecs" | "datetime", _) => {
            true
        }
        ("builtins" | "__builtin__", _) => matches!(name, "set" | "frozenset" | "dict" | "list" | "slice" | "complex"),
        ("pathlib", _) => name.ends_with("Path"),
        ("functools", _) => name == "partial",
        _ => false,
    }
}
