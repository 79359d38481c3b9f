use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use serde::ser::SerializeMap as _;
use serde_json::value::RawValue;

/// What a view answers.
#[derive(Debug, Serialize)]
pub(crate) struct ViewAnswer {
    /// Whether every leg brought what it should.
    pub(crate) complete: bool,
    #[serde(serialize_with = "by_name")]
    pub(crate) legs: Vec<(String, LegAnswer)>,
}

/// What one leg brought.
#[derive(Debug, Serialize)]
pub(crate) struct LegAnswer {
    pub(crate) status: u16,
    /// The upstream's JSON, untouched; `null` where the leg failed or there is none.
    pub(crate) body: Option<Box<RawValue>>,
    /// Why it failed: the upstream's own problem, or the portal's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<Box<RawValue>>,
}

/// A problem without `instance` and `traceId`, which the whole answer has in its fields.
#[derive(Debug, Serialize)]
struct LegProblem<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
}

impl LegAnswer {
    /// An upstream's answer, read to its end.
    pub(crate) fn of(status: StatusCode, content_type: &str, body: &Bytes) -> Self {
        let is_json = content_type.starts_with("application/json") || content_type.contains("+json");
        let json = || serde_json::from_slice::<Box<RawValue>>(body).ok();
        match json().filter(|_| is_json) {
            Some(body) if status.is_success() => {
                Self { status: status.as_u16(), body: Some(body), problem: None }
            }
            Some(problem) if content_type.starts_with("application/problem+json") => {
                Self { status: status.as_u16(), body: None, problem: Some(problem) }
            }
            _ if status.is_success() && body.is_empty() => {
                Self { status: status.as_u16(), body: None, problem: None }
            }
            _ if status.is_success() => {
                let detail = "This remote's service answered with something else than JSON.";
                Self::failed(
                    StatusCode::BAD_GATEWAY,
                    "upstream-answer",
                    "The service gave no usable answer",
                    detail,
                )
            }
            _ => {
                let detail = format!("This remote's service answered with status {}.", status.as_u16());
                Self::failed(status, "leg-failed", "The service refused or failed", &detail)
            }
        }
    }

    /// No answer, for a reason of the portal's.
    pub(crate) fn failed(status: StatusCode, slug: &str, title: &str, detail: &str) -> Self {
        let problem =
            LegProblem { kind: format!("/problems/{slug}"), title, status: status.as_u16(), detail };
        let problem = serde_json::value::to_raw_value(&problem).ok();
        Self { status: status.as_u16(), body: None, problem }
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.problem.is_none()
    }
}

/// In the order of the manifest.
fn by_name<S: serde::Serializer>(legs: &[(String, LegAnswer)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(legs.len()))?;
    for (name, leg) in legs {
        map.serialize_entry(name, leg)?;
    }
    map.end()
}
