//! Progress on the terminal, and cancelling by Ctrl-C.

use crate::{Error, Result, paths::brief, watch::Watch};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};
use std::{
    ffi::OsString,
    io::Write,
    process,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Work that is done sooner shows no bar.
const PATIENCE: Duration = Duration::from_millis(400);

/// Characters of a note, and of the words beside the bar, after which they are cut.
const MAX_NOTE: usize = 2000;
const MAX_STAGE: usize = 60;

/// The exit code that shells report of a program that Ctrl-C ended.
pub(super) const CANCELLED: i32 = 130;

/// Arguments whose leading `--quiet` stands behind the command or the picture. The window's flags exclude a command,
/// and the parser counts a flag in front among them.
pub(super) fn quiet_behind_the_command(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    let is_quiet = |argument: &&OsString| *argument == "-q" || *argument == "--quiet";
    let leading = arguments.iter().skip(1).take_while(is_quiet).count();
    if let Some(part) = arguments.get_mut(1..(leading + 2)) {
        part.rotate_left(leading);
    }
    arguments
}

/// One progress bar, on a terminal only, and the watch that moves it.
pub(super) struct Console {
    bar: ProgressBar,
    watch: Watch,
    started: Arc<Mutex<Instant>>,
    /// Whether nothing is lost by ending the program at once.
    cuttable: Arc<AtomicBool>,
    quiet: bool,
}

/// How long a cancelled computation may take to end by itself before the program ends where it stands.
const GRACE: Duration = Duration::from_millis(10);

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
        let cuttable = Arc::default();
        Self::end_when_cut(&watch, &bar, &cuttable);
        Console { bar, watch, started, cuttable, quiet }
    }

    /// Ends the program soon after a signal that comes while nothing is lost by it: one layer of a large picture, or one
    /// step of a decoder, takes longer than a person waits.
    fn end_when_cut(watch: &Watch, bar: &ProgressBar, cuttable: &Arc<AtomicBool>) {
        let (watch, bar, cuttable) = (watch.clone(), bar.clone(), Arc::clone(cuttable));
        let wait = move || {
            loop {
                thread::sleep(GRACE / 2);
                if watch.is_cancelled() && cuttable.load(Ordering::SeqCst) {
                    thread::sleep(GRACE);
                    // Taken: the computation cannot go on to write anything.
                    if cuttable.swap(false, Ordering::SeqCst) {
                        bar.finish_and_clear();
                        super::complain(&Error::Cancelled.to_string());
                        process::exit(CANCELLED);
                    }
                }
            }
        };
        // Without a thread, a signal waits for the computation's next step.
        let _ = thread::Builder::new().name("signals".into()).spawn(wait);
    }

    /// Computes what writes nothing: a signal in its midst ends the program at once, with the exit code of a cancelled one.
    pub fn computing<T>(&self, compute: impl FnOnce() -> Result<T>) -> Result<T> {
        self.cuttable.store(true, Ordering::SeqCst);
        let computed = compute();
        if self.cuttable.swap(false, Ordering::SeqCst) {
            // Also what ended just before the signal was noticed was cut.
            return self.watch.check().and(computed);
        }
        // The program is ending.
        loop {
            thread::park();
        }
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
