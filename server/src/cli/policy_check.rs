use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use portico_policy::{Change, Effect, Replay, ReplayError, replay};
use thiserror::Error;

use crate::config::{self, ConfigError};
use crate::services::policy::{engine, policy_config};
use crate::start::{Parts, StartError};

/// Some decision would change.
const CHANGED: u8 = 1;
/// Nothing could be tried.
const UNUSABLE: u8 = 2;
/// The engine that should be tried is not there.
const AWAY: u8 = 3;

/// What to try, and how to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyCheck {
    /// The configuration to try; otherwise the one that `PORTICO_CONFIG` names.
    pub config: Option<PathBuf>,
    /// The recorded decisions; otherwise those that `policy.record` names.
    pub record: Option<PathBuf>,
    /// Changed decisions are no reason to fail.
    pub allow_changes: bool,
    /// For programs.
    pub json: bool,
}

/// Why nothing could be tried.
#[derive(Debug, Error)]
enum CheckError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Engine(#[from] StartError),
    #[error("there is no record: --record names none, and neither does policy.record")]
    NoRecord,
    #[error("the record cannot be read: {0}")]
    Record(ReplayError),
    #[error(
        "{error}. Start it at policy.opa.url ({url}), with the changed policy loaded, and run the check again"
    )]
    Away { url: String, error: ReplayError },
}

impl CheckError {
    fn code(&self) -> u8 {
        match self {
            Self::Away { .. } => AWAY,
            Self::Config(_) | Self::Engine(_) | Self::NoRecord | Self::Record(_) => UNUSABLE,
        }
    }
}

/// Tries the configured policy against recorded decisions and prints which of them would change. Nothing is served, and no
/// decision is recorded.
#[expect(clippy::print_stdout, reason = "what a command finds is its output")]
pub(super) async fn run(options: &PolicyCheck) -> ExitCode {
    let replay = match check(options).await {
        Ok(replay) => replay,
        Err(error) => {
            tracing::error!(error.message = %error, "nothing was tried");
            return ExitCode::from(error.code());
        }
    };
    match options.json {
        true => println!("{}", serde_json::to_string_pretty(&replay).unwrap_or_default()),
        false => print!("{}", report(&replay)),
    }
    let is_fine = replay.changes.is_empty() || options.allow_changes;
    if is_fine { ExitCode::SUCCESS } else { ExitCode::from(CHANGED) }
}

async fn check(options: &PolicyCheck) -> Result<Replay, CheckError> {
    let config = match &options.config {
        Some(file) => config::load_from(Some(file), &environment())?,
        None => config::load()?,
    };
    let policy = policy_config(&config);
    let engine = engine(&policy, &Parts::real(&config).http)?;
    let record: &Path = options.record.as_deref().or(policy.record.as_deref()).ok_or(CheckError::NoRecord)?;
    replay(&*engine, &policy, record).await.map_err(|error| match error {
        ReplayError::Away(_) => CheckError::Away { url: policy.opa.url.unwrap_or_default(), error },
        error => CheckError::Record(error),
    })
}

fn environment() -> BTreeMap<String, String> {
    std::env::vars().collect()
}

/// What people read: each question that would be answered in another way, the most frequent first.
fn report(replay: &Replay) -> String {
    let Replay { decisions, questions, changes } = replay;
    let head = format!("{decisions} recorded decisions, {questions} different questions: ");
    if changes.is_empty() {
        return format!("{head}nothing would change\n");
    }
    let affected: u64 = changes.iter().map(|change| change.times).sum();
    let told: String = changes.iter().map(told).collect();
    format!("{head}{} would be answered in another way ({affected} decisions)\n{told}", changes.len())
}

fn told(change: &Change) -> String {
    let question = &change.question;
    let who = question.principal.as_ref().map_or_else(
        || "nobody".to_owned(),
        |person| format!("{} of {} ({})", person.subject, person.organization, person.roles.join(", ")),
    );
    let action = question.action().map(|action| action.to_string()).unwrap_or_default();
    let (before, after) = (word(change.before), word(change.after));
    format!(
        "\n{before} -> {after}  {action} {resource}\n  who     {who}, {times} times\n  before  {}\n  after   {}\n",
        change.reason_before,
        change.reason_after,
        resource = question.resource(),
        times = change.times,
    )
}

fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "allowed",
        Effect::Deny => "refused",
        Effect::SignIn => "sign in",
        Effect::Unavailable => "no answer",
    }
}
