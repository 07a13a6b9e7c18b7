//! The panic hook: a panic becomes one line. Decoders may panic on hostile files; those panics are caught where they
//! happen and print nothing. With RUST_BACKTRACE set, every panic prints its backtrace.

use crate::Error;
use std::{
    io,
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
        let message = info.payload_as_str().filter(|text| !text.is_empty()).unwrap_or("it gave no reason");
        if let Ok(mut last) = LAST.lock() {
            *last = format!("{message}{at}");
        }
    }));
}

/// Calls `f`; an uncaught panic in it becomes its message.
pub(super) fn catching<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|panic| {
        let held = LAST.lock().map(|last| last.clone()).unwrap_or_default();
        // With RUST_BACKTRACE set the hook does not run; the panic itself still has its text.
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied());
        message(if held.is_empty() { text.unwrap_or_default() } else { &held })
    })
}

/// The whole line for a panic. Libraries panic when the system grants no thread: that is no defect of the program.
fn message(text: &str) -> String {
    let no_thread = ["ThreadPoolBuildError", "failed to spawn thread"].iter().any(|part| text.contains(part));
    match text {
        _ if no_thread => Error::no_thread(&io::ErrorKind::WouldBlock.into()).to_string(),
        "" => "a defect in striate: a panic without a message".into(),
        text => format!("a defect in striate: {text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_thread_is_no_defect_and_no_message_is_empty() {
        let pool = "The global thread pool has not been initialized.: ThreadPoolBuildError { kind: IOError(..) }";
        assert!(message(pool).starts_with("the system grants no more threads"), "{}", message(pool));
        assert!(message("").ends_with("without a message"));
        assert_eq!(message("index out of bounds"), "a defect in striate: index out of bounds");
    }
}
