use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

/// TypeScript declarations of every type in `schemas`, sorted by name.
pub(super) fn declarations(schemas: &[&Value]) -> String {
    let mut types: BTreeMap<&str, &Value> = BTreeMap::new();
    for schema in schemas {
        types.insert(schema["title"].as_str().expect("a root schema has a title"), schema);
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            types.insert(name, definition);
        }
    }
    types.into_iter().map(|(name, schema)| declaration(name, schema)).collect::<Vec<_>>().join("\n")
}

fn declaration(name: &str, schema: &Value) -> String {
    let comment = comment(schema, "");
    match schema["properties"].as_object() {
        Some(properties) => {
            format!("{comment}export interface {name} {{\n{}}}\n", members(schema, properties))
        }
        None => format!("{comment}export type {name} = {};\n", type_of(schema)),
    }
}

fn members(schema: &Value, properties: &Map<String, Value>) -> String {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut text = String::new();
    for (name, property) in properties {
        let optional = if required.contains(&name.as_str()) { "" } else { "?" };
        _ = writeln!(text, "{}  {name}{optional}: {};", comment(property, "  "), type_of(property));
    }
    text
}

fn type_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return name.to_owned();
    }
    if let Some(options) = schema["enum"].as_array() {
        return options.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ");
    }
    if let Some(options) = schema["oneOf"].as_array() {
        return options.iter().map(type_of).collect::<Vec<_>>().join(" | ");
    }
    if !schema["const"].is_null() {
        return schema["const"].to_string();
    }
    match schema["type"].as_str() {
        Some("string") => "string".to_owned(),
        Some("boolean") => "boolean".to_owned(),
        Some("integer" | "number") => "number".to_owned(),
        Some("array") => format!("{}[]", type_of(&schema["items"])),
        Some("object") => format!("Record<string, {}>", type_of(&schema["additionalProperties"])),
        _ => "unknown".to_owned(),
    }
}

/// The doc comment, its paragraphs joined.
fn comment(schema: &Value, indent: &str) -> String {
    let text = schema["description"].as_str().unwrap_or_default().replace("\n\n", " ").replace('\n', " ");
    if text.is_empty() { text } else { format!("{indent}/** {text} */\n") }
}
