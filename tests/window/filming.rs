//! A camera films for the network: frames made up here, since no test has a camera.

use super::*;
use eframe::egui::{Key, Modifiers};
use image::{Rgb, RgbImage};
use std::sync::mpsc;
use striate::Error;

type Frame = Result<RgbImage, &'static str>;

/// A camera, and what hands it its frames once it films.
fn camera() -> (CameraSource, mpsc::Receiver<mpsc::Sender<Frame>>) {
    let (begun, begins) = mpsc::channel();
    let film: CameraSource = Arc::new(move || {
        let (sender, frames) = mpsc::channel::<Frame>();
        begun.send(sender).unwrap();
        let fail = |why: &str| Error::Failed(why.into());
        Ok(Box::new(move || frames.recv().map_err(|_| fail("the test is over"))?.map_err(fail)))
    });
    (film, begins)
}

fn open_filmed(film: CameraSource) -> Option<Window> {
    open_start("photonet", Answers::default(), Box::default(), Some(film))
}

/// Of one colour, but for a white bar at its left.
fn frame(colour: [u8; 3]) -> RgbImage {
    RgbImage::from_fn(120, 90, |x, _| Rgb(if x < 30 { [255; 3] } else { colour }))
}

/// Begins to film and waits until a first frame is on screen; what hands over the others.
fn first_frame(window: &mut Window, begins: &mpsc::Receiver<mpsc::Sender<Frame>>) -> mpsc::Sender<Frame> {
    toggle(window);
    let frames = begins.recv_timeout(Duration::from_secs(20)).unwrap();
    frames.send(Ok(frame([200, 30, 30]))).unwrap();
    see(window, [200, 30, 30]);
    frames
}

fn toggle(window: &mut Window) {
    press(window, "File");
    press(window, "Webcam");
}

/// Waits until a frame of this colour is on screen, as in a mirror.
fn see(window: &mut Window, colour: [u8; 3]) {
    until(window, "the frame", |app| {
        let picture = app.shown().unwrap().run.picture.as_ref().unwrap();
        let (width, height) = picture.pixels.dimensions();
        let at = |x: u32| picture.pixels.get_pixel(x, height / 2).0;
        (at(0), at(width - 1)) == (colour, [255; 3])
    });
    assert_eq!(picture_name(window.state()), "webcam");
}

#[test]
fn scores_follow_what_is_filmed_and_the_last_picture_stays() {
    let (film, begins) = camera();
    let Some(mut window) = open_filmed(film) else { return };
    let frames = first_frame(&mut window, &begins);
    settle(&mut window);
    let red = window.state().shown().unwrap().run.probabilities.clone();
    let class = window.state().shown().unwrap().ranking[0];
    answer(window.state(), "saliency", Target::Class(class));
    // Whoever looks at a part of it goes on looking there.
    window.key_press(Key::Plus);
    window.run_steps(2);
    let part = window.state().viewport();
    assert_ne!(part, Default::default());
    for level in 1..=30 {
        frames.send(Ok(frame([0, 8 * level, 8 * level]))).unwrap();
    }
    see(&mut window, [0, 240, 240]);
    settle(&mut window);
    assert_ne!(window.state().shown().unwrap().run.probabilities, red);
    assert_eq!(window.state().viewport(), part);
    press(&mut window, "Stop webcam");
    let run = window.state().shown().unwrap().run.id;
    let _ = frames.send(Ok(frame([9, 9, 9])));
    settle(&mut window);
    assert_eq!(window.state().shown().unwrap().run.id, run);
    assert!(window.query_by_label("Stop webcam").is_none());
    // The thread is gone with what it read from.
    let start = Instant::now();
    while frames.send(Ok(frame([9, 9, 9]))).is_ok() {
        assert!(start.elapsed() < Duration::from_secs(20), "the camera still films");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn opening_or_altering_a_picture_ends_filming() {
    let (film, begins) = camera();
    let Some(mut window) = open_filmed(film) else { return };
    let _frames = first_frame(&mut window, &begins);
    press(&mut window, "Flip across");
    settle(&mut window);
    assert!(window.query_by_label("Stop webcam").is_none());
    assert!(window.state().shown().unwrap().run.alteration.mirrored);
    assert_eq!(picture_name(window.state()), "webcam");
    toggle(&mut window);
    let frames = begins.recv_timeout(Duration::from_secs(20)).unwrap();
    frames.send(Ok(frame([0, 90, 30]))).unwrap();
    window.key_press(Key::PageDown);
    until(&mut window, "a sample", |app| picture_name(app) != "webcam");
    settle(&mut window);
    assert_ne!(picture_name(window.state()), "webcam");
    assert!(window.query_by_label("Stop webcam").is_none());
    // Nor does it survive being cancelled, though nothing is computed.
    toggle(&mut window);
    window.get_by_label("Stop webcam");
    window.key_press(Key::Escape);
    window.run_steps(3);
    assert!(window.query_by_label("Stop webcam").is_none());
}

#[test]
fn a_camera_that_fails_says_so_in_a_sentence() {
    let (film, begins) = camera();
    let is_there = std::sync::atomic::AtomicBool::new(false);
    let film: CameraSource = Arc::new(move || match is_there.swap(true, std::sync::atomic::Ordering::Relaxed) {
        true => film(),
        false => Err(Error::Failed("no camera is connected".into())),
    });
    let Some(mut window) = open_filmed(film) else { return };
    let says = |window: &mut Window, what: &str| {
        until(window, what, |app| app.message().is_some_and(|message| message.failed && message.text == what));
        settle(window);
        window.get_by_label(what);
        assert!(window.query_by_label("Stop webcam").is_none());
    };
    toggle(&mut window);
    says(&mut window, "no camera is connected");
    let frames = first_frame(&mut window, &begins);
    // Unplugged while the next is on its way.
    frames.send(Ok(frame([30, 30, 200]))).unwrap();
    std::thread::sleep(Duration::from_millis(20));
    window.step();
    frames.send(Err("the camera is gone")).unwrap();
    says(&mut window, "the camera is gone");
    assert_eq!(picture_name(window.state()), "webcam");
}

#[test]
fn without_a_camera_nothing_offers_one() {
    let Some(mut window) = open() else { return };
    press(&mut window, "File");
    window.get_by_label_contains("Next picture");
    assert!(window.query_by_label("Webcam").is_none());
    window.key_press(Key::Escape);
    window.run_steps(2);
    window.key_press_modifiers(Modifiers::COMMAND, Key::P);
    window.run_steps(3);
    window.get_by_label("Find a command").type_text("webcam");
    window.run_steps(3);
    assert!(window.query_by_label("Webcam").is_none());
}
