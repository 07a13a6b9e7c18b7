//! The program's reference, all from the definitions of the flags: help pages with examples and exit codes, completions
//! for shells, manual pages.

use super::{Cli, args::path, examples::EXAMPLES};
use crate::{Error, Result};
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use std::{fs, path::PathBuf};

/// Stands at the end of every help page.
const EXIT_CODES: &str = "Exit codes: 0 done; 1 it failed; 2 the command line is wrong; 130 interrupted by Ctrl-C.";

/// The command line with the examples and exit codes of each page.
pub(super) fn command() -> Command {
    let names: Vec<String> = Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let whole = Cli::command().after_long_help(ending("", None));
    names.into_iter().fold(whole, |whole, name| {
        whole.mut_subcommand(&name, |command| {
            let own = command.get_after_long_help().map(ToString::to_string);
            command.after_long_help(ending(&name, own))
        })
    })
}

/// The end of a help page: what the page itself has to say, the examples, the exit codes.
fn ending(name: &str, own: Option<String>) -> String {
    let lines = EXAMPLES.iter().filter(|(command, _)| *command == name).flat_map(|(_, lines)| *lines);
    let lines: Vec<String> = lines.map(|line| format!("  striate {line}")).collect();
    let examples = (!lines.is_empty()).then(|| format!("Examples:\n{}", lines.join("\n")));
    own.into_iter().chain(examples).chain([EXIT_CODES.to_owned()]).collect::<Vec<_>>().join("\n\n")
}

/// Print completions of striate's commands and flags for a shell
///
/// Where they belong: bash: ~/.local/share/bash-completion/completions/striate; zsh: a file _striate in a folder of $fpath;
/// fish: ~/.config/fish/completions/striate.fish.
#[derive(clap::Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn completions(args: &CompletionsArgs) -> Result<String> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "striate", &mut script);
    String::from_utf8(script).map_err(|error| Error::Failed(format!("the completions are no text: {error}")))
}

/// Write the manual pages, one a command, into a folder
///
/// The folder is made where it does not exist. Pages of these names in it are replaced if striate wrote them.
#[derive(clap::Args)]
pub(super) struct ManArgs {
    /// The folder, as man1 below a folder of $MANPATH
    #[arg(value_name = "DIR", value_parser = path())]
    folder: PathBuf,
}

/// The name of the program in the heading of every page that it writes.
const HEADING: &str = ".TH striate";

pub(super) fn man(args: &ManArgs) -> Result<String> {
    let folder = &args.folder;
    let pages = pages()?;
    for (name, _) in &pages {
        let path = folder.join(name);
        let own = || fs::read_to_string(&path).is_ok_and(|text| text.contains(HEADING));
        if path.symlink_metadata().is_ok() && !own() {
            return Err(Error::Failed(format!("{} exists and is no page of striate: it stays", path.display())));
        }
    }
    fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, &error))?;
    for (name, page) in &pages {
        let path = folder.join(name);
        fs::write(&path, page).map_err(|error| Error::io("write", &path, &error))?;
    }
    Ok(format!("wrote {} pages to {}\n", pages.len(), folder.display()))
}

/// The pages: file names and texts.
fn pages() -> Result<Vec<(String, Vec<u8>)>> {
    let mut whole = command().disable_help_subcommand(true);
    // Gives the subcommands their whole names, `striate-saliency`.
    whole.build();
    let commands: Vec<Command> = [whole.clone()].into_iter().chain(whole.get_subcommands().cloned()).collect();
    let page = |command: Command| {
        let (page, mut text) = (clap_mangen::Man::new(command), Vec::new());
        let (name, written) = (page.get_filename(), page.render(&mut text));
        written.map_err(|error| Error::Failed(format!("cannot write the page {name}: {error}")))?;
        Ok((name, text))
    };
    commands.into_iter().map(page).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_examples_a_page_and_exit_codes() {
        let whole = command();
        let names: Vec<&str> = whole.get_subcommands().map(Command::get_name).collect();
        for name in &names {
            let help = whole.find_subcommand(name).and_then(Command::get_after_long_help).map(ToString::to_string);
            let help = help.unwrap_or_default();
            assert!(help.contains("Examples:\n  striate ") && help.ends_with(EXIT_CODES), "{name}");
        }
        for (name, _) in EXAMPLES {
            assert!(name.is_empty() || names.contains(name), "{name} is no command");
        }
        let pages = pages().unwrap_or_default();
        assert_eq!(pages.len(), names.len() + 1);
        assert!(pages.iter().all(|(_, page)| String::from_utf8_lossy(page).contains(HEADING)));
    }
}
