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
