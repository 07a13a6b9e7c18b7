//! Downloads weights into the user's cache: with progress, going on where an earlier try stopped, and checked before
//! they get their name. What is there under its name is whole.

use super::sources::{Remote, remote};
use crate::{Error, Result, watch::Watch};
use sha2::{Digest, Sha256};
use std::{
    env,
    fs::{self, File, TryLockError},
    io::{self, ErrorKind, Read, Seek, Write},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

/// How long a server is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How long it may be silent.
    pub silence: Duration,
    /// How long it may send slowly.
    pub slowness: Duration,
    /// Bytes that must come in that time.
    pub least: u64,
}

impl Default for Patience {
    /// 15 seconds of silence; 1 kB a second, over 20 seconds.
    fn default() -> Self {
        Patience { silence: Duration::from_secs(15), slowness: Duration::from_secs(20), least: 20_000 }
    }
}

/// Tries in a row that bring nothing new before a broken connection is reported. Silence and slowness are reported at once.
const TRIES: usize = 3;
const PIECE: usize = 1 << 16;

/// Where downloads are kept: `STRIATE_CACHE`, or the system's folder for caches.
pub fn cache_folder() -> Option<PathBuf> {
    if let Some(folder) = folder("STRIATE_CACHE") {
        return Some(folder);
    }
    system_cache().map(|cache| cache.join("striate"))
}

fn folder(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn system_cache() -> Option<PathBuf> {
    if cfg!(windows) {
        return folder("LOCALAPPDATA");
    }
    let home = folder("HOME");
    if cfg!(target_os = "macos") {
        return home.map(|home| home.join("Library/Caches"));
    }
    folder("XDG_CACHE_HOME").or_else(|| home.map(|home| home.join(".cache")))
}

/// The published weights of a network where they are on this machine: downloaded by [`fetch`], or by torchvision.
pub fn find_local(network: &str) -> Option<PathBuf> {
    let remote = remote(network)?;
    let home = || folder("HOME").map(|home| home.join(".cache"));
    let torch = folder("TORCH_HOME")
        .or_else(|| folder("XDG_CACHE_HOME").or_else(home).map(|cache| cache.join("torch")))
        .map(|torch| torch.join("hub/checkpoints"));
    let places = [cache_folder(), torch];
    places.into_iter().flatten().map(|folder| folder.join(remote.file())).find(|path| is_whole(&remote, path))
}

/// Whether a file is there that can be the whole download. An empty or a much smaller one is what a full disk leaves.
fn is_whole(remote: &Remote, path: &Path) -> bool {
    let least = remote.size.saturating_sub(remote.size / 100 + (1 << 16)).max(1);
    fs::metadata(path).is_ok_and(|info| info.is_file() && info.len() >= least)
}

/// Downloads a file into `folder` and returns its path; at once if it is there already.
///
/// # Errors
/// [`Error::Failed`], naming file, size and source: no connection, no such file, a broken connection (what arrived is
/// kept, and the next try goes on from there), a checksum that is not the name's (what arrived is removed), a disk
/// that is full, another Striate at work on the same file. [`Error::Cancelled`] when cancelled; what arrived is kept.
pub fn fetch(remote: &Remote, folder: &Path, watch: &Watch) -> Result<PathBuf> {
    fetch_with(remote, folder, Patience::default(), watch)
}

/// As [`fetch`], with another patience.
///
/// # Errors
/// Those of [`fetch`].
pub fn fetch_with(remote: &Remote, folder: &Path, patience: Patience, watch: &Watch) -> Result<PathBuf> {
    let target = folder.join(remote.file());
    if is_whole(remote, &target) {
        return Ok(target);
    }
    if fs::metadata(&target).is_ok_and(|info| !info.is_file()) {
        return Err(Error::Failed(format!("{} is in the way: it is no file", target.display())));
    }
    fs::create_dir_all(folder).map_err(|error| Error::io("make the folder", folder, &error))?;
    let path = folder.join(format!("{}.part", remote.file()));
    let mut download = Download::open(remote, path, patience, watch)?;
    let mut failures = 0;
    while !download.is_whole {
        let before = download.done;
        let Err(why) = download.attempt() else { continue };
        failures = if download.done > before { 1 } else { failures + 1 };
        match why {
            Stop::Broken(_) if failures < TRIES => thread::sleep(Duration::from_millis(100)),
            Stop::Broken(why) | Stop::Slow(why) => {
                let (done, total) = (download.done / 1_000_000, remote.size.div_ceil(1_000_000));
                return Err(match done {
                    0 => cannot(remote, &why),
                    _ => cannot(remote, &format!("{why} after {done} of {total} MB; the next try goes on from there")),
                });
            }
            Stop::Final(error) => return Err(error),
        }
    }
    download.finish(&target)?;
    Ok(target)
}

fn cannot(remote: &Remote, why: &str) -> Error {
    Error::Failed(format!("cannot download {}: {why}", remote.describe()))
}

/// Why an attempt ended.
enum Stop {
    /// Another may go on from where this one stopped.
    Broken(String),
    /// Another would have to wait as long.
    Slow(String),
    Final(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Final(error)
    }
}

/// A file that is arriving.
struct Download<'a> {
    remote: &'a Remote,
    watch: &'a Watch,
    patience: Patience,
    path: PathBuf,
    file: File,
    hash: Sha256,
    done: u64,
    is_whole: bool,
}

impl<'a> Download<'a> {
    /// Opens the part that is there, and takes note of what it holds.
    fn open(remote: &'a Remote, path: PathBuf, patience: Patience, watch: &'a Watch) -> Result<Self> {
        let failed = |error: &io::Error| Error::io("write", &path, error);
        let in_the_way = || Error::Failed(format!("{} is in the way: it is a link, or no file", path.display()));
        if fs::symlink_metadata(&path).is_ok_and(|info| !info.is_file()) {
            return Err(in_the_way());
        }
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        // A link that appears just now is not followed, and a pipe is not waited for.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
        let mut file = options.open(&path).map_err(|error| failed(&error))?;
        if !file.metadata().map_err(|error| failed(&error))?.is_file() {
            return Err(in_the_way());
        }
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(cannot(remote, "another Striate is downloading it at this moment"));
            }
            // Where a file system knows no locks, there is none.
            Err(TryLockError::Error(_)) | Ok(()) => {}
        }
        let (mut hash, mut done) = (Sha256::new(), 0);
        let mut piece = vec![0; PIECE];
        loop {
            watch.at(done as usize, remote.size as usize)?;
            match file.read(&mut piece).map_err(|error| failed(&error))? {
                _ if done > most(remote) => break,
                0 => break,
                count => {
                    hash.update(&piece[..count]);
                    done += count as u64;
                }
            }
        }
        let mut download = Download { remote, watch, patience, path, file, hash, done, is_whole: false };
        if download.done > most(remote) {
            download.restart()?;
        }
        Ok(download)
    }

    fn restart(&mut self) -> Result<()> {
        let failed = |error| Error::io("write", &self.path, &error);
        self.file.set_len(0).map_err(failed)?;
        self.file.rewind().map_err(failed)?;
        (self.hash, self.done) = (Sha256::new(), 0);
        Ok(())
    }

    /// Asks for what is missing and writes it as it comes. The connection belongs to a thread of its own, so that
    /// cancelling never waits for a server.
    fn attempt(&mut self) -> Result<(), Stop> {
        let (sender, receiver) = sync_channel(8);
        let (url, from, silence) = (self.remote.url.to_string(), self.done, self.patience.silence);
        thread::spawn(move || {
            let result = request(&url, from, silence, &sender);
            // Nobody listens after a cancel.
            let _ = sender.send(result.map_or_else(Arrival::Failed, |()| Arrival::End));
        });
        // Start of the time in which enough must come, and the bytes that were there.
        let mut since = (Instant::now(), self.done);
        loop {
            self.watch.at(self.done as usize, self.remote.size as usize)?;
            if since.0.elapsed() >= self.patience.slowness {
                if self.done.saturating_sub(since.1) < self.patience.least {
                    let (least, seconds) = (self.patience.least, self.patience.slowness.as_secs_f32());
                    return Err(Stop::Slow(format!("the server sends less than {least} bytes in {seconds} seconds")));
                }
                since = (Instant::now(), self.done);
            }
            match self.next(&receiver)? {
                None => {}
                Some(Arrival::Start { from, length }) => {
                    if from == 0 && self.done > 0 {
                        // A server that knows no ranges starts again, and so do we.
                        self.restart()?;
                    }
                    self.limit(self.done.saturating_add(length.unwrap_or(0)))?;
                }
                Some(Arrival::Data(data)) => {
                    self.limit(self.done + data.len() as u64)?;
                    self.file.write_all(&data).map_err(|error| Error::io("write", &self.path, &error))?;
                    self.hash.update(&data);
                    self.done += data.len() as u64;
                }
                Some(Arrival::End) => {
                    self.is_whole = true;
                    return Ok(());
                }
                Some(Arrival::Failed(Failure::Cut(why))) => return Err(Stop::Broken(why)),
                Some(Arrival::Failed(Failure::Silent)) => return Err(Stop::Slow(silent(self.patience.silence))),
                Some(Arrival::Failed(Failure::Refused(why))) => return Err(cannot(self.remote, &why).into()),
                Some(Arrival::Failed(Failure::NoSuchRange)) => {
                    self.restart()?;
                    return Err(Stop::Broken("the server has less of it than is here".to_owned()));
                }
            }
        }
    }

    fn next(&self, receiver: &Receiver<Arrival>) -> Result<Option<Arrival>, Stop> {
        match receiver.recv_timeout(Duration::from_millis(100)) {
            Ok(arrival) => Ok(Some(arrival)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(Stop::Broken("the connection broke".to_owned())),
        }
    }

    fn limit(&self, size: u64) -> Result<()> {
        let unexpected = || cannot(self.remote, &format!("the server sends another file, of {} MB", size / 1_000_000));
        (size <= most(self.remote)).then_some(()).ok_or_else(unexpected)
    }

    /// Checks what arrived and gives it its name.
    fn finish(self, target: &Path) -> Result<()> {
        let digits: String = self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let wanted = self.remote.checksum();
        if wanted.is_empty() || !digits.starts_with(wanted) {
            let _ = fs::remove_file(&self.path);
            let found = &digits[..wanted.len().max(8)];
            let why =
                format!("what arrived is damaged (its SHA-256 starts with {found}, not {wanted}) and was removed");
            return Err(cannot(self.remote, &why));
        }
        let saved = self.file.sync_all().and_then(|()| fs::rename(&self.path, target));
        saved.map_err(|error| Error::io("write", target, &error))
    }
}

/// Returns the most bytes that a file may have: a little over its size in the table, which is rounded.
fn most(remote: &Remote) -> u64 {
    remote.size.saturating_add(remote.size / 100).saturating_add(1 << 16)
}

/// A message from the thread of the connection.
enum Arrival {
    /// The body follows, from this position on and this long.
    Start {
        from: u64,
        length: Option<u64>,
    },
    Data(Vec<u8>),
    End,
    Failed(Failure),
}

enum Failure {
    /// Trying again may help.
    Cut(String),
    /// Nothing came.
    Silent,
    /// The server has fewer bytes than the request skips.
    NoSuchRange,
    Refused(String),
}

fn request(url: &str, from: u64, silence: Duration, sender: &SyncSender<Arrival>) -> Result<(), Failure> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_resolve(Some(silence))
        .timeout_connect(Some(silence))
        .timeout_recv_response(Some(silence))
        .timeout_per_read(Some(silence))
        .user_agent(concat!("striate/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let mut request = agent.get(url);
    if from > 0 {
        request = request.header("Range", format!("bytes={from}-"));
    }
    let response = request.call().map_err(failure)?;
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let length = header("content-length").and_then(|length| length.parse().ok());
    let from = match response.status().as_u16() {
        200 => 0,
        206 if header("content-range").is_some_and(|range| range.starts_with(&format!("bytes {from}-"))) => from,
        206 => return Err(Failure::Refused("the server sends another part than was asked for".to_owned())),
        416 => return Err(Failure::NoSuchRange),
        404 | 410 => return Err(Failure::Refused("the server has no such file (404)".to_owned())),
        status @ (429 | 500..) => return Err(Failure::Cut(format!("the server is busy or broken ({status})"))),
        status => return Err(Failure::Refused(format!("the server refuses ({status})"))),
    };
    let start = Arrival::Start { from, length };
    if sender.send(start).is_err() {
        return Ok(());
    }
    let mut body = response.into_body().into_reader();
    loop {
        let mut piece = vec![0; PIECE];
        match body.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                piece.truncate(count);
                if sender.send(Arrival::Data(piece)).is_err() {
                    return Ok(());
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::TimedOut => return Err(Failure::Silent),
            Err(_) => return Err(Failure::Cut("the connection broke".to_owned())),
        }
    }
}

fn silent(silence: Duration) -> String {
    format!("nothing came for {} seconds", silence.as_secs_f32())
}

fn unknown_host() -> String {
    "the host cannot be found; is this machine online?".to_owned()
}

fn failure(error: ureq::Error) -> Failure {
    use ureq::Error as E;
    match error {
        E::HostNotFound => Failure::Refused(unknown_host()),
        E::Timeout(_) => Failure::Silent,
        E::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused => Failure::Refused("the connection was refused".to_owned()),
            ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => {
                Failure::Refused("the host cannot be reached; is this machine online?".to_owned())
            }
            ErrorKind::TimedOut => Failure::Silent,
            // The systems' resolvers have no kind of their own.
            _ if ["lookup address", "No such host"].iter().any(|text| error.to_string().contains(text)) => {
                Failure::Refused(unknown_host())
            }
            _ => Failure::Cut(format!("the connection broke ({error})")),
        },
        error => Failure::Refused(format!("{error}")),
    }
}
