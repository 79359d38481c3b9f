use serde_json::{Map, Value};

/// Makes the document one whose schemas are JSON Schema 2020-12 for requests.
///
/// OpenAPI 3.0 has a dialect of its own: `nullable`, and limits that are made exclusive by a flag. In both versions a
/// member that is `readOnly` belongs to answers, so a request need not have it although it is `required`.
pub(crate) fn modernise(value: &mut Value, is_3_0: bool) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| modernise(item, is_3_0)),
        Value::Object(members) => {
            if is_3_0 {
                nullable(members);
                exclusive(members, "exclusiveMinimum", "minimum");
                exclusive(members, "exclusiveMaximum", "maximum");
            }
            without_read_only(members);
            members.values_mut().for_each(|member| modernise(member, is_3_0));
        }
        _ => {}
    }
}

fn nullable(schema: &mut Map<String, Value>) {
    if schema.get("nullable") != Some(&Value::Bool(true)) {
        return;
    }
    schema.remove("nullable");
    if let Some(Value::String(kind)) = schema.get("type") {
        let types = vec![Value::String(kind.clone()), Value::String("null".to_owned())];
        schema.insert("type".to_owned(), Value::Array(types));
    }
}

fn exclusive(schema: &mut Map<String, Value>, flag: &str, limit: &str) {
    let Some(Value::Bool(on)) = schema.get(flag) else { return };
    let on = *on;
    schema.remove(flag);
    if on && let Some(value) = schema.remove(limit) {
        schema.insert(flag.to_owned(), value);
    }
}

fn without_read_only(schema: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = schema.get("properties") else { return };
    let read_only: Vec<String> = properties
        .iter()
        .filter(|(_, property)| property.get("readOnly") == Some(&Value::Bool(true)))
        .map(|(name, _)| name.clone())
        .collect();
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required
            .retain(|name| !name.as_str().is_some_and(|name| read_only.iter().any(|known| known == name)));
    }
}
