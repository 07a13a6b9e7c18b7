//! Opcodes that put a plain value on the stack: numbers, text, bytes.

use super::{MAX_LINE, Machine, Object, Value};
use crate::Result;
use std::io::Read;

impl<R: Read> Machine<'_, '_, R> {
    pub(super) fn line(&mut self) -> Result<String> {
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
    pub(super) fn size<const N: usize>(&mut self) -> Result<u64> {
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
        // Python 2 has one type for text and bytes.
        let text = String::from_utf8(self.stream.bytes(count)?);
        self.push(text.map_or_else(|error| Object::Bytes(error.into_bytes()), Object::Text));
        Ok(())
    }

    pub(super) fn sized_bytes<const N: usize>(&mut self) -> Result<()> {
        let count = self.size::<N>()?;
        let bytes = self.stream.bytes(count)?;
        self.push(Object::Bytes(bytes));
        Ok(())
    }
}
