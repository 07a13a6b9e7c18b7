//! The program: the window, or the command line. Both are in the library; here they only meet.

use std::process::ExitCode;

fn main() -> ExitCode {
    striate::cli::main(WINDOW)
}

#[cfg(feature = "gui")]
const WINDOW: Option<striate::cli::Window> = Some(|wanted| {
    let striate::cli::Wanted { opening, picture, device } = wanted;
    let camera = striate::ui::background::camera::native();
    striate::ui::run(striate::ui::Start { opening, picture, device, camera })
});

#[cfg(not(feature = "gui"))]
const WINDOW: Option<striate::cli::Window> = None;
