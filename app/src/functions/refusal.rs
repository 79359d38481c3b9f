use std::fmt;

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use portico_contracts::Problem;
use serde::{Deserialize, Serialize};

/// Why a server function did not do what was asked: the problem (RFC 9457) that a plain route would have answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Refusal(pub Box<Problem>);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.title)?;
        f.write_str(": ")?;
        f.write_str(&self.0.detail)
    }
}

impl FromServerFnError for Refusal {
    type Encoder = JsonEncoding;

    /// Everything that happens before a function's own body runs: transport in the browser, arguments on the server.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let (status, kind, title) = match &error {
            ServerFnErrorErr::Request(_) => (0, "/problems/offline", "The portal could not be reached"),
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_) => {
                (400, "/problems/bad-request", "The request could not be read")
            }
            _ => (500, "/problems/internal", "Something went wrong"),
        };
        Self(Box::new(Problem {
            kind: kind.into(),
            title: title.into(),
            status,
            detail: if status == 500 { "Try again.".into() } else { error.to_string() },
            instance: String::new(),
            trace_id: String::new(),
            errors: Vec::new(),
        }))
    }
}
