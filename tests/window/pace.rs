//! How long the interface itself works a frame: printed, since machines differ.

use super::*;
use eframe::egui::accesskit::Role;

/// One frame, drawn and tessellated but not rasterised: what the thread of the window does.
pub fn frame(window: &mut Window) -> Duration {
    let start = Instant::now();
    window.step();
    let shapes = window.output().shapes.clone();
    let triangles = window.ctx.tessellate(shapes, window.ctx.pixels_per_point());
    let took = start.elapsed();
    assert!(!triangles.is_empty());
    took
}

pub fn say(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("{what}: median {:?}, 99th percentile {:?}, longest {:?}", at(0.5), at(0.99), at(1.0));
}

#[test]
fn the_next_frame_shows_the_layer_under_the_slider() {
    let Some(mut window) = open_with("vgg16", Answers::default()) else { return };
    let count = window.state().shown().unwrap().run.layers.len();
    let rect = window.get_by_role_and_label(Role::Slider, "Layer").rect();
    // Uploading goes on in the background; give it the time that a person's first look takes.
    for _ in 0..150 {
        std::thread::sleep(Duration::from_millis(10));
        window.step();
    }
    let at = |index: usize| rect.top() + 10.0 + (rect.height() - 20.0) * index as f32 / (count - 1) as f32;
    window.drag_at(pos2(rect.center().x, at(0)));
    window.step();
    let (mut all, mut crowded) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        for index in 0..count {
            window.hover_at(pos2(rect.center().x, at(index)));
            let took = frame(&mut window);
            all.push(took);
            if window.state().shown().unwrap().run.layers[layer(&window)].shape[0] == 512 {
                crowded.push(took);
            }
            let missing = window.query_by_label("feature maps on their way").is_some();
            assert!(!missing, "layer {index} was not there in the next frame");
        }
    }
    assert!(crowded.len() > 10, "vgg16 has layers of 512 units");
    say("a frame while dragging over vgg16", &mut all);
    say("those with 512 tiles", &mut crowded);
}
