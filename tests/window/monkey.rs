//! Somebody who presses everything: random clicks, drags, keys, drops of good and bad files, network switches while
//! something is computed. Nothing may panic, and afterwards everything must still work. `MONKEY=10000` makes it long,
//! `MONKEY_SEED` makes it another.

use super::*;
use eframe::egui::{Key, Modifiers};

/// Numbers that look random and are the same every time (Steele, Lea and Flood 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    fn place(&mut self) -> Pos2 {
        pos2(self.below(1280) as f32, self.below(800) as f32)
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

const NETWORKS: [&str; 4] = ["photonet", "LeNet-5", "AlexNet (torchvision)", "GoogLeNet"];

#[test]
fn random_events_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let good = sample(folder.path(), "good");
    let bad = folder.path().join("bad.png");
    std::fs::write(&bad, "no picture").unwrap();
    let answers = Answers::default();
    let Some(mut window) = open_with("photonet", Arc::clone(&answers)) else { return };
    let mut dice = Dice(number("MONKEY_SEED", 1));
    let keys =
        [Key::OpenBracket, Key::CloseBracket, Key::ArrowLeft, Key::ArrowDown, Key::P, Key::Escape, Key::PageDown];
    let keys = [&keys[..], &[Key::Enter, Key::Tab, Key::Space, Key::F1, Key::A, Key::Num7, Key::Backspace]].concat();
    let shortcuts = [Key::D, Key::P, Key::S, Key::O, Key::Num0, Key::Plus, Key::Minus];
    for turn in 0..number("MONKEY", 400) {
        match dice.below(20) {
            0..8 => {
                let at = dice.place();
                click(&mut window, at);
            }
            8..11 => {
                window.drag_at(dice.place());
                window.step();
                window.hover_at(dice.place());
                window.step();
                window.drop_at(dice.place());
                window.step();
            }
            11..15 => {
                window.key_press(dice.of(&keys));
                window.step();
            }
            15 => {
                // The next dialog, if one opens, answers with a file that may be written and may be no picture.
                *answers.lock().unwrap() = vec![folder.path().join(format!("{turn}.png"))];
                window.key_press_modifiers(Modifiers::COMMAND, dice.of(&shortcuts));
                window.step();
            }
            16 => drop_file(&mut window, if dice.below(3) == 0 { bad.clone() } else { good.clone() }),
            17 => {
                window.event(wheel(dice.below(400) as f32 - 200.0));
                window.step();
            }
            18 => {
                window.key_press_modifiers(Modifiers::ALT, dice.of(&[Key::ArrowLeft, Key::ArrowRight]));
                window.step();
            }
            _ => {
                let pickers: Vec<_> = window.query_all_by_label("Network").collect();
                pickers.iter().for_each(egui_kittest::Node::click);
                window.run_steps(2);
                let name = dice.of(&NETWORKS);
                if let Some(search) = window.query_by_label("Search networks") {
                    search.type_text(name);
                }
                window.run_steps(2);
                if let Some(entry) = window.query_all_by_label(name).last() {
                    entry.click();
                }
                window.step();
            }
        }
        window.step();
    }
    // Whatever is open now, the engine comes to rest, and a picture that is dropped runs.
    let start = Instant::now();
    while !window.state().is_idle() {
        assert!(start.elapsed() < Duration::from_secs(300), "a job hangs");
        std::thread::sleep(Duration::from_millis(4));
        window.step();
    }
    drop_file(&mut window, sample(folder.path(), "last"));
    until(&mut window, "the last picture", |app| picture_name(app) == "last.png");
}
