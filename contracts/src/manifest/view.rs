use serde::{Deserialize, Serialize};

/// Several `GET` calls to the back end that a browser makes in one: they run in parallel and come back together. Each is
/// authorised as it would be alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendView {
    /// Where it is asked for, below `/bff/{remote}`: literal segments and `{name}` for a parameter.
    pub path: String,
    /// Names of the query parameters that it takes; any other is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<String>,
    /// By people who hold all of these.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// How long all of it may take, in milliseconds; without it as long as one call.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timeout_ms: Option<u32>,
    /// The calls.
    pub legs: Vec<ViewLeg>,
}

/// One call of a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ViewLeg {
    /// What its answer is called.
    pub name: String,
    /// What is asked for below `url`, which a route must declare. `{name}` as a whole segment, or as the whole value of a
    /// query parameter, is the view's parameter of that name; a query parameter that was not given is left out.
    pub path: String,
    /// Whether the view fails with it. Without that, the view says that it is incomplete.
    #[serde(default)]
    pub required: bool,
}
