use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

use crate::{Application, CloudEvent, Manifest, Problem, Session};

/// A wire type's schema and the name of its file.
pub(super) struct NamedSchema {
    pub(super) file: &'static str,
    pub(super) json: Value,
}

/// The schemas of what a remote team writes or reads (JSON Schema 2020-12).
pub(super) fn all() -> Vec<NamedSchema> {
    vec![
        // The manifest is read by the portal, so what has a default may be left out; the others are read by browsers.
        of::<Manifest>("manifest", SchemaSettings::draft2020_12().for_deserialize()),
        of::<Application>("application", SchemaSettings::draft2020_12().for_serialize()),
        of::<CloudEvent>("cloud-event", SchemaSettings::draft2020_12().for_serialize()),
        of::<Problem>("problem", SchemaSettings::draft2020_12().for_serialize()),
        of::<Session>("session", SchemaSettings::draft2020_12().for_serialize()),
    ]
}

fn of<T: JsonSchema>(file: &'static str, settings: SchemaSettings) -> NamedSchema {
    let mut json = SchemaGenerator::new(settings).into_root_schema_for::<T>().to_value();
    without_null(&mut json);
    NamedSchema { file, json: sorted(json) }
}

/// Members by name: whether `serde_json` keeps the order of insertion depends on what else is built with it.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        Value::Object(members) => {
            let by_name: BTreeMap<String, Value> =
                members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            Value::Object(by_name.into_iter().collect())
        }
        other => other,
    }
}

/// An optional field is left out; nobody needs to write `null` there.
fn without_null(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Object(members) => {
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    members.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(options)) = members.remove("anyOf") {
                let kept: Vec<Value> =
                    options.into_iter().filter(|option| option["type"] != "null").collect();
                match kept.as_slice() {
                    [Value::Object(only)] => members.extend(only.clone()),
                    _ => _ = members.insert("anyOf".to_owned(), Value::Array(kept)),
                }
            }
            if members.get("default") == Some(&Value::Null) {
                members.remove("default");
            }
            members.values_mut().for_each(without_null);
        }
        _ => {}
    }
}
