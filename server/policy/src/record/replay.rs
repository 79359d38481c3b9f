use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use thiserror::Error;

use super::Recorded;
use super::file::older;
use crate::record::line;
use crate::{
    Claims, Decision, Effect, Health, PathParameter, PolicyConfig, PolicyEngine, Principal, Query, Question,
    Resource,
};

/// What trying a policy against a record came to.
#[derive(Debug, Default, Serialize)]
pub struct Replay {
    /// How many decisions the record holds.
    pub decisions: u64,
    /// How many different questions they answer.
    pub questions: usize,
    /// The questions that would be answered in another way, most frequent first.
    pub changes: Vec<Change>,
}

/// A question that would be answered in another way.
#[derive(Debug, Serialize)]
pub struct Change {
    /// What was asked.
    pub question: Question<'static>,
    /// How often the record has it.
    pub times: u64,
    /// What came of it.
    pub before: Effect,
    /// And why.
    pub reason_before: String,
    /// What would come of it.
    pub after: Effect,
    /// And why.
    pub reason_after: String,
}

/// Why nothing was tried.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The engine does not decide at all, so that nobody knows what would change: why.
    #[error("the policy engine does not answer: {0}")]
    Away(String),
    /// There is no such file.
    #[error("{file}: {error}")]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A line is no decision.
    #[error("{file}:{line}: {error}")]
    Line {
        /// Which file.
        file: PathBuf,
        /// Which line, the first being 1.
        line: usize,
        /// What is wrong with it.
        error: serde_json::Error,
    },
    /// A line names an action that there is not.
    #[error("{file}:{line}: there is no action {action:?}")]
    Action {
        /// Which file.
        file: PathBuf,
        /// Which line, the first being 1.
        line: usize,
        /// The action.
        action: String,
    },
}

/// Asks `engine` everything that the record at `path` holds. What roles add up to is taken from `config`, not from the record:
/// a change of roles and plans is a change of policy as well.
///
/// # Errors
/// The record cannot be read. Its last line may be half written, since the portal goes on; it is left out then. Or the engine
/// is not there, or goes away meanwhile. One that is there and has no answer to a question has none in the portal either: that
/// is a change.
pub async fn replay(
    engine: &dyn PolicyEngine,
    config: &PolicyConfig,
    path: &Path,
) -> Result<Replay, ReplayError> {
    let mut result = Replay::default();
    let recorded = read(path, &mut result.decisions)?;
    result.questions = recorded.len();
    is_there(engine).await?;
    for (recorded, times) in recorded {
        let decision = decide(engine, config, &recorded).await;
        if decision.is_unavailable() {
            is_there(engine).await?;
        }
        if decision.effect != recorded.effect {
            result.changes.push(Change {
                question: recorded.question,
                times,
                before: recorded.effect,
                reason_before: recorded.reason.into_owned(),
                after: decision.effect,
                reason_after: decision.reason.into_owned(),
            });
        }
    }
    result.changes.sort_by_key(|change| std::cmp::Reverse(change.times));
    Ok(result)
}

async fn is_there(engine: &dyn PolicyEngine) -> Result<(), ReplayError> {
    match engine.health().await {
        Health::Down(reason) => Err(ReplayError::Away(reason)),
        Health::Good | Health::Stale(_) => Ok(()),
    }
}

async fn decide(engine: &dyn PolicyEngine, config: &PolicyConfig, recorded: &Recorded<'_>) -> Decision {
    let question = &recorded.question;
    let principal = question.principal.as_ref().map(|person| {
        let roles = person.roles.to_vec();
        let entitlements = config.entitlements(&person.organization, roles.iter().map(String::as_str));
        let claims = person.claims.iter().map(|(name, values)| (name.to_string(), values.to_vec())).collect();
        Principal::new(&*person.issuer, &*person.subject, &*person.organization)
            .with_roles(roles, entitlements)
            .with_claims(Claims::new(Some(Arc::new(claims))))
    });
    let parameters = match question.resource() {
        Resource::Route { pattern, .. } => PathParameter::all_in(pattern),
        _ => Vec::new(),
    };
    let Some(action) = question.action() else { return Decision::deny("there is no such action") };
    let query = Query::new(principal.as_ref(), action, question.resource())
        .requiring(&question.required)
        .on_condition(&recorded.conditions, &parameters, recorded.query.as_deref())
        .public(question.public);
    engine.ask(&query).await
}

/// The latest decision of each question, and how often the question is there.
fn read(path: &Path, decisions: &mut u64) -> Result<Vec<(Recorded<'static>, u64)>, ReplayError> {
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut recorded: Vec<(Recorded<'static>, u64)> = Vec::new();
    let before = older(path);
    let files = [before.is_file().then_some(before.as_path()), Some(path)];
    for file in files.into_iter().flatten() {
        let unreadable = |error| ReplayError::Unreadable { file: file.to_owned(), error };
        let mut lines = BufReader::new(File::open(file).map_err(unreadable)?).lines().enumerate().peekable();
        while let Some((at, text)) = lines.next() {
            let text = text.map_err(unreadable)?;
            let line = match serde_json::from_str::<Recorded<'static>>(&text) {
                Ok(line) => line,
                Err(_) if lines.peek().is_none() => break,
                Err(error) => return Err(ReplayError::Line { file: file.to_owned(), line: at + 1, error }),
            };
            if line.question.action().is_none() {
                let action = line.question.action.into_owned();
                return Err(ReplayError::Action { file: file.to_owned(), line: at + 1, action });
            }
            *decisions += 1;
            let at = *known.entry(line::key(&line)).or_insert_with(|| {
                recorded.push((line.clone(), 0));
                recorded.len() - 1
            });
            recorded[at].1 += 1;
            recorded[at].0 = line;
        }
    }
    Ok(recorded)
}
