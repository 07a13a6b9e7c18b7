//! Panes about a folder of pictures: its index, what excites units in it, and its mistakes.

use super::*;

/// Steps until the folder is indexed.
fn indexed(window: &mut Window) {
    until(window, "the index", |app| {
        app.indexed()
            .is_some_and(|state| !state.running && state.index.as_ref().is_some_and(|index| index.is_complete()))
    });
    window.run_steps(3);
}

/// A folder of pictures in folders named after classes.
fn pictures() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (class, name) in [("goldfish", "one"), ("goldfish", "two"), ("lemon", "three")] {
        let inside = folder.path().join(class);
        std::fs::create_dir_all(&inside).unwrap();
        let seed = name.len() as u32;
        let colour = move |x: u32, y: u32| image::Rgb([(x * 7 * seed) as u8, (y * 5) as u8, ((x + y) * seed) as u8]);
        image::RgbImage::from_fn(64, 64, colour).save(inside.join(format!("{name}.png"))).unwrap();
    }
    folder
}

#[test]
fn a_folder_is_indexed_and_a_click_opens_a_picture_where_the_unit_is_strongest() {
    let folder = pictures();
    let answers = Answers::default();
    let Some(mut window) = open_with("photonet", Arc::clone(&answers)) else { return };
    show_pane(&mut window, "Top pictures");
    answers.lock().unwrap().push(folder.path().to_owned());
    press(&mut window, "Index a folder…");
    indexed(&mut window);
    // conv1 is shown by its rectifier.
    window.get_by_label_contains("of relu1");
    // The weakest take another look at the folder.
    press(&mut window, "weakest");
    press(&mut window, "Run 3 pictures");
    settle(&mut window);
    assert_eq!(window.query_all_by_label_contains("top picture").count(), 3);
    press(&mut window, "strongest");
    let state = window.state().indexed().unwrap();
    let index = state.index.clone().unwrap();
    let unit = window.state().selection().unit;
    let hit = index.top("relu1", unit).unwrap()[0];
    let file = index.listing.path(hit.picture as usize);
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    assert!(hit.value > 0.0);
    press(&mut window, &format!("top picture {name}"));
    until(&mut window, "the picture", |app| picture_name(app) == name);
    settle(&mut window);
    let app = window.state();
    let node = &app.shown().unwrap().graph().node(layer(&window)).name;
    let position = app.selection().position.unwrap();
    assert_eq!((node.as_str(), app.selection().unit), ("relu1", unit));
    assert_eq!(position[0] * 32 + position[1], hit.position as usize);
    // The value there is the one of the index.
    let maps = &app.shown().unwrap().run.layers[layer(&window)];
    let value = maps.with_values(|values| values[unit * 32 * 32 + hit.position as usize]).unwrap();
    assert!((value - hit.value).abs() <= 1e-3 * hit.value.abs(), "{value} {}", hit.value);
}

#[test]
fn mistakes_of_an_indexed_folder_are_listed_and_opened() {
    let folder = pictures();
    let answers = Answers::default();
    let Some(mut window) = open_with("photonet", Arc::clone(&answers)) else { return };
    show_pane(&mut window, "Mistakes");
    answers.lock().unwrap().push(folder.path().to_owned());
    press(&mut window, "Index a folder…");
    indexed(&mut window);
    window.get_by_label_contains("3 pictures with a class");
    let index = window.state().indexed().unwrap().index.clone().unwrap();
    let model = Arc::clone(&window.state().shown().unwrap().run.model);
    let wrong = (0..3).find_map(|picture| {
        let group = index.listing.entries[picture].group?;
        let class = model.labels.find(&index.listing.groups[group]).unwrap();
        let predicted = index.predictions[picture][0].0 as usize;
        (class != predicted).then(|| (index.listing.path(picture), class, predicted))
    });
    let (file, class, predicted) = wrong.expect("patterns are no goldfish");
    let label = format!("mistake: {} taken for {}", model.class_name(class), model.class_name(predicted));
    window.get_all_by_label(&label).next().unwrap().click();
    window.run_steps(2);
    until(&mut window, "a mistake", |app| picture_name(app) != "chelsea");
    settle(&mut window);
    let opened = window.state().shown().unwrap();
    assert!(file.ends_with(picture_name(window.state())) || opened.ranking[0] == predicted);
}

#[test]
fn an_indexed_folder_becomes_a_map_whose_pictures_open() {
    let folder = pictures();
    let inside = folder.path().join("lemon");
    for seed in 1..6u32 {
        let colour = move |x: u32, y: u32| image::Rgb([(x * seed * 3) as u8, (y * seed) as u8, (x * y) as u8]);
        image::RgbImage::from_fn(48, 48, colour).save(inside.join(format!("more{seed}.png"))).unwrap();
    }
    let answers = Answers::default();
    let Some(mut window) = open_with("photonet", Arc::clone(&answers)) else { return };
    show_pane(&mut window, "Embedding");
    answers.lock().unwrap().push(folder.path().to_owned());
    press(&mut window, "Index a folder…");
    indexed(&mut window);
    press(&mut window, "Compute the features of 8 pictures");
    appear(&mut window, "map of the pictures");
    let places = |window: &mut Window| {
        export(window, "Embedding");
        window.run_steps(2);
    };
    // The nearest pictures to the open one are listed; a click opens one.
    let start = Instant::now();
    while window.query_all_by_label_contains("near picture").next().is_none() {
        assert!(start.elapsed() < Duration::from_secs(60), "no picture is near");
        std::thread::sleep(Duration::from_millis(4));
        window.step();
    }
    let near = window.get_all_by_label_contains("near picture").next().unwrap();
    near.click();
    window.run_steps(2);
    until(&mut window, "the picture", |app| picture_name(app) != "chelsea");
    settle(&mut window);
    // Another layer, another map, by the same slider.
    let before = layer(&window);
    window.get_by_role_and_label(egui::accesskit::Role::Slider, "features of").focus();
    window.key_press(egui::Key::ArrowRight);
    window.run_steps(3);
    assert_ne!(layer(&window), before);
    press(&mut window, "UMAP");
    appear(&mut window, "map of the pictures");
    let table = folder.path().join("map.csv");
    answers.lock().unwrap().push(table.clone());
    places(&mut window);
    until(&mut window, "the table", |_| table.exists());
    let text = std::fs::read_to_string(&table).unwrap();
    assert_eq!((text.lines().count(), text.lines().next()), (9, Some("file,x,y")), "{text}");
}
