use serde_json::Value;

use crate::error::DocumentError;
use crate::json;
use crate::pointer::Node;
use crate::rejection::{FieldProblem, Place, Rejection};
use crate::schema::{Schema, Schemas};

/// The body that an operation takes (OpenAPI 3.1, section 4.8.13).
#[derive(Debug)]
pub(crate) struct RequestBody {
    required: bool,
    content: Vec<(Range, MediaType)>,
}

/// `application/json`, `text/*`, `*/*`.
#[derive(Debug)]
struct Range {
    text: String,
    kind: String,
    subtype: String,
}

#[derive(Debug)]
struct MediaType {
    /// None where it is not JSON, or JSON that may be anything.
    schema: Option<Schema>,
    is_json: bool,
}

/// What is still to be done about a request's body.
#[derive(Clone, Copy, Debug)]
pub enum BodyRule<'d> {
    /// It passes as it is.
    Any,
    /// It is read and held against a schema before anything goes out.
    Json(JsonBody<'d>),
}

/// The schema of a JSON body.
#[derive(Clone, Copy, Debug)]
pub struct JsonBody<'d>(Option<&'d Schema>);

impl JsonBody<'_> {
    /// Holds a whole body against the schema.
    ///
    /// # Errors
    /// [`Rejection::NotJson`] or [`Rejection::Body`].
    pub fn check(&self, bytes: &[u8]) -> Result<(), Rejection> {
        let value: Value = json::parse(bytes).map_err(|error| Rejection::NotJson(reason(&error)))?;
        let Some(schema) = self.0 else { return Ok(()) };
        if schema.is_valid(&value) {
            return Ok(());
        }
        Err(Rejection::Body(schema.problems(&value, Place::Body)))
    }
}

/// Where reading stopped and why, without the text that was found there.
fn reason(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Eof => "it ends too soon",
        serde_json::error::Category::Data => "a member stands twice, or a number is out of range",
        _ => "a character that JSON does not allow there",
    };
    format!("{kind} (line {}, column {})", error.line(), error.column())
}

impl RequestBody {
    pub(crate) fn read(node: &Node<'_>, schemas: &Schemas) -> Result<Self, DocumentError> {
        let content = node.get("content")?.ok_or_else(|| node.wrong("expected `content`"))?;
        let content = content.children()?.into_iter().map(|(name, media)| {
            let range = Range::parse(&name).ok_or_else(|| media.wrong("expected a media type"))?;
            let is_json = range.is_json();
            let schema = if is_json { media.get("schema")? } else { None };
            let schema = schema.map(|schema| schemas.compile(&schema)).transpose()?;
            Ok((range, MediaType { schema, is_json }))
        });
        let mut content = content.collect::<Result<Vec<_>, DocumentError>>()?;
        content.sort_by_key(|(range, _)| range.breadth());
        Ok(Self { required: node.flag("required").unwrap_or(false), content })
    }

    /// What is to be done about a body of this content type; `present` says whether there is one.
    pub(crate) fn rule(
        &self,
        present: bool,
        content_type: Option<&str>,
        encoded: bool,
    ) -> Result<BodyRule<'_>, Rejection> {
        if !present {
            let missing = || FieldProblem::new(Place::Body, "", "is missing");
            return if self.required {
                Err(Rejection::Parameters(vec![missing()]))
            } else {
                Ok(BodyRule::Any)
            };
        }
        let listed =
            || Rejection::ContentType(self.content.iter().map(|(range, _)| range.text.clone()).collect());
        let (kind, subtype) = content_type.and_then(essence).ok_or_else(listed)?;
        let media = self.content.iter().find(|(range, _)| range.takes(&kind, &subtype));
        let (_, media) = media.ok_or_else(listed)?;
        if !media.is_json {
            return Ok(BodyRule::Any);
        }
        // What is compressed would have to be unpacked to be read, at the portal's expense.
        if encoded { Err(listed()) } else { Ok(BodyRule::Json(JsonBody(media.schema.as_ref()))) }
    }
}

/// For an operation without a body: one that is there has no description.
pub(crate) fn unexpected() -> Rejection {
    Rejection::Parameters(vec![FieldProblem::new(
        Place::Body,
        "",
        "is not expected: this operation takes no body",
    )])
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let (kind, subtype) = essence(text)?;
        Some(Self { text: text.to_owned(), kind, subtype })
    }

    fn takes(&self, kind: &str, subtype: &str) -> bool {
        (self.kind == "*" || self.kind == kind) && (self.subtype == "*" || self.subtype == subtype)
    }

    fn is_json(&self) -> bool {
        (self.kind == "application" && self.subtype == "json") || self.subtype.ends_with("+json")
    }

    /// The narrowest range that fits counts.
    fn breadth(&self) -> u8 {
        u8::from(self.subtype == "*") + u8::from(self.kind == "*")
    }
}

/// Type and subtype without parameters, lower case (RFC 9110, section 8.3.1).
fn essence(text: &str) -> Option<(String, String)> {
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (kind, subtype) = essence.split_once('/')?;
    let is_token =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic() && !b"/,\"".contains(&b));
    (is_token(kind) && is_token(subtype)).then(|| (kind.to_owned(), subtype.to_owned()))
}
