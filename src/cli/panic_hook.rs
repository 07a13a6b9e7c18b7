//! The panic hook: a panic becomes one line. Decoders may panic on hostile files; those panics are caught where they
//! happen and print nothing. With RUST_BACKTRACE set, every panic prints its backtrace.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, set_hook},
    sync::Mutex,
};

static LAST: Mutex<String> = Mutex::new(String::new());

/// Installs the hook: a panic is kept instead of printed.
pub(super) fn hold_panics() {
    if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
        return;
    }
    set_hook(Box::new(|info| {
        let at = info.location().map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
        let message = info.payload_as_str().unwrap_or("it gave no reason");
        if let Ok(mut last) = LAST.lock() {
            *last = format!("{message}{at}");
        }
    }));
}

/// Calls `f`; an uncaught panic in it becomes its message.
pub(super) fn catching<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|_| LAST.lock().map_or_else(|_| String::new(), |last| last.clone()))
}
