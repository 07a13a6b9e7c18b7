//! Python's pickle, as data. A pickle is a program for a stack machine that may name and call any Python function;
//! this machine runs its stack and calls nothing: a call becomes an [`Object::Call`] that says what would have been
//! called with what. Which calls mean tensors is for `torch.rs` to read from it.
//!
//! Objects lie in one list and refer to each other by index, so that cycles and deep nests cost nothing to make and
//! nothing to drop.

mod operations;
mod values;

use super::bounded::Stream;
use crate::Result;
use std::{collections::HashMap, io::Read};

/// Opcodes of one pickle. Each keeps at most some tens of bytes; the largest checkpoints have some hundred thousand.
const MAX_STEPS: usize = 4 << 20;
/// Objects and memo entries; the largest checkpoints have some ten thousand.
const MAX_OBJECTS: usize = 1 << 20;
/// Bytes of one line.
const MAX_LINE: usize = 1 << 16;

/// An entry of the stack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// An index into the objects.
    Object(usize),
}

/// An object that a [`Value`] refers to.
#[derive(Debug)]
pub(super) enum Object {
    Text(String),
    /// Bytes, and integers of more than 64 bits.
    Bytes(Vec<u8>),
    /// Lists and sets.
    List(Vec<Value>),
    Tuple(Vec<Value>),
    /// In the order written; of equal keys the last counts.
    Dict(Vec<(Value, Value)>),
    /// A function or class: its module and its name.
    Global(Value, Value),
    /// The id of an object that the pickle's writer stored outside the pickle.
    Persistent(Value),
    Call(Box<Call>),
}

impl Object {
    /// Number of values to visit: the object and its entries.
    pub fn size(&self) -> usize {
        1 + match self {
            Object::List(items) | Object::Tuple(items) => items.len(),
            Object::Dict(entries) => entries.len(),
            Object::Call(call) => call.entries.len(),
            _ => 0,
        }
    }
}

/// A call that was not made.
#[derive(Debug)]
pub(super) struct Call {
    pub function: Value,
    pub arguments: Value,
    /// Whether the call only makes an object of a class (NEWOBJ), without the class's `__init__`.
    pub makes_object: bool,
    /// Entries set on the result: an `OrderedDict` is a call with entries.
    pub entries: Vec<(Value, Value)>,
    /// The attributes set on the result.
    pub state: Value,
}

/// A pickle that was read.
pub(super) struct Pickle {
    pub objects: Vec<Object>,
    pub root: Value,
}

impl Pickle {
    /// Reads one pickle, up to and including its end.
    pub fn read<R: Read>(stream: &mut Stream<'_, R>) -> Result<Self> {
        Machine { stream, objects: Vec::new(), stack: Vec::new(), marks: Vec::new(), memo: HashMap::new() }.run()
    }

    pub fn object(&self, value: Value) -> Option<&Object> {
        match value {
            Value::Object(index) => self.objects.get(index),
            _ => None,
        }
    }

    pub fn text(&self, value: Value) -> Option<&str> {
        match self.object(value)? {
            Object::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Module and name of a function or class.
    pub fn global(&self, value: Value) -> Option<(&str, &str)> {
        match *self.object(value)? {
            Object::Global(module, name) => self.text(module).zip(self.text(name)),
            _ => None,
        }
    }

    /// The items of a list or tuple.
    pub fn items(&self, value: Value) -> Option<&[Value]> {
        match self.object(value)? {
            Object::List(items) | Object::Tuple(items) => Some(items),
            _ => None,
        }
    }
}

struct Machine<'m, 'a, R> {
    stream: &'m mut Stream<'a, R>,
    objects: Vec<Object>,
    stack: Vec<Value>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u64, Value>,
}

impl<R: Read> Machine<'_, '_, R> {
    fn run(mut self) -> Result<Pickle> {
        for step in 0..MAX_STEPS {
            if step % 0x1_0000 == 0 {
                self.stream.context.report()?;
            }
            let opcode = self.stream.u8()?;
            if opcode == b'.' {
                let root = self.pop()?;
                return Ok(Pickle { objects: self.objects, root });
            }
            self.step(opcode)?;
            if self.objects.len() > MAX_OBJECTS || self.memo.len() > MAX_OBJECTS {
                return Err(self.broken("it holds too many objects"));
            }
        }
        Err(self.broken("it is too long"))
    }

    fn step(&mut self, opcode: u8) -> Result<()> {
        match opcode {
            0x80 => self.stream.skip(1)?,                           // PROTO
            0x95 => self.stream.skip(8)?,                           // FRAME
            b'(' => self.marks.push(self.stack.len()),              // MARK
            b'0' => drop(self.pop_or_mark()?),                      // POP
            b'1' => drop(self.pop_to_mark()?),                      // POP_MARK
            b'2' => self.stack.push(self.top()?),                   // DUP
            b'N' => self.stack.push(Value::None),                   // NONE
            0x88 => self.stack.push(Value::Bool(true)),             // NEWTRUE
            0x89 => self.stack.push(Value::Bool(false)),            // NEWFALSE
            b'I' => self.decimal(false)?,                           // INT
            b'L' => self.decimal(true)?,                            // LONG
            b'J' => self.integer::<4>(true)?,                       // BININT
            b'K' => self.integer::<1>(false)?,                      // BININT1
            b'M' => self.integer::<2>(false)?,                      // BININT2
            0x8a => self.long::<1>()?,                              // LONG1
            0x8b => self.long::<4>()?,                              // LONG4
            b'F' => self.float_line()?,                             // FLOAT
            b'G' => self.float()?,                                  // BINFLOAT
            b'S' => self.quoted()?,                                 // STRING
            b'V' => self.unicode_line()?,                           // UNICODE
            b'U' | 0x8c => self.sized_text::<1>()?,                 // SHORT_BINSTRING, SHORT_BINUNICODE
            b'T' | b'X' => self.sized_text::<4>()?,                 // BINSTRING, BINUNICODE
            0x8d => self.sized_text::<8>()?,                        // BINUNICODE8
            b'C' => self.sized_bytes::<1>()?,                       // SHORT_BINBYTES
            b'B' => self.sized_bytes::<4>()?,                       // BINBYTES
            0x8e | 0x96 => self.sized_bytes::<8>()?,                // BINBYTES8, BYTEARRAY8
            b']' | 0x8f => self.push(Object::List(Vec::new())),     // EMPTY_LIST, EMPTY_SET
            b')' => self.push(Object::Tuple(Vec::new())),           // EMPTY_TUPLE
            b'}' => self.push(Object::Dict(Vec::new())),            // EMPTY_DICT
            b'l' | 0x91 => self.collect(Object::List)?,             // LIST, FROZENSET
            b't' => self.collect(Object::Tuple)?,                   // TUPLE
            0x85..=0x87 => self.tuple(usize::from(opcode - 0x84))?, // TUPLE1, TUPLE2, TUPLE3
            b'd' => self.dict()?,                                   // DICT
            b'a' => self.append_one()?,                             // APPEND
            b'e' | 0x90 => self.append_all()?,                      // APPENDS, ADDITEMS
            b's' => self.set_one()?,                                // SETITEM
            b'u' => self.set_all()?,                                // SETITEMS
            b'g' => self.get_line()?,                               // GET
            b'h' => self.get::<1>()?,                               // BINGET
            b'j' => self.get::<4>()?,                               // LONG_BINGET
            b'p' => self.put_line()?,                               // PUT
            b'q' => self.put::<1>()?,                               // BINPUT
            b'r' => self.put::<4>()?,                               // LONG_BINPUT
            0x94 => self.memoize()?,                                // MEMOIZE
            b'c' => self.global_lines()?,                           // GLOBAL
            0x93 => self.global_stack()?,                           // STACK_GLOBAL
            b'R' => self.call()?,                                   // REDUCE
            0x81 => self.new_object(false)?,                        // NEWOBJ
            0x92 => self.new_object(true)?,                         // NEWOBJ_EX
            b'i' => self.instance()?,                               // INST
            b'o' => self.object()?,                                 // OBJ
            b'b' => self.build()?,                                  // BUILD
            b'P' => self.persistent_line()?,                        // PERSID
            b'Q' => self.persistent()?,                             // BINPERSID
            other => return Err(self.broken(&format!("it has an unknown opcode 0x{other:02x}"))),
        }
        Ok(())
    }
}
