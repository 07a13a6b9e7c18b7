//! Opcodes that change the stack: containers, the memo, names and calls.

use super::{Call, Machine, Object, Value};
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

    pub(super) fn make(&mut self, object: Object) -> Value {
        self.objects.push(object);
        Value::Object(self.objects.len() - 1)
    }

    pub(super) fn push(&mut self, object: Object) {
        let value = self.make(object);
        self.stack.push(value);
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

    pub(super) fn call(&mut self) -> Result<()> {
        let arguments = self.pop()?;
        let function = self.pop()?;
        self.push_call(function, arguments, false);
        Ok(())
    }

    pub(super) fn new_object(&mut self, has_named_arguments: bool) -> Result<()> {
        if has_named_arguments {
            self.pop()?; // No tensor has any.
        }
        let arguments = self.pop()?;
        let class = self.pop()?;
        self.push_call(class, arguments, true);
        Ok(())
    }

    pub(super) fn instance(&mut self) -> Result<()> {
        self.global_lines()?;
        let function = self.pop()?;
        let arguments = self.pop_to_mark()?;
        let arguments = self.make(Object::Tuple(arguments));
        self.push_call(function, arguments, false);
        Ok(())
    }

    pub(super) fn object(&mut self) -> Result<()> {
        let mut items = self.pop_to_mark()?;
        if items.is_empty() {
            return Err(self.underflow());
        }
        let function = items.remove(0);
        let arguments = self.make(Object::Tuple(items));
        self.push_call(function, arguments, false);
        Ok(())
    }

    fn push_call(&mut self, function: Value, arguments: Value, makes_object: bool) {
        let (entries, state) = (Vec::new(), Value::None);
        self.push(Object::Call(Box::new(Call { function, arguments, makes_object, entries, state })));
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
