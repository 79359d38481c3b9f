use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU64, Ordering};

use cedar_policy::{PolicyId, PolicySet, Schema, ValidationMode, Validator};
use miette::Diagnostic;
use thiserror::Error;

use super::entities::Names;
use super::slices::Slices;
use super::{CedarConfig, SCHEMA};
use crate::{Action, Principal, Query, Resource};

/// Why policies cannot be used. Names the file, and line and column where the error has a place.
#[derive(Debug, Error)]
pub enum CedarError {
    /// A file cannot be read.
    #[error("{file}: {error}")]
    Unreadable {
        /// Which.
        file: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// The directory holds no policy: everything would be refused.
    #[error("{0}: no policy is there; a file of policies ends in .cedar")]
    Empty(String),
    /// Something in a file is wrong.
    #[error("{place}: {reason}")]
    Invalid {
        /// `policies/todos.cedar:12:5`, or the file alone.
        place: String,
        /// What, in Cedar's words.
        reason: String,
    },
}

/// The files' texts, as they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sources {
    /// With the names that errors call them.
    policies: Vec<(String, String)>,
    schema: (String, String),
}

/// Policies that passed every check.
pub(super) struct Loaded {
    /// Tells them from all others that this process has loaded.
    pub(super) generation: u64,
    pub(super) policies: Slices,
}

static GENERATIONS: AtomicU64 = AtomicU64::new(1);

impl Sources {
    pub(super) fn read(config: &CedarConfig) -> Result<Self, CedarError> {
        let place = config.policies.as_deref().unwrap_or(Path::new(""));
        let policies = files(place)?.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?;
        if policies.is_empty() {
            return Err(CedarError::Empty(place.display().to_string()));
        }
        let schema = match &config.schema {
            Some(file) => read(file)?,
            None => ("the portal's schema".to_owned(), SCHEMA.to_owned()),
        };
        Ok(Self { policies, schema })
    }
}

impl Loaded {
    pub(super) fn compile(sources: &Sources, names: &Names) -> Result<Self, CedarError> {
        let (file, text) = &sources.schema;
        let schema = Schema::from_cedarschema_str(text).map_err(|error| invalid(file, text, &error))?.0;
        check_questions(&schema, names)
            .map_err(|reason| CedarError::Invalid { place: file.clone(), reason })?;
        let mut policies = PolicySet::new();
        let mut origins = Vec::new();
        for (file, text) in &sources.policies {
            add_file(&mut policies, &mut origins, file, text)?;
        }
        let result = Validator::new(schema).validate(&policies, ValidationMode::Strict);
        if let Some(error) = result.validation_errors().next() {
            let origin = origins.iter().find(|(id, ..)| id == error.policy_id());
            let (file, text) = origin.map_or(("", ""), |(_, file, text)| (*file, *text));
            return Err(invalid(file, text, error));
        }
        let generation = GENERATIONS.fetch_add(1, Ordering::Relaxed);
        Ok(Self { generation, policies: Slices::of(policies) })
    }
}

/// Where each policy came from.
type Origins<'s> = Vec<(PolicyId, &'s str, &'s str)>;

/// Adds a file's policies under names that people know: what `@id("…")` says, or else the file and the position in it.
fn add_file<'s>(
    policies: &mut PolicySet,
    origins: &mut Origins<'s>,
    file: &'s str,
    text: &'s str,
) -> Result<(), CedarError> {
    let parsed = PolicySet::from_str(text).map_err(|error| invalid(file, text, &error))?;
    let at_fault = |reason: String| CedarError::Invalid { place: file.to_owned(), reason };
    if parsed.templates().next().is_some() {
        return Err(at_fault("a template is no policy; nothing links it".to_owned()));
    }
    let stem = Path::new(file).file_stem().map_or_else(|| file.into(), |stem| stem.to_string_lossy());
    for policy in parsed.policies() {
        let position = policy.id().to_string();
        let position = position.strip_prefix("policy").unwrap_or(&position);
        let name = policy.annotation("id").map_or_else(|| format!("{stem}#{position}"), str::to_owned);
        let id = PolicyId::new(&name);
        policies
            .add(policy.new_id(id.clone()))
            .map_err(|_| at_fault(format!("the policy {name} is there twice")))?;
        origins.push((id, file, text));
    }
    Ok(())
}

/// Whether a schema accepts whatever the portal may ask: one question of every kind, with a person and without.
fn check_questions(schema: &Schema, names: &Names) -> Result<(), String> {
    let (remote, page) = (Resource::Remote { id: "acme.todos" }, Resource::Page { path: "/todos" });
    let route = Resource::Route { remote: "acme.todos", pattern: "/todos/**", path: "/todos/7" };
    let event = Resource::Event { remote: "acme.todos", kind: "todos.changed" };
    let function = Resource::Function { name: "session" };
    let person = Principal::new("https://idp.example", "bob", "acme");
    let questions = [
        (Action::Navigate, remote),
        (Action::Open, page),
        (Action::Call("GET"), route),
        (Action::Publish, event),
        (Action::Subscribe, event),
        (Action::Invoke, function),
        (Action::ExchangeToken, remote),
    ];
    for (action, resource) in questions {
        for principal in [Some(&person), None] {
            let query = Query::new(principal, action, resource);
            let refused = |error| format!("the schema does not fit what the portal asks: {error}");
            names.check(&query, schema).map_err(refused)?;
        }
    }
    Ok(())
}

/// The file itself, or a directory's files that end in `.cedar`, in the order of their names.
fn files(path: &Path) -> Result<Vec<PathBuf>, CedarError> {
    let unreadable = |error| CedarError::Unreadable { file: path.display().to_string(), error };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_some_and(|extension| extension == "cedar") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn read(file: &Path) -> Result<(String, String), CedarError> {
    let name = file.display().to_string();
    match fs::read_to_string(file) {
        Ok(text) => Ok((name, text)),
        Err(error) => Err(CedarError::Unreadable { file: name, error }),
    }
}

/// Cedar's error with its place in the file.
fn invalid<E: Diagnostic>(file: &str, text: &str, error: &E) -> CedarError {
    let offset = error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset());
    let place = match offset.and_then(|offset| text.get(..offset)) {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            format!("{file}:{line}:{column}")
        }
        None => file.to_owned(),
    };
    CedarError::Invalid { place, reason: error.to_string() }
}
