//! Small pieces of JavaScript: objects, functions and errors as remotes expect them.

use js_sys::{Array, Function, JSON, Object, Reflect};
use wasm_bindgen::prelude::*;

/// Text from outside (a remote's error) is cut here: it is shown in details and sent in reports.
const MESSAGE_LIMIT: usize = 300;

/// Sets an own property. Only a frozen object or a proxy could refuse, and ours are neither.
pub(crate) fn set(object: &JsValue, key: &str, value: impl Into<JsValue>) {
    let _ = Reflect::set(object, &key.into(), &value.into());
}

/// Reads a property; `undefined` where the object has none or its getter throws.
pub(crate) fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Reads a property that holds text.
pub(crate) fn text(object: &JsValue, key: &str) -> Option<String> {
    get(object, key).as_string()
}

/// A frozen object with these properties.
pub(crate) fn frozen<const N: usize>(properties: [(&str, JsValue); N]) -> Object {
    let object = Object::new();
    for (key, value) in properties {
        set(&object, key, value);
    }
    Object::freeze(&object)
}

/// A frozen array of strings.
pub(crate) fn strings<'a>(items: impl IntoIterator<Item = &'a String>) -> Object {
    let array: Array = items.into_iter().map(|item| JsValue::from_str(item)).collect();
    Object::freeze(array.unchecked_ref())
}

/// A function that the JavaScript side owns: it lives as long as something there refers to it. One shape for all of
/// them, because every further shape is another shim to download.
pub(crate) fn function(body: impl Fn(JsValue, JsValue) -> Result<JsValue, JsValue> + 'static) -> Function {
    Closure::<dyn Fn(JsValue, JsValue) -> Result<JsValue, JsValue>>::new(body)
        .into_js_value()
        .unchecked_into()
}

/// Defines a read-only property that is computed at every access.
pub(crate) fn getter(object: &Object, key: &str, value: impl Fn() -> JsValue + 'static) {
    let descriptor = Object::new();
    set(&descriptor, "get", function(move |_, _| Ok(value())));
    set(&descriptor, "enumerable", true);
    Object::define_property(object, &key.into(), &descriptor);
}

/// An `Error` with a name that callers can tell apart.
pub(crate) fn error(name: &str, message: &str) -> JsValue {
    let error = js_sys::Error::new(message);
    error.set_name(name);
    error.into()
}

/// What a thrown value says, as bounded text: an error's name and message, a string as it is, else its JSON.
pub(crate) fn message_of(thrown: &JsValue) -> String {
    let text = match (thrown.as_string(), text(thrown, "message")) {
        (Some(text), _) => text,
        (None, Some(message)) => match self::text(thrown, "name") {
            Some(name) if !name.is_empty() => [&name, ": ", &message].concat(),
            _ => message,
        },
        (None, None) => JSON::stringify(thrown).ok().and_then(|json| json.as_string()).unwrap_or_default(),
    };
    bounded(text, MESSAGE_LIMIT)
}

/// The trace that an error belongs to, where it or its cause says: those of the portal's answers and of calls without one.
pub(crate) fn trace_of(thrown: &JsValue) -> Option<String> {
    let told = |error: &JsValue| text(error, "traceId").filter(|id| !id.is_empty());
    told(thrown).or_else(|| told(&get(thrown, "cause")))
}

/// Cuts text to at most `limit` bytes, at a character boundary.
pub(crate) fn bounded(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        let mut end = limit;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Resolves a URL against the page's address.
pub(crate) fn absolute(url: &str) -> Option<String> {
    let base = crate::dom::document().base_uri().ok().flatten()?;
    web_sys::Url::new_with_base(url, &base).ok().map(|url| url.href())
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = js_sys::Promise)]
    type Rejectable;
    #[wasm_bindgen(method, js_name = catch)]
    fn catch_with(this: &Rejectable, handler: &Function) -> js_sys::Promise;
}

/// Calls `handler` with the reason if the promise rejects.
pub(crate) fn catch(promise: &js_sys::Promise, handler: &Function) {
    let _settled = promise.unchecked_ref::<Rejectable>().catch_with(handler);
}

/// An `Error` for an answer of the server: `status`, `type` and `traceId` say which.
pub(crate) fn problem(problem: &portico_contracts::Problem) -> JsValue {
    let error = error("PortalError", &[problem.title.as_str(), ": ", problem.detail.as_str()].concat());
    set(&error, "status", problem.status);
    set(&error, "type", problem.kind.as_str());
    set(&error, "traceId", problem.trace_id.as_str());
    error
}
