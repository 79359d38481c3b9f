//! What the program can be asked on its command line besides serving.

mod lint;
mod policy_check;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use thiserror::Error;

pub use policy_check::PolicyCheck;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Serve: without a word.
    Serve,
    /// `lint [--json] [MANIFEST…]`.
    Lint {
        /// Findings as JSON rather than for people.
        json: bool,
        /// Manifests besides those of the configured directories.
        manifests: Vec<PathBuf>,
    },
    /// `policy check [--config FILE] [--record FILE] [--allow-changes] [--json]`.
    PolicyCheck(PolicyCheck),
    /// `help`, `--help`, `-h`.
    Help,
}

/// The words make no command.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{word:?} is not understood here\n\n{USAGE}")]
pub struct UsageError {
    word: String,
}

/// How the program is used.
pub const USAGE: &str = "\
portico                            serve, as PORTICO_CONFIG (or portico.toml) says
portico lint [--json] [MANIFEST…]  report what should not be in configuration and manifests
portico policy check [--config FILE] [--record FILE] [--allow-changes] [--json]
                                   try a policy against recorded decisions: 1 where any would change,
                                   3 where the Open Policy Agent is away";

/// Reads the words after the program's name.
///
/// # Errors
/// [`UsageError`] names the first word that is not understood.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Command, UsageError> {
    let mut words = words.into_iter();
    let Some(first) = words.next() else { return Ok(Command::Serve) };
    match first.to_str() {
        Some("lint") => lint(words),
        Some("policy") => policy(words),
        Some("help" | "--help" | "-h") => Ok(Command::Help),
        _ => Err(unknown(first)),
    }
}

fn lint(words: impl Iterator<Item = OsString>) -> Result<Command, UsageError> {
    let (mut json, mut manifests) = (false, Vec::new());
    for word in words {
        match word.to_str() {
            Some("--json") => json = true,
            Some(option) if option.starts_with('-') => return Err(unknown(word)),
            _ => manifests.push(word.into()),
        }
    }
    Ok(Command::Lint { json, manifests })
}

fn policy(mut words: impl Iterator<Item = OsString>) -> Result<Command, UsageError> {
    match words.next() {
        Some(word) if word == "check" => {}
        other => return Err(unknown(other.unwrap_or_else(|| "policy".into()))),
    }
    let mut check = PolicyCheck::default();
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("--allow-changes") => check.allow_changes = true,
            Some("--json") => check.json = true,
            Some("--config") => check.config = Some(words.next().ok_or_else(|| unknown(word))?.into()),
            Some("--record") => check.record = Some(words.next().ok_or_else(|| unknown(word))?.into()),
            _ => return Err(unknown(word)),
        }
    }
    Ok(Command::PolicyCheck(check))
}

fn unknown(word: OsString) -> UsageError {
    UsageError { word: word.to_string_lossy().into_owned() }
}

/// Does what is not serving.
#[expect(clippy::print_stdout, reason = "what a command finds is its output")]
pub async fn run(command: &Command) -> ExitCode {
    match command {
        Command::Lint { json, manifests } => lint::run(*json, manifests),
        Command::PolicyCheck(check) => policy_check::run(check).await,
        Command::Serve | Command::Help => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Result<Command, UsageError> {
        parse(words.split_whitespace().map(OsString::from))
    }

    #[test]
    fn words_make_commands() {
        assert_eq!(read(""), Ok(Command::Serve));
        assert_eq!(read("--help"), Ok(Command::Help));
        assert_eq!(read("lint"), Ok(Command::Lint { json: false, manifests: Vec::new() }));
        let check = PolicyCheck { record: Some("d.jsonl".into()), json: true, ..PolicyCheck::default() };
        assert_eq!(read("policy check --record d.jsonl --json"), Ok(Command::PolicyCheck(check)));
        let manifests = vec!["a/remote.json".into(), "b.json".into()];
        assert_eq!(read("lint a/remote.json --json b.json"), Ok(Command::Lint { json: true, manifests }));
    }

    #[test]
    fn a_word_that_is_not_understood_is_named_beside_those_that_are() {
        for words in [
            "serve",
            "lint --jsn",
            "--json",
            "policy",
            "policy chek",
            "policy check --record",
            "policy check x",
        ] {
            let told = read(words).expect_err("is refused").to_string();
            assert!(told.contains("is not understood") && told.contains("portico lint"), "{told}");
        }
    }
}
