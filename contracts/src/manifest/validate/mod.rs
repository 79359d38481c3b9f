//! The rules beyond types, field by field. All broken ones are collected, so that a team fixes them in one go.

mod backend;
mod events;
mod frontend;
mod security;
mod views;

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::rules::{FILE_PATH, LABEL, PERMISSION, REMOTE_NAME, Rule, VERSION, VERSION_RANGE};
use super::{FieldProblem, Manifest};

/// Every broken rule, in the order of the fields.
pub(super) fn validate(manifest: &Manifest) -> Vec<FieldProblem> {
    let mut problems = Problems::default();
    problems.text("/name", &manifest.name, REMOTE_NAME);
    problems.text("/version", &manifest.version, VERSION);
    problems.text("/displayName", &manifest.display_name, LABEL);
    problems.text("/owner", &manifest.owner, LABEL);
    problems.text("/shell", &manifest.shell, VERSION_RANGE);
    frontend::validate(&manifest.frontend, &mut problems);
    if let Some(backend) = &manifest.backend {
        backend::validate(backend, &mut problems);
    }
    problems.texts("/permissions/required", &manifest.permissions.required, PERMISSION);
    events::validate(&manifest.events, &mut problems);
    if let Some(openapi) = &manifest.openapi {
        problems.text("/openapi", openapi, FILE_PATH);
    }
    security::validate(&manifest.security, &mut problems);
    problems.0
}

/// The most entries any list of a manifest may have.
const LONGEST_LIST: usize = 1_000;

#[derive(Default)]
struct Problems(Vec<FieldProblem>);

impl Problems {
    fn add(&mut self, field: impl Display, reason: impl Display) {
        self.0.push(FieldProblem { field: field.to_string(), reason: reason.to_string() });
    }

    fn text(&mut self, field: impl Display, text: &str, rule: Rule) {
        if !(rule.holds)(text) {
            self.add(field, format_args!("expected {}, found {}", rule.expected, quoted(text)));
        }
    }

    /// Every text of a list keeps the rule and stands there once.
    fn texts(&mut self, field: &str, texts: &[String], rule: Rule) {
        self.length(field, texts.len(), 0..=LONGEST_LIST);
        for (i, text) in texts.iter().enumerate() {
            self.text(format_args!("{field}/{i}"), text, rule);
            if texts.iter().take(i).any(|earlier| earlier == text) {
                self.add(
                    format_args!("{field}/{i}"),
                    format_args!("expected each only once, found {} again", quoted(text)),
                );
            }
        }
    }

    fn number(&mut self, field: impl Display, number: u32, range: RangeInclusive<u32>) {
        if !range.contains(&number) {
            self.add(field, format_args!("expected {} to {}, found {number}", range.start(), range.end()));
        }
    }

    fn length(&mut self, field: impl Display, length: usize, range: RangeInclusive<usize>) {
        if !range.contains(&length) {
            self.add(
                field,
                format_args!("expected {} to {} entries, found {length}", range.start(), range.end()),
            );
        }
    }
}

/// A text as an error shows it: on one line and short, whatever was in it.
fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    let shown: String = text.chars().take(SHOWN).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("{shown:?}{more}")
}
