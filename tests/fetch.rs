//! Downloading, against servers that behave and servers that do not. Each is a few lines here: no test leaves this
//! machine.
#![allow(clippy::unwrap_used, clippy::panic)]

use sha2::{Digest, Sha256};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};
use striate::{
    Error,
    watch::Watch,
    weights::{Patience, Remote, fetch, fetch_with},
};

/// Answers every request in a thread of its own: `answer` gets the connection and where the request wants to start.
struct Server {
    port: u16,
    /// Where each request wanted to start.
    asked: Arc<Mutex<Vec<usize>>>,
}

fn serve(answer: impl Fn(&mut TcpStream, usize, usize) + Send + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    thread::spawn(move || {
        for (index, connection) in listener.incoming().enumerate() {
            let mut connection = connection.unwrap();
            let mut from = 0;
            for line in BufReader::new(connection.try_clone().unwrap()).lines() {
                let line = line.unwrap().to_ascii_lowercase();
                if let Some(range) = line.strip_prefix("range: bytes=") {
                    from = range.trim_end_matches('-').parse().unwrap();
                }
                if line.is_empty() {
                    break;
                }
            }
            log.lock().unwrap().push(from);
            answer(&mut connection, from, index);
        }
    });
    Server { port, asked }
}

fn body() -> Vec<u8> {
    (0..3_000_000u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes().into_iter().take(1)).collect()
}

/// The file `body` at a server, under a name with the right checksum.
fn remote(server: &Server) -> Remote {
    let digits: String = Sha256::digest(body()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    Remote { url: format!("http://127.0.0.1:{}/models/tiny-{digits}.pth", server.port).into(), size: 3_000_000 }
}

fn head(connection: &mut TcpStream, status: &str, length: usize, more: &str) {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n");
    connection.write_all(head.as_bytes()).unwrap();
}

/// A server that knows ranges and sends at most `count` bytes for a request before it cuts the connection.
fn good(connection: &mut TcpStream, from: usize, count: usize) {
    let body = body();
    let rest = &body[from..];
    let range = format!("Content-Range: bytes {from}-{}/{}\r\n", body.len() - 1, body.len());
    let (status, range) = if from > 0 { ("206 Partial Content", range.as_str()) } else { ("200 OK", "") };
    head(connection, status, rest.len(), range);
    // The other side may have gone.
    let _ = connection.write_all(&rest[..count.min(rest.len())]);
}

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn said(remote: &Remote, folder: &Path) -> String {
    let message = fetch(remote, folder, &Watch::default()).unwrap_err().to_string();
    let start = format!("cannot download {} (3 MB) from 127.0.0.1:", remote.file());
    assert!(message.starts_with(&start) && message.lines().count() == 1, "{message}");
    message
}

#[test]
fn a_whole_file_arrives_once_with_progress() {
    let server = serve(|connection, from, _| good(connection, from, usize::MAX));
    let folder = tempfile::tempdir().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let watch = Watch::reporting(move |fraction| sink.lock().unwrap().push(fraction));
    let place = folder.path().join("new/cache");
    let path = fetch(&remote(&server), &place, &watch).unwrap();
    assert_eq!(fs::read(&path).unwrap(), body());
    assert_eq!(entries(&place), [remote(&server).file()]);
    let seen = seen.lock().unwrap();
    assert!(seen.len() > 3 && seen.is_sorted() && *seen.last().unwrap() > 0.95, "{seen:?}");
    assert_eq!(fetch(&remote(&server), &place, &Watch::default()).unwrap(), path);
    assert_eq!(*server.asked.lock().unwrap(), [0]);
}

#[test]
fn a_cut_connection_is_taken_up_where_it_broke() {
    let server = serve(|connection, from, _| good(connection, from, 1_000_000));
    let folder = tempfile::tempdir().unwrap();
    let path = fetch(&remote(&server), folder.path(), &Watch::default()).unwrap();
    assert_eq!(fs::read(path).unwrap(), body());
    let asked = server.asked.lock().unwrap();
    assert!(asked.len() >= 3 && asked[0] == 0 && asked.is_sorted() && asked[1] > 0, "{asked:?}");
}

#[test]
fn a_server_that_goes_away_leaves_a_part_that_the_next_try_takes_up() {
    let server = serve(|connection, from, index| {
        let count = if index == 0 { 1_500_000 } else { 0 };
        good(connection, from, if index < 8 && index > 2 { usize::MAX } else { count });
    });
    let folder = tempfile::tempdir().unwrap();
    let message = said(&remote(&server), folder.path());
    assert!(message.contains("broke after 1 of 3 MB; the next try goes on from there"), "{message}");
    assert_eq!(entries(folder.path()), [format!("{}.part", remote(&server).file())]);
    let path = fetch(&remote(&server), folder.path(), &Watch::default()).unwrap();
    assert_eq!(fs::read(path).unwrap(), body());
    assert!(*server.asked.lock().unwrap().last().unwrap() > 0);
}

#[test]
fn a_server_without_ranges_starts_again() {
    let server = serve(|connection, _, index| good(connection, 0, if index == 0 { 1_000_000 } else { usize::MAX }));
    let folder = tempfile::tempdir().unwrap();
    let path = fetch(&remote(&server), folder.path(), &Watch::default()).unwrap();
    assert_eq!(fs::read(path).unwrap(), body());
}

#[test]
fn a_part_that_is_longer_than_the_file_is_dropped() {
    let server = serve(|connection, from, _| match from {
        0 => good(connection, 0, usize::MAX),
        _ => head(connection, "416 Range Not Satisfiable", 0, ""),
    });
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(format!("{}.part", remote(&server).file())), vec![0; 3_000_000]).unwrap();
    fetch(&remote(&server), folder.path(), &Watch::default()).unwrap();
    assert_eq!(*server.asked.lock().unwrap(), [3_000_000, 0]);
}

#[test]
fn a_wrong_checksum_leaves_nothing() {
    let server = serve(|connection, _, _| {
        head(connection, "200 OK", 3_000_000, "");
        connection.write_all(&vec![1; 3_000_000]).unwrap();
    });
    let folder = tempfile::tempdir().unwrap();
    let message = said(&remote(&server), folder.path());
    assert!(message.contains("damaged (its SHA-256 starts with") && message.ends_with("removed"), "{message}");
    assert!(entries(folder.path()).is_empty());
}

#[test]
fn no_such_file_no_such_host_no_server_and_another_file() {
    let server = serve(|connection, _, _| head(connection, "404 Not Found", 0, ""));
    let folder = tempfile::tempdir().unwrap();
    assert!(said(&remote(&server), folder.path()).ends_with("the server has no such file (404)"));
    let server = serve(|connection, _, _| head(connection, "503 Service Unavailable", 0, ""));
    assert!(said(&remote(&server), folder.path()).contains("busy or broken (503)"));
    let server = serve(|connection, _, _| head(connection, "200 OK", 1 << 40, ""));
    assert!(said(&remote(&server), folder.path()).contains("the server sends another file"));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = Server { port, asked: Arc::default() };
    assert!(said(&remote(&nobody), folder.path()).ends_with("the connection was refused"));
    let nowhere = Remote { url: "http://striate.invalid/a-00000000.pth".into(), size: 1 };
    let message = fetch(&nowhere, folder.path(), &Watch::default()).unwrap_err().to_string();
    assert!(message.contains("from striate.invalid: the host cannot be found"), "{message}");
}

#[test]
fn cancelling_does_not_wait_for_a_slow_server() {
    let server = serve(|connection, _, _| {
        head(connection, "200 OK", 3_000_000, "");
        connection.write_all(&body()[..100_000]).unwrap();
        thread::sleep(Duration::from_secs(20));
    });
    let folder = tempfile::tempdir().unwrap();
    let watch = Watch::default();
    let canceller = watch.clone();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(500));
        canceller.cancel();
    });
    let start = Instant::now();
    assert!(matches!(fetch(&remote(&server), folder.path(), &watch), Err(Error::Cancelled)));
    assert!(start.elapsed() < Duration::from_secs(5));
    let part = folder.path().join(format!("{}.part", remote(&server).file()));
    assert_eq!(fs::metadata(part).unwrap().len(), 100_000);
}

#[test]
fn two_at_once_do_not_write_the_same_file() {
    let server = serve(|connection, from, _| good(connection, from, usize::MAX));
    let folder = tempfile::tempdir().unwrap();
    let part = fs::File::create(folder.path().join(format!("{}.part", remote(&server).file()))).unwrap();
    part.lock().unwrap();
    assert!(said(&remote(&server), folder.path()).ends_with("another Striate is downloading it at this moment"));
}

/// Little patience, so that a test is short.
const HASTY: Patience =
    Patience { silence: Duration::from_millis(400), slowness: Duration::from_millis(600), least: 20_000 };

#[test]
fn a_silent_and_a_dribbling_server_are_given_up_soon() {
    let silent = serve(|connection, _, _| {
        head(connection, "200 OK", 3_000_000, "");
        thread::sleep(Duration::from_secs(5));
    });
    let dribbling = serve(|connection, _, _| {
        head(connection, "200 OK", 3_000_000, "");
        while connection.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    for (server, why) in [(silent, "nothing came for 0.4 seconds"), (dribbling, "less than 20000 bytes in 0.6 seconds")]
    {
        let folder = tempfile::tempdir().unwrap();
        let start = Instant::now();
        let said = fetch_with(&remote(&server), folder.path(), HASTY, &Watch::default()).unwrap_err().to_string();
        assert!(said.contains(why), "{said}");
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}: {said}", start.elapsed());
        assert_eq!(server.asked.lock().unwrap().len(), 1, "one try: {said}");
    }
    // With the usual patience: far below the minute and a half that three tries of half a minute took.
    assert!(Patience::default().silence.max(Patience::default().slowness) <= Duration::from_secs(20));
}

#[test]
fn an_empty_file_in_the_cache_is_fetched_again() {
    let server = serve(|connection, from, _| good(connection, from, usize::MAX));
    let (remote, folder) = (remote(&server), tempfile::tempdir().unwrap());
    let target = folder.path().join(remote.file());
    fs::write(&target, b"").unwrap();
    assert_eq!(fetch(&remote, folder.path(), &Watch::default()).unwrap(), target);
    assert_eq!(fs::read(target).unwrap(), body());
}

#[cfg(unix)]
#[test]
fn links_and_pipes_in_the_cache_are_neither_followed_nor_waited_for() {
    let server = serve(|connection, from, _| good(connection, from, usize::MAX));
    let remote = remote(&server);
    let pipe = |path: &Path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    let outside = tempfile::tempdir().unwrap();
    let own = outside.path().join("precious");
    fs::write(&own, "mine").unwrap();
    let link = |path: &Path| std::os::unix::fs::symlink(&own, path).unwrap();
    for (end, make) in [(".part", &link as &dyn Fn(&Path)), (".part", &pipe), ("", &pipe)] {
        let folder = tempfile::tempdir().unwrap();
        make(&folder.path().join(format!("{}{end}", remote.file())));
        let said = fetch(&remote, folder.path(), &Watch::default()).unwrap_err().to_string();
        assert!(said.contains("is in the way"), "{said}");
    }
    assert_eq!(fs::read_to_string(own).unwrap(), "mine");
}
