//! Zooming and moving in one pane that shows the picture does the same in all.

use super::*;
use eframe::egui::Key;

fn scroll(window: &mut Window, at: Pos2, points: f32) {
    window.hover_at(at);
    window.step();
    window.event(wheel(points));
    window.run_steps(12);
}

fn hovered(window: &mut Window, at: Pos2) -> [f32; 2] {
    window.hover_at(at);
    window.run_steps(2);
    window.state().selection().hover.unwrap().place
}

fn zoom(window: &Window) -> f32 {
    window.state().viewport().zoom()
}

#[test]
fn tiles_show_the_part_that_all_panes_show() {
    let Some(mut window) = open() else { return };
    let grid = window.get_by_label("feature maps of conv1").rect();
    // In the third tile of the first row, towards its lower right.
    let at = grid.min + vec2(2.0 * 76.0 + 50.0, 60.0);
    let before = hovered(&mut window, at);
    let spot = window.state().selection().hover.unwrap().spot.unwrap();
    scroll(&mut window, at, 400.0);
    assert!(zoom(&window) > 2.0, "the wheel zooms tiles that all fit: {}", zoom(&window));
    let after = hovered(&mut window, at);
    let apart = |one: [f32; 2], other: [f32; 2]| (one[0] - other[0]).abs().max((one[1] - other[1]).abs());
    assert!(apart(before, after) < 0.02, "the pointer slipped: {before:?} {after:?}");
    let zoomed = window.state().selection().hover.unwrap().spot.unwrap();
    let near = |axis: usize| zoomed.3[axis].abs_diff(spot.3[axis]) <= 1;
    assert!(zoomed.2 == spot.2 && near(0) && near(1), "{spot:?} {zoomed:?}");
    // Dragging moves them, and selects nothing.
    let unit = window.state().selection().unit;
    window.drag_at(at);
    window.step();
    window.hover_at(at + vec2(-12.0, 9.0));
    window.step();
    window.drop_at(at + vec2(-12.0, 9.0));
    window.run_steps(2);
    let place = hovered(&mut window, at + vec2(-12.0, 9.0));
    assert!(apart(after, place) < 0.02, "what was grabbed stays under the pointer: {after:?} {place:?}");
    assert_eq!((window.state().selection().unit, window.state().selection().position), (unit, None));
    // Where tiles have to be scrolled the wheel does that, and zooms with Ctrl.
    window.key_press(Key::Num0);
    window.run_steps(2);
    window.set_size(vec2(900.0, 600.0));
    for _ in 0..5 {
        window.key_press(Key::CloseBracket);
        window.step();
    }
    settle(&mut window);
    // All units: the strongest alone need no scrolling.
    window.get_by_label_contains("all 192").click();
    settle(&mut window);
    let tiles = window.get_by_label_contains("feature maps of").rect();
    let at = tiles.min + vec2(40.0, 60.0);
    scroll(&mut window, at, -60.0);
    let moved = window.get_by_label_contains("feature maps of").rect();
    assert!(moved.top() < tiles.top() && zoom(&window) == 1.0, "{tiles} {moved} {}", zoom(&window));
    window.hover_at(at);
    window.step();
    window.event(egui::Event::Zoom(2.0));
    window.run_steps(2);
    assert!((zoom(&window) - 2.0).abs() < 1e-3, "{}", zoom(&window));
    assert_eq!(window.get_by_label_contains("feature maps of").rect().top(), moved.top());
}

#[test]
fn all_panes_show_the_same_part() {
    let Some(mut window) = open() else { return };
    let heat = window.get_by_label("heatmap").rect();
    let at = heat.min + heat.size() * vec2(0.3, 0.7);
    let before = hovered(&mut window, at);
    scroll(&mut window, at, 400.0);
    assert!(zoom(&window) > 2.0, "{}", zoom(&window));
    let after = hovered(&mut window, at);
    let apart = |one: [f32; 2], other: [f32; 2]| (one[0] - other[0]).abs().max((one[1] - other[1]).abs());
    assert!(apart(before, after) < 0.01, "the pointer slipped: {before:?} {after:?}");
    // The middles of what the panes show are one place, and so are all other points of them.
    let part = window.state().viewport().part();
    let picture = window.get_by_label("picture").rect();
    assert!(apart(hovered(&mut window, picture.center()), part.center().into()) < 0.01);
    // The map reaches beyond what is seen of it; what is seen is as large as before, and it is moved by dragging.
    let whole = window.get_by_label("map of unit 35").rect();
    let point = whole.min + whole.size() * part.center().to_vec2();
    assert!(apart(hovered(&mut window, point), part.center().into()) < 0.01);
    let start = hovered(&mut window, picture.center());
    window.drag_at(picture.center());
    window.step();
    window.hover_at(picture.center() + vec2(20.0, -15.0));
    window.step();
    window.drop_at(picture.center() + vec2(20.0, -15.0));
    window.step();
    let place = hovered(&mut window, picture.center() + vec2(20.0, -15.0));
    assert!(apart(start, place) < 0.01, "what was grabbed stays under the pointer: {start:?} {place:?}");
    assert_eq!(window.state().selection().position, None, "a drag is no click");
    // A double click shows the whole again; so do keys.
    window.hover_at(heat.center());
    window.step();
    // Within one frame: between frames more time passes here than between the clicks of a hand.
    for pressed in [true, false, true, false] {
        let (pos, button) = (heat.center(), egui::PointerButton::Primary);
        let modifiers = egui::Modifiers::NONE;
        window.input_mut().events.push(egui::Event::PointerButton { pos, button, pressed, modifiers });
    }
    window.run_steps(3);
    assert_eq!(zoom(&window), 1.0);
    window.key_press(Key::Plus);
    window.run_steps(2);
    assert_eq!(zoom(&window), 1.5);
    window.key_press(Key::Num0);
    window.run_steps(2);
    assert_eq!(zoom(&window), 1.0);
}

#[test]
fn what_the_pointer_is_over_is_said_by_every_pane_that_shows_it() {
    let Some(mut window) = open() else { return };
    let says = |window: &Window, text: &str| window.query_all_by_label_contains(text).count() > 0;
    let picture = window.get_by_label("picture").rect();
    assert!(!says(&window, "rgb"));
    let [x, y] = hovered(&mut window, picture.center() + vec2(6.0, -9.0));
    window.run_steps(2);
    // The picture's own pixel; the selected unit's value there, and its reconstruction's.
    assert!(says(&window, "rgb"));
    let (app, unit) = (window.state(), window.state().selection().unit);
    let [_, height, width] = app.shown().unwrap().run.layers[1].shape;
    let at = format!("row {}, column {}", (y * height as f32) as usize, (x * width as f32) as usize);
    assert!(says(&window, &format!("unit {unit}  ·  {at}")), "no pane says unit {unit}, {at}");
    assert!(says(&window, &format!("conv1  ·  unit {unit}  ·  row")), "the reconstruction is not read");
    // Over a reconstruction, the place is where that lies on the picture.
    let pair = window.get_by_label(&format!("deconvnet of unit {unit}")).rect();
    let side = (pair.width() - 2.0) / 2.0;
    let on = |share: f32| pair.min + vec2(side + 2.0, 0.0) + vec2(side, side) * share;
    let (first, second) = (hovered(&mut window, on(0.25)), hovered(&mut window, on(0.75)));
    assert!(first[0] < second[0] && first[1] < second[1], "{first:?} {second:?}");
    window.run_steps(2);
    assert!(says(&window, "rgb"), "the picture says nothing of what lies under a reconstruction");
}
