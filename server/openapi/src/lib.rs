//! Requests held against the OpenAPI document of the service they are for.
//!
//! [`Document::parse`] reads a document (3.0 or 3.1, YAML or JSON) and compiles every schema that a request can meet, so
//! that a bad document is a problem when it is loaded and never one of a call. [`Document::operation`] finds what a
//! method and path mean there; [`Operation::check_head`] holds path, query and header fields against it, and
//! [`JsonBody::check`] a body. What does not fit is a [`Rejection`] that names the fields and never repeats a value.
//!
//! Nothing is fetched: a reference to another document is an error of the document.

mod body;
mod document;
mod error;
mod json;
mod legacy;
mod operation;
mod parameter;
mod pointer;
mod rejection;
mod schema;
mod source;
mod templates;

pub use body::{BodyRule, JsonBody};
pub use document::{Document, NoOperation};
pub use error::DocumentError;
pub use operation::{Found, Operation};
pub use rejection::{FieldProblem, Place, Rejection};
pub use source::DOCUMENT_MAX_BYTES;
