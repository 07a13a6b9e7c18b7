//! The rules that CONTRIBUTING.md and the map in `src/lib.rs` state, checked on the source text: which room may know
//! which, no import loops, sizes of files and functions, names, comments, registries and the README's counts.
#![allow(clippy::unwrap_used, clippy::panic)]

mod documents;
mod imports;
mod loops;
mod rooms;
mod sizes;
mod source;
mod words;
