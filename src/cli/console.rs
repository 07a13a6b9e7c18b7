//! Progress on the terminal, and cancelling by Ctrl-C.

use crate::{paths::brief, watch::Watch};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};
use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// Work that is done sooner shows no bar.
const PATIENCE: Duration = Duration::from_millis(400);

/// Characters of a note, and of the words beside the bar, after which they are cut.
const MAX_NOTE: usize = 2000;
const MAX_STAGE: usize = 60;

/// The exit code that shells report of a program that Ctrl-C ended.
pub(super) const CANCELLED: i32 = 130;

/// One progress bar, on a terminal only, and the watch that moves it.
pub(super) struct Console {
    bar: ProgressBar,
    watch: Watch,
    started: Arc<Mutex<Instant>>,
    quiet: bool,
}

impl Console {
    /// A console whose watch is cancelled by Ctrl-C. A quiet one shows no bar and no notes.
    pub fn new(quiet: bool) -> Self {
        let style = ProgressStyle::with_template("{msg} {wide_bar:.cyan/blue} {percent:>3}%  {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("━╸─");
        let bar = ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::hidden()).with_style(style);
        let started = Arc::new(Mutex::new(Instant::now()));
        let (moved, since) = (bar.clone(), Arc::clone(&started));
        let watch = Watch::reporting(move |fraction| {
            moved.set_position((fraction * 1000.0) as u64);
            if !quiet && moved.is_hidden() && since.lock().is_ok_and(|since| since.elapsed() > PATIENCE) {
                moved.set_draw_target(ProgressDrawTarget::stderr());
            }
        });
        for signal in [SIGINT, SIGTERM] {
            // The second signal ends the program at once. Where no handler can be set, the first one does.
            let _ = flag::register_conditional_shutdown(signal, CANCELLED, watch.flag());
            let _ = flag::register(signal, watch.flag());
        }
        Console { bar, watch, started, quiet }
    }

    /// For the computations.
    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Names the work that starts; the bar starts anew.
    pub fn stage(&self, what: &str) {
        self.bar.set_draw_target(ProgressDrawTarget::hidden());
        self.bar.reset();
        self.bar.set_message(brief(what, MAX_STAGE));
        if let Ok(mut started) = self.started.lock() {
            *started = Instant::now();
        }
    }

    /// Names the state of the work, beside the bar.
    pub fn say(&self, how: String) {
        self.bar.set_message(brief(&how, MAX_STAGE));
    }

    /// A line on standard error that is no error.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.line("note", text);
        }
    }

    /// A line on standard error about what went wrong in a part of the work, while the rest goes on.
    pub fn warn(&self, text: &str) {
        self.line("warning", text);
    }

    fn line(&self, kind: &str, text: &str) {
        self.bar.suspend(|| {
            let _ = writeln!(std::io::stderr(), "{kind}: {}", brief(text, MAX_NOTE));
        });
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
