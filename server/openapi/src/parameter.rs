use serde_json::{Number, Value};

use crate::error::DocumentError;
use crate::pointer::Node;
use crate::rejection::{FieldProblem, Place};
use crate::schema::{Schema, Schemas};

/// A parameter of an operation (OpenAPI 3.1, section 4.8.12).
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) required: bool,
    form: Form,
    /// None where only its presence can be judged.
    schema: Option<Schema>,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Once.
    Single,
    /// A list, one `name=value` for each item.
    Repeated,
    /// A list in one value, between these.
    Separated(char),
    /// An object, or a document of its own kind: it is passed on unread.
    Unread,
}

impl Parameter {
    /// Reads a parameter; none for a cookie, since no cookie crosses the portal, and for the header fields that OpenAPI
    /// ignores.
    pub(crate) fn read(node: &Node<'_>, schemas: &Schemas) -> Result<Option<Self>, DocumentError> {
        let name = node.text("name").ok_or_else(|| node.wrong("expected a name"))?;
        let place = match node.text("in") {
            Some("path") => Place::Path,
            Some("query") => Place::Query,
            Some("header") => Place::Header,
            Some("cookie") => return Ok(None),
            _ => return Err(node.wrong("expected `in` to be path, query, header or cookie")),
        };
        if place == Place::Header
            && ["accept", "content-type", "authorization"].contains(&name.to_lowercase().as_str())
        {
            return Ok(None);
        }
        let required = place == Place::Path || node.flag("required").unwrap_or(false);
        let schema = node.get("schema")?;
        let form = schema.as_ref().map_or(Ok(Form::Unread), |schema| form(node, place, schema))?;
        let schema = match form {
            Form::Unread => None,
            _ => schema.map(|schema| schemas.compile(&schema)).transpose()?,
        };
        Ok(Some(Self { name: name.to_owned(), place, required, form, schema }))
    }

    /// Holds the texts that were given for it against its schema.
    pub(crate) fn check(&self, texts: &[&str], problems: &mut Vec<FieldProblem>) {
        let mut wrong = |detail: &str| problems.push(FieldProblem::parameter(self.place, &self.name, detail));
        if texts.is_empty() {
            if self.required {
                wrong("is missing");
            }
            return;
        }
        let Some(schema) = &self.schema else { return };
        let readings = match self.form {
            Form::Unread => return,
            // Of two values the service might take the other one.
            Form::Single if texts.len() > 1 => return wrong("stands there more than once"),
            Form::Single => readings(texts[0]),
            Form::Repeated => list(texts),
            Form::Separated(_) if texts.len() > 1 => return wrong("stands there more than once"),
            Form::Separated(by) => list(&texts[0].split(by).collect::<Vec<_>>()),
        };
        if readings.iter().any(|reading| schema.is_valid(reading)) {
            return;
        }
        // The reading that comes closest tells most: the one that is at least of the right type.
        let closest = readings.iter().find(|reading| !schema.is_other_type(reading)).unwrap_or(&readings[0]);
        for problem in schema.problems(closest, self.place).into_iter().take(1) {
            wrong(&problem.detail);
        }
    }
}

fn form(node: &Node<'_>, place: Place, schema: &Node<'_>) -> Result<Form, DocumentError> {
    let is = |kind: &str| match schema.value.get("type") {
        Some(Value::String(only)) => only == kind,
        Some(Value::Array(several)) => several.iter().any(|one| one == kind),
        _ => false,
    };
    if is("object") || schema.value.get("properties").is_some() {
        return Ok(Form::Unread);
    }
    if !is("array") && schema.value.get("items").is_none() {
        return Ok(Form::Single);
    }
    let style = node.text("style").unwrap_or(if place == Place::Query { "form" } else { "simple" });
    let explode = node.flag("explode").unwrap_or(style == "form");
    match (style, explode) {
        ("form", true) => Ok(Form::Repeated),
        ("form" | "simple", _) => Ok(Form::Separated(',')),
        ("spaceDelimited", false) => Ok(Form::Separated(' ')),
        ("pipeDelimited", false) => Ok(Form::Separated('|')),
        _ => Ok(Form::Unread),
    }
}

/// What a text can mean: a string, and the number or truth value that it spells. Which of them is meant is the schema's
/// to say, which may be anything that JSON Schema can express.
fn readings(text: &str) -> Vec<Value> {
    let mut all = vec![Value::String(text.to_owned())];
    if let Some(other) = scalar(text) {
        all.push(other);
    }
    all
}

/// The same for a list: all strings, or every item as the number or truth value that it spells.
fn list(texts: &[&str]) -> Vec<Value> {
    let strings = texts.iter().map(|text| Value::String((*text).to_owned())).collect();
    let scalars: Option<Vec<Value>> = texts.iter().map(|text| scalar(text)).collect();
    [strings].into_iter().chain(scalars).map(Value::Array).collect()
}

fn scalar(text: &str) -> Option<Value> {
    match text {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        _ => text.parse::<Number>().ok().map(Value::Number),
    }
}
