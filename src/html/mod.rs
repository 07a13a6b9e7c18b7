//! HTML that needs no server and no internet: escaped text, addresses of files, and the frame and style of every page that
//! the program writes.

mod chart;

pub use chart::{ChartLine, line_chart};

use crate::paths::printable;
use std::{
    fmt::Write,
    path::{Component, Path, PathBuf},
};

/// The style of every page.
const STYLE: &str = include_str!("style.css");

/// Plain text as HTML.
pub fn escape(text: &str) -> String {
    printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// `<dt>` and `<dd>` pairs. The values are HTML.
pub fn facts(pairs: &[(&str, String)]) -> String {
    pairs.iter().fold(String::from("<dl class=\"facts\">"), |mut html, (term, value)| {
        let _ = write!(html, "<div><dt>{term}</dt><dd>{value}</dd></div>");
        html
    }) + "</dl>\n"
}

/// A page of one column. `maker` is the command that writes it, `body` HTML.
pub fn plain_page(title: &str, maker: &str, body: &str) -> String {
    let main = format!("<main>\n{body}</main>\n");
    page(title, maker, " class=\"plain\"", &main)
}

/// A page. `attributes` are those of the body, `body` is HTML.
pub fn page(title: &str, maker: &str, attributes: &str, body: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"generator\" content=\"striate {maker} {version}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body{attributes}>\n{body}</body>\n</html>\n",
        escape(title)
    )
}

/// A table. The first cell of a row is its title; all others are numbers. Cells are HTML.
pub fn table(columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut html = String::from("<table>\n<thead><tr>");
    columns.iter().for_each(|column| html.push_str(&format!("<th>{column}</th>")));
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        row.iter().for_each(|cell| html.push_str(&format!("<td>{cell}</td>")));
        html.push_str("</tr>\n");
    }
    html + "</tbody>\n</table>\n"
}

/// The address of a file as pages in `folder` link to it: relative where both have a common root. Both paths are
/// absolute.
pub fn address(file: &Path, folder: &Path) -> String {
    let (file, folder): (Vec<Component>, Vec<Component>) = (file.components().collect(), folder.components().collect());
    let shared = file.iter().zip(&folder).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", folder.len() - shared);
    let relative: PathBuf = match shared {
        0 => return format!("file:///{}", encoded(&file.iter().collect::<PathBuf>())),
        _ => up.map(Path::new).chain(file[shared..].iter().map(|part| Path::new(part.as_os_str()))).collect(),
    };
    encoded(&relative)
}

/// A path with every byte escaped that means something else in an address.
fn encoded(path: &Path) -> String {
    let mut text = String::new();
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => text.push(char::from(byte)),
            b'\\' if cfg!(windows) => text.push('/'),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_relative_and_escaped() {
        let (file, folder) = (Path::new("/data/a b/1#.png"), Path::new("/data/out/x"));
        assert_eq!(address(file, folder), "../../a%20b/1%23.png");
        assert_eq!(address(Path::new("/data/out/x/y.png"), folder), "y.png");
        assert_eq!(escape("<a href=\"&\">"), "&lt;a href=&quot;&amp;&quot;&gt;");
    }
}
