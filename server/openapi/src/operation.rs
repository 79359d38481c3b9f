use std::borrow::Cow;

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use url::form_urlencoded;

use crate::body::{BodyRule, RequestBody, unexpected};
use crate::error::DocumentError;
use crate::parameter::Parameter;
use crate::pointer::Node;
use crate::rejection::{FieldProblem, Place, Rejection};
use crate::schema::Schemas;
use crate::templates::Values;

/// One operation of the document: a method on a path.
#[derive(Debug)]
pub struct Operation {
    parameters: Vec<Parameter>,
    body: Option<RequestBody>,
}

/// The operation that a request is for, with what its path says.
#[derive(Debug)]
pub struct Found<'d, 'p> {
    pub(crate) operation: &'d Operation,
    pub(crate) values: Values<'p>,
}

impl Operation {
    /// Reads the operation at `node`; `inherited` are the parameters of its path, which it may declare anew.
    pub(crate) fn read(
        node: &Node<'_>,
        inherited: Option<&Node<'_>>,
        schemas: &Schemas,
    ) -> Result<Self, DocumentError> {
        let mut parameters: Vec<Parameter> = Vec::new();
        let own = node.get("parameters")?;
        for list in own.iter().chain(inherited) {
            for (_, node) in list.children()? {
                let Some(parameter) = Parameter::read(&node, schemas)? else { continue };
                let known =
                    |known: &Parameter| known.place == parameter.place && known.name == parameter.name;
                if !parameters.iter().any(known) {
                    parameters.push(parameter);
                }
            }
        }
        let body = node.get("requestBody")?;
        let body = body.map(|body| RequestBody::read(&body, schemas)).transpose()?;
        Ok(Self { parameters, body })
    }
}

impl<'d> Found<'d, '_> {
    /// Holds everything but the body against the description; `has_body` says whether a body is there.
    ///
    /// # Errors
    /// [`Rejection::Parameters`] or [`Rejection::ContentType`].
    pub fn check_head(
        &self,
        query: Option<&str>,
        headers: &HeaderMap,
        has_body: bool,
    ) -> Result<BodyRule<'d>, Rejection> {
        let pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> =
            form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect();
        let mut problems = Vec::new();
        for parameter in &self.operation.parameters {
            let named = |name: &str| name == parameter.name;
            match parameter.place {
                Place::Path => {
                    let given = self.values.iter().filter(|(name, _)| named(name));
                    parameter
                        .check(&given.map(|(_, value)| value.as_ref()).collect::<Vec<_>>(), &mut problems);
                }
                Place::Header => check_field(parameter, headers, &mut problems),
                _ => {
                    let given = pairs.iter().filter(|(name, _)| named(name));
                    parameter
                        .check(&given.map(|(_, value)| value.as_ref()).collect::<Vec<_>>(), &mut problems);
                }
            }
        }
        if !problems.is_empty() {
            return Err(Rejection::Parameters(problems));
        }
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let encoded = headers.get(CONTENT_ENCODING).is_some_and(|value| value != "identity");
        match &self.operation.body {
            Some(body) => body.rule(has_body, content_type, encoded),
            None if has_body => Err(unexpected()),
            None => Ok(BodyRule::Any),
        }
    }
}

fn check_field(parameter: &Parameter, headers: &HeaderMap, problems: &mut Vec<FieldProblem>) {
    let given: Result<Vec<&str>, _> =
        headers.get_all(parameter.name.as_str()).iter().map(http::HeaderValue::to_str).collect();
    match given {
        Ok(given) => parameter.check(&given, problems),
        Err(_) => problems.push(FieldProblem::parameter(Place::Header, &parameter.name, "is not ASCII text")),
    }
}
