use serde::{Deserialize, Serialize};

/// The events a remote takes part in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Events {
    /// What it publishes.
    #[serde(default)]
    pub publish: Vec<EventDeclaration>,
    /// What it subscribes to.
    #[serde(default)]
    pub subscribe: Vec<EventDeclaration>,
}

/// One event type and the Kafka topic that carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventDeclaration {
    /// The CloudEvent's `type`; contains a dot.
    #[serde(rename = "type")]
    pub kind: String,
    /// The Kafka topic.
    pub topic: String,
    /// What a person needs; all of these.
    #[serde(default)]
    pub permissions: Vec<String>,
}
