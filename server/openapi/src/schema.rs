use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, Registry, ValidationError, Validator};
use serde_json::{Value, json};

use crate::error::DocumentError;
use crate::pointer::{Node, escape, fragment};
use crate::rejection::{FieldProblem, Place};

/// What the document is called where its schemas refer to one another.
const BASE: &str = "urn:portico:openapi";

/// More problems than that help nobody.
const MOST_PROBLEMS: usize = 20;

/// Compiles the schemas of one document.
pub(crate) struct Schemas {
    registry: Registry<'static>,
}

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct Schema(Validator);

impl Schemas {
    pub(crate) fn of(document: &Value) -> Result<Self, DocumentError> {
        let registry = Registry::new().add(BASE, document.clone()).and_then(|registry| registry.prepare());
        Ok(Self { registry: registry.map_err(|error| DocumentError::new("", error.to_string()))? })
    }

    /// The schema at `node`. Patterns are those of a linear engine: a pattern that could be made to take for ever is
    /// refused here instead of being met by a caller who tries.
    pub(crate) fn compile(&self, node: &Node<'_>) -> Result<Schema, DocumentError> {
        let place = json!({ "$ref": format!("{BASE}{}", fragment(&node.pointer)) });
        let built = jsonschema::options()
            .with_registry(&self.registry)
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .should_ignore_unknown_formats(true)
            .offline()
            .build(&place);
        built.map(Schema).map_err(|error| node.wrong(format!("no usable schema: {error}")))
    }
}

impl Schema {
    pub(crate) fn is_valid(&self, value: &Value) -> bool {
        self.0.is_valid(value)
    }

    /// What is wrong with `value`, each with a pointer into it.
    pub(crate) fn problems(&self, value: &Value, place: Place) -> Vec<FieldProblem> {
        let mut problems = Vec::new();
        for error in self.0.iter_errors(value).take(MOST_PROBLEMS) {
            describe(&error, place, &mut problems);
        }
        problems
    }

    /// Whether the first problem of `value` is that it is of another type.
    pub(crate) fn is_other_type(&self, value: &Value) -> bool {
        let mut errors = self.0.iter_errors(value);
        errors.any(|error| {
            error.instance_path().as_str().is_empty()
                && matches!(error.kind(), ValidationErrorKind::Type { .. })
        })
    }
}

/// A problem names the member it is about, also where the member is missing or should not be there.
fn describe(error: &ValidationError<'_>, place: Place, problems: &mut Vec<FieldProblem>) {
    let at = error.instance_path().as_str();
    let mut add = |pointer: String, detail: String| problems.push(FieldProblem::new(place, &pointer, detail));
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            add(format!("{at}/{}", escape(name)), "is missing".to_owned());
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            for name in unexpected.iter().take(MOST_PROBLEMS) {
                add(format!("{at}/{}", escape(name)), "is not a declared member".to_owned());
            }
        }
        ValidationErrorKind::PropertyNames { .. } => {
            add(at.to_owned(), "has a member whose name is not allowed".to_owned());
        }
        ValidationErrorKind::FalseSchema => add(at.to_owned(), "is not allowed".to_owned()),
        // The rest speaks of the schema's own values; the caller's are masked.
        _ => add(at.to_owned(), error.masked_with("the value").to_string()),
    }
}
