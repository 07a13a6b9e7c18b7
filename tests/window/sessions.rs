//! The state that a session leaves for the next.

use super::*;
use eframe::{App as _, egui::Key};

fn keep(window: &mut Window) -> Box<Kept> {
    let mut kept = Box::<Kept>::default();
    window.state_mut().save(kept.as_mut());
    kept
}

fn pin(window: &mut Window, pane: &str, part: &str) {
    press(window, &format!("Menu of {pane}"));
    press(window, part);
    window.key_press(Key::Escape);
    window.run_steps(2);
}

#[test]
fn pins_are_kept_with_their_layer_class_picture_and_network() {
    let Some(mut window) = open() else { return };
    pin(&mut window, "Activations", "this layer and unit");
    pin(&mut window, "Activations", "this picture and network");
    let class = window.state().shown().unwrap().ranking[2];
    let name = window.state().shown().unwrap().run.model.class_name(class);
    press(&mut window, &format!("class {name}"));
    pin(&mut window, "Pixels", "this class");
    let kept = keep(&mut window);
    drop(window);

    // Another network in the next session: the pane shows the first one beside it.
    let Some(mut window) = open_again("lenet5", Answers::default(), kept) else { return };
    settle(&mut window);
    assert_eq!(window.state().shown().unwrap().run.model.card.name, "lenet5");
    window.get_by_label("feature maps of conv1");
    window.get_by_label_contains("64 maps 32x32");
    press(&mut window, "Menu of Pixels");
    let is_checked = |window: &Window, label: &str| {
        use egui_kittest::kittest::NodeT as _;
        window.get_by_label(label).accesskit_node().toggled() == Some(egui::accesskit::Toggled::True)
    };
    assert!(is_checked(&window, "this class") && !is_checked(&window, "this layer and unit"));
    // Kept again before anything changed, it is the same.
    let again = keep(&mut window);
    assert!(again.get("striate").contains("\"network\":\"photonet\""));
}

#[test]
fn a_broken_settings_file_is_survived() {
    let Some(mut window) = open() else { return };
    let whole = keep(&mut window).get("striate");
    drop(window);
    for broken in [
        whole[..whole.len() / 2].to_owned(),
        whole.replace("\"pin\":{", "\"pin\":{\"place\":\"here\",\"run\":7,"),
        whole.replace("\"root\":", "\"root\":99999,\"was\":"),
        "[]".into(),
    ] {
        let mut kept = Box::<Kept>::default();
        eframe::Storage::set_string(kept.as_mut(), "striate", broken);
        let Some(window) = open_again("photonet", Answers::default(), kept) else { return };
        assert!(window.query_by_label_contains("maps of conv1").is_some());
        assert!(window.query_all_by_label_contains("Menu of").count() > 0);
    }
}

impl Kept {
    fn get(&self, key: &str) -> String {
        eframe::Storage::get_string(self, key).unwrap()
    }
}

#[test]
fn a_network_that_was_left_is_let_go() {
    let Some(mut window) = open() else { return };
    // Both have shown an answer about it, and one is behind a tab when the next comes.
    for tab in ["Regions", "Pixels"] {
        window.get_by_role_and_label(egui::accesskit::Role::Button, tab).click();
        window.run_steps(3);
        settle(&mut window);
    }
    let left = Arc::downgrade(&window.state().shown().unwrap().run);
    choose_network(&mut window, "LeNet-5");
    until(&mut window, "the other network", |app| app.shown().unwrap().run.model.card.name == "lenet5");
    settle(&mut window);
    until(&mut window, "the first to be dropped", |_| left.strong_count() == 0);
}
