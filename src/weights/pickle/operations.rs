//! What each opcode does to the stack.

use super::{Call, MAX_LINE, Machine, Object, Value};
use crate::{Error, Result};
use std::io::Read;

impl<R: Read> Machine<'_, '_, R> {
    pub(super) fn broken(&self, why: &str) -> Error {
        self.stream.context.damaged(format_args!("its pickle is damaged: {why}"))
    }

    fn underflow(&self) -> Error {
        self.broken("its stack is empty")
    }

    // The stack.

    pub(super) fn pop(&mut self) -> Result<Value> {
        let floor = self.marks.last().copied().unwrap_or(0);
        (self.stack.len() > floor).then(|| self.stack.pop()).flatten().ok_or_else(|| self.underflow())
    }

    pub(super) fn pop_or_mark(&mut self) -> Result<()> {
        match self.marks.last() {
            Some(&mark) if mark == self.stack.len() => drop(self.marks.pop()),
            _ => drop(self.pop()?),
        }
        Ok(())
    }

    pub(super) fn pop_to_mark(&mut self) -> Result<Vec<Value>> {
        let mark = self.marks.pop().ok_or_else(|| self.broken("it lacks a mark"))?;
        Ok(self.stack.split_off(mark))
    }

    pub(super) fn top(&self) -> Result<Value> {
        self.stack.last().copied().ok_or_else(|| self.underflow())
    }

    fn make(&mut self, object: Object) -> Value {
        self.objects.push(object);
        Value::Object(self.objects.len() - 1)
    }

    pub(super) fn push(&mut self, object: Object) {
        let value = self.make(object);
        self.stack.push(value);
    }

    // Plain values.

    fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        loop {
            match self.stream.u8()? {
                b'\n' => return Ok(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned()),
                byte if line.len() < MAX_LINE => line.push(byte),
                _ => return Err(self.broken("it has an endless line")),
            }
        }
    }

    /// A little-endian length or index of `N` bytes.
    fn size<const N: usize>(&mut self) -> Result<u64> {
        let bytes = self.stream.array::<N>()?;
        Ok(bytes.iter().rev().fold(0, |all, &byte| all << 8 | u64::from(byte)))
    }

    pub(super) fn integer<const N: usize>(&mut self, signed: bool) -> Result<()> {
        let value = self.size::<N>()?;
        self.stack.push(Value::Int(if signed { i64::from(value as u32 as i32) } else { value as i64 }));
        Ok(())
    }

    pub(super) fn decimal(&mut self, long: bool) -> Result<()> {
        let line = self.line()?;
        let value = match line.as_str() {
            "00" if !long => Value::Bool(false),
            "01" if !long => Value::Bool(true),
            number => match number.trim_end_matches('L').parse() {
                Ok(number) => Value::Int(number),
                Err(_) => self.make(Object::Bytes(line.into_bytes())),
            },
        };
        self.stack.push(value);
        Ok(())
    }

    pub(super) fn long<const N: usize>(&mut self) -> Result<()> {
        let count = self.size::<N>()?;
        let bytes = self.stream.bytes(count)?;
        if bytes.len() > 8 {
            self.push(Object::Bytes(bytes));
            return Ok(());
        }
        let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xFF } else { 0 };
        let mut all = [fill; 8];
        all[..bytes.len()].copy_from_slice(&bytes);
        self.stack.push(Value::Int(i64::from_le_bytes(all)));
        Ok(())
    }

    pub(super) fn float(&mut self) -> Result<()> {
        let value = f64::from_be_bytes(self.stream.array()?);
        self.stack.push(Value::Float(value));
        Ok(())
    }

    pub(super) fn float_line(&mut self) -> Result<()> {
        let value = self.line()?.parse().map_err(|_| self.broken("it has a number that is none"))?;
        self.stack.push(Value::Float(value));
        Ok(())
    }

    pub(super) fn quoted(&mut self) -> Result<()> {
        let line = self.line()?;
        self.push(Object::Text(line.trim_matches(['\'', '"']).to_owned()));
        Ok(())
    }

    pub(super) fn unicode_line(&mut self) -> Result<()> {
        let line = self.line()?;
        self.push(Object::Text(line));
        Ok(())
    }

    pub(super) fn sized_text<const N: usize>(&mut self) -> Result<()> {
        let count = self.size::<N>()?;
        let text = String::from_utf8(self.stream.bytes(count)?)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        self.push(Object::Text(text));
        Ok(())
    }

    pub(super) fn sized_bytes<const N: usize>(&mut self) -> Result<()> {
        let count = self.size::<N>()?;
        let bytes = self.stream.bytes(count)?;
        self.push(Object::Bytes(bytes));
        Ok(())
    }

    // Containers.

    pub(super) fn collect(&mut self, kind: impl Fn(Vec<Value>) -> Object) -> Result<()> {
        let items = self.pop_to_mark()?;
        self.push(kind(items));
        Ok(())
    }

    pub(super) fn tuple(&mut self, count: usize) -> Result<()> {
        let mut items = vec![Value::None; count];
        for item in items.iter_mut().rev() {
            *item = self.pop()?;
        }
        self.push(Object::Tuple(items));
        Ok(())
    }

    pub(super) fn dict(&mut self) -> Result<()> {
        let items = self.pop_to_mark()?;
        self.push(Object::Dict(pairs(&items)));
        Ok(())
    }

    pub(super) fn append_one(&mut self) -> Result<()> {
        let item = self.pop()?;
        self.extend(vec![item])
    }

    pub(super) fn append_all(&mut self) -> Result<()> {
        let items = self.pop_to_mark()?;
        self.extend(items)
    }

    fn extend(&mut self, items: Vec<Value>) -> Result<()> {
        match self.top_object()? {
            Object::List(list) => list.extend(items),
            // Items of a list of an unknown class: no tensors are kept so.
            Object::Call(_) => {}
            _ => return Err(self.broken("it appends to what is no list")),
        }
        Ok(())
    }

    pub(super) fn set_one(&mut self) -> Result<()> {
        let value = self.pop()?;
        let key = self.pop()?;
        self.set(vec![(key, value)])
    }

    pub(super) fn set_all(&mut self) -> Result<()> {
        let items = self.pop_to_mark()?;
        self.set(pairs(&items))
    }

    fn set(&mut self, new: Vec<(Value, Value)>) -> Result<()> {
        match self.top_object()? {
            Object::Dict(entries) => entries.extend(new),
            Object::Call(call) => call.entries.extend(new),
            _ => return Err(self.broken("it sets entries of what is no dictionary")),
        }
        Ok(())
    }

    fn top_object(&mut self) -> Result<&mut Object> {
        match self.top()? {
            Value::Object(index) if index < self.objects.len() => Ok(&mut self.objects[index]),
            _ => Err(self.broken("it changes what cannot change")),
        }
    }

    // The memo.

    pub(super) fn get<const N: usize>(&mut self) -> Result<()> {
        let index = self.size::<N>()?;
        self.recall(index)
    }

    pub(super) fn get_line(&mut self) -> Result<()> {
        let index = self.index_line()?;
        self.recall(index)
    }

    fn recall(&mut self, index: u64) -> Result<()> {
        let value = self.memo.get(&index).copied();
        self.stack.push(value.ok_or_else(|| self.broken("it recalls what it never kept"))?);
        Ok(())
    }

    pub(super) fn put<const N: usize>(&mut self) -> Result<()> {
        let index = self.size::<N>()?;
        self.keep(index)
    }

    pub(super) fn put_line(&mut self) -> Result<()> {
        let index = self.index_line()?;
        self.keep(index)
    }

    pub(super) fn memoize(&mut self) -> Result<()> {
        self.keep(self.memo.len() as u64)
    }

    fn keep(&mut self, index: u64) -> Result<()> {
        let value = self.top()?;
        self.memo.insert(index, value);
        Ok(())
    }

    fn index_line(&mut self) -> Result<u64> {
        self.line()?.parse().map_err(|_| self.broken("it has an index that is none"))
    }

    // Names and calls: nothing is looked up, nothing is called.

    pub(super) fn global_lines(&mut self) -> Result<()> {
        let module = self.line()?;
        let module = self.make(Object::Text(module));
        let name = self.line()?;
        let name = self.make(Object::Text(name));
        self.push(Object::Global(module, name));
        Ok(())
    }

    pub(super) fn global_stack(&mut self) -> Result<()> {
        let (name, module) = (self.pop()?, self.pop()?);
        self.push(Object::Global(module, name));
        Ok(())
    }

    pub(super) fn call(&mut self, operands: usize) -> Result<()> {
        if operands == 3 {
            self.pop()?; // Named arguments: no tensor has any.
        }
        let arguments = self.pop()?;
        let function = self.pop()?;
        self.push_call(function, arguments);
        Ok(())
    }

    pub(super) fn instance(&mut self) -> Result<()> {
        self.global_lines()?;
        let function = self.pop()?;
        let arguments = self.pop_to_mark()?;
        let arguments = self.make(Object::Tuple(arguments));
        self.push_call(function, arguments);
        Ok(())
    }

    pub(super) fn object(&mut self) -> Result<()> {
        let mut items = self.pop_to_mark()?;
        if items.is_empty() {
            return Err(self.underflow());
        }
        let function = items.remove(0);
        let arguments = self.make(Object::Tuple(items));
        self.push_call(function, arguments);
        Ok(())
    }

    fn push_call(&mut self, function: Value, arguments: Value) {
        self.push(Object::Call(Box::new(Call { function, arguments, entries: Vec::new(), state: Value::None })));
    }

    pub(super) fn build(&mut self) -> Result<()> {
        let state = self.pop()?;
        self.top()?;
        // Attributes of a dictionary (`_metadata` of a state_dict) are of no use here.
        if let Ok(Object::Call(call)) = self.top_object() {
            call.state = state;
        }
        Ok(())
    }

    pub(super) fn persistent(&mut self) -> Result<()> {
        let id = self.pop()?;
        self.push(Object::Persistent(id));
        Ok(())
    }

    pub(super) fn persistent_line(&mut self) -> Result<()> {
        let line = self.line()?;
        let id = self.make(Object::Text(line));
        self.push(Object::Persistent(id));
        Ok(())
    }
}

/// Keys and values that follow each other; an odd one at the end is dropped.
fn pairs(items: &[Value]) -> Vec<(Value, Value)> {
    items.as_chunks::<2>().0.iter().map(|&[key, value]| (key, value)).collect()
}
