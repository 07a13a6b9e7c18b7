//! Folders that replace only what the program wrote.
#![allow(clippy::unwrap_used)]
use super::*;

const TOUR: FolderKind = FolderKind { what: "tour", index: Some("index.html"), pictures: Some("images"), others: &[] };
const FRAMES: FolderKind = FolderKind { what: "frames", index: None, pictures: None, others: &[] };

/// Every path below `folder`, with the files' contents, without the tours' own lists.
fn tree(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            let text = fs::read_to_string(&path).unwrap_or_default();
            found.push((name, text.split("<!--").next().unwrap().to_owned()));
            if path.is_dir() {
                waiting.push(path);
            }
        }
    }
    found.sort();
    found
}

fn write(target: &Path, text: &str) -> Result<()> {
    let folder = NewFolder::create(target, TOUR)?;
    fs::write(folder.path("images/a.png"), text).unwrap();
    folder.write_index(text)?;
    folder.finish()
}

fn said(target: &Path) -> String {
    write(target, "new").unwrap_err().to_string()
}

fn expected(target: &str, text: &str) -> Vec<(String, String)> {
    let pair = |name: &str, text: &str| (format!("{target}{name}"), text.to_owned());
    vec![pair("", ""), pair("/images", ""), pair("/images/a.png", text), pair("/index.html", text)]
}

#[test]
fn a_tour_replaces_a_tour_and_an_empty_folder_and_nothing_else_is_left() {
    let desk = tempfile::tempdir().unwrap();
    let target = desk.path().join("t");
    fs::create_dir(&target).unwrap();
    write(&target, "one").unwrap();
    assert_eq!(tree(desk.path()), expected("t", "one"));
    write(&target, "two").unwrap();
    assert_eq!(tree(desk.path()), expected("t", "two"));
    drop(NewFolder::create(&target, TOUR).unwrap());
    assert_eq!(tree(desk.path()), expected("t", "two"));
}

#[test]
fn what_a_user_added_or_changed_is_refused_by_its_name_and_stays() {
    let desk = tempfile::tempdir().unwrap();
    let target = desk.path().join("t");
    write(&target, "old").unwrap();
    for name in ["notes.txt", "images/notes.txt", "images/mine.png", "images/a.png", "index.html"] {
        let path = target.join(name);
        let before = fs::read(&path).ok();
        fs::write(&path, "mine").unwrap();
        let all = tree(desk.path());
        let said = said(&target);
        assert!(said.contains(name) || name == "index.html" && said.contains("no tour wrote it"), "{name}: {said}");
        assert_eq!(tree(desk.path()), all, "{name}");
        match before {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
    }
    for name in ["mine", "images/mine"] {
        fs::create_dir(target.join(name)).unwrap();
        assert!(said(&target).contains(name));
        fs::remove_dir(target.join(name)).unwrap();
    }
    // Folders beside it are nobody's but the user's, empty ones too.
    for name in ["t.old", "t.replaced"] {
        fs::create_dir(desk.path().join(name)).unwrap();
        write(&target, "new").unwrap();
        assert!(desk.path().join(name).is_dir());
    }
    fs::create_dir(desk.path().join("t.partial")).unwrap();
    assert!(said(&target).ends_with("t.partial is in the way"));
    assert!(desk.path().join("t.partial").is_dir());
}

#[test]
fn what_comes_into_the_folder_while_it_is_written_stays() {
    let desk = tempfile::tempdir().unwrap();
    let target = desk.path().join("t");
    write(&target, "old").unwrap();
    let folder = NewFolder::create(&target, TOUR).unwrap();
    folder.write_index("new").unwrap();
    fs::write(target.join("notes.txt"), "mine").unwrap();
    assert!(folder.finish().unwrap_err().to_string().contains("notes.txt"));
    assert_eq!(fs::read_to_string(target.join("notes.txt")).unwrap(), "mine");
    assert_eq!(fs::read_dir(desk.path()).unwrap().count(), 1);
}

#[test]
fn two_at_once_do_not_meet() {
    let desk = tempfile::tempdir().unwrap();
    let target = desk.path().join("t");
    let first = NewFolder::create(&target, TOUR).unwrap();
    assert!(said(&target).contains("another Striate is writing it at this moment"));
    first.write_index("one").unwrap();
    first.finish().unwrap();
    write(&target, "two").unwrap();
}

/// Leaves the folder as a killed run does: with everything in it, but without a lock.
fn killed(folder: NewFolder) {
    let NewFolder { partial, target, .. } = &folder;
    let (partial, target) = (partial.clone(), target.clone());
    let kept = partial.with_extension("kept");
    fs::rename(&partial, &kept).unwrap();
    drop(folder);
    fs::rename(&kept, &partial).unwrap();
    assert!(!target.join(MARKER).exists());
}

#[test]
fn a_run_that_is_killed_at_any_step_hinders_no_later_one() {
    let desk = tempfile::tempdir().unwrap();
    let target = desk.path().join("t");
    for has_old in [false, true] {
        for step in 0..6 {
            if has_old {
                write(&target, "old").unwrap();
            }
            let folder = NewFolder::create(&target, TOUR).unwrap();
            fs::write(folder.path("images/a.png"), "half").unwrap();
            let half = folder.path(&format!("images/{}", next_name()));
            match step {
                0 => fs::write(half, "half").unwrap(),
                _ => folder.write_index("killed").unwrap(),
            }
            let partial = folder.partial.clone();
            killed(folder);
            let replaced = desk.path().join("t.replaced");
            match step {
                // The old folder is marked; then exchanged; or renamed, and the new one too.
                2 if has_old => fs::write(target.join(MARKER), "").unwrap(),
                3 if has_old => {
                    fs::write(target.join(MARKER), "").unwrap();
                    exchange(&partial, &target).unwrap();
                }
                4 if has_old => {
                    fs::write(target.join(MARKER), "").unwrap();
                    fs::rename(&target, &replaced).unwrap();
                }
                5 if has_old => {
                    fs::write(target.join(MARKER), "").unwrap();
                    fs::rename(&target, &replaced).unwrap();
                    fs::rename(&partial, &target).unwrap();
                }
                3 => fs::rename(&partial, &target).unwrap(),
                _ => {}
            }
            write(&target, "new").unwrap();
            assert_eq!(tree(desk.path()), expected("t", "new"), "step {step}, old {has_old}");
            fs::remove_dir_all(&target).unwrap();
        }
    }
}

#[test]
fn folders_of_frames_are_new() {
    let desk = tempfile::tempdir().unwrap();
    let target = desk.path().join("frames");
    let folder = NewFolder::create(&target, FRAMES).unwrap();
    fs::write(folder.path("00001.png"), "x").unwrap();
    folder.finish().unwrap();
    assert_eq!(fs::read_dir(&target).unwrap().count(), 1);
    assert!(NewFolder::create(&target, FRAMES).err().unwrap().to_string().ends_with("it is not empty"));
    let folder = NewFolder::create(&desk.path().join("none"), FRAMES).unwrap();
    fs::write(folder.path("00001.png"), "x").unwrap();
    fs::write(folder.path("mine.txt"), "x").unwrap();
    drop(folder);
    assert!(desk.path().join("none.partial/mine.txt").is_file());
}

#[cfg(unix)]
#[test]
fn links_are_followed_or_refused_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let desk = tempfile::tempdir().unwrap();
    let target = desk.path().join("t");
    write(&target, "old").unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o750)).unwrap();
    symlink("t", desk.path().join("link")).unwrap();
    write(&desk.path().join("link"), "new").unwrap();
    assert!(desk.path().join("link").is_symlink());
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o750);
    symlink("nowhere", desk.path().join("dangling")).unwrap();
    assert!(said(&desk.path().join("dangling")).ends_with("it is a link to nothing"));
    symlink("/etc/passwd", target.join("images/b.png")).unwrap();
    assert!(said(&target).contains("images/b.png"));
}
