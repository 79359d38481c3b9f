use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::join_all;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Empty;
use portico_openapi::{FieldProblem, Place};
use tokio::time::Instant;

use super::authorise::Permit;
use super::gateway::{Call, Gateway, Outcome, late};
use super::{CallError, Verdict};
use crate::body::{AnswerBody, Whole, read_within};
use crate::cache::{Conditions, tag_of, without_representation};
use crate::forward::ForwardError;
use crate::token::TokenSource;
use crate::view::{Leg, LegAnswer, View, ViewAnswer};

/// What a view came to, with what was decided about each of its legs.
pub(super) type Viewed<'a> = (Result<Response<AnswerBody>, CallError>, Vec<Verdict<'a>>);

impl Gateway {
    /// Makes the calls of a view side by side, each through everything that a single call goes through, and puts their
    /// answers together.
    pub(super) fn view<'f, 'a: 'f, T: TokenSource>(
        &'f self,
        view: Arc<View>,
        call: &'f Call<'a, T>,
        permit: &'f Permit<'_>,
        mut head: Box<Parts>,
    ) -> Pin<Box<dyn Future<Output = Viewed<'a>> + Send + 'f>> {
        Box::pin(async move {
            let parameters = match view.parameters(permit.path(call.remote), permit.target.query()) {
                Ok(parameters) => parameters,
                Err(name) => {
                    let detail = "is not declared by the view, or stands there more than once";
                    let problem = FieldProblem::parameter(Place::Query, &name, detail);
                    return (Err(CallError::UnknownParameter(problem)), Vec::new());
                }
            };
            let conditions = Conditions::take(&mut head.headers).unwrap_or_default();
            let fields = fields_for_legs(&head.headers);
            let until = Instant::now() + view.timeout;
            let legs = view.legs.iter().map(|leg| {
                let target = format!("{}{}", call.remote.mount, leg.template.fill(&parameters));
                self.leg(call, target, &fields, until)
            });
            let mut verdicts = Vec::new();
            let mut answers = Vec::new();
            for (leg, (answer, verdict)) in view.legs.iter().zip(join_all(legs).await) {
                verdicts.extend(verdict);
                answers.push((leg, answer));
            }
            let answered = together(answers)
                .map(|answer| answer_with(&answer, &conditions, head.method == Method::HEAD));
            (answered, verdicts)
        })
    }

    /// One leg. A call that was not over in time is given up; what was decided about it is known by then.
    async fn leg<'a, T: TokenSource>(
        &self,
        call: &Call<'a, T>,
        target: String,
        fields: &HeaderMap,
        until: Instant,
    ) -> (Result<LegAnswer, CallError>, Option<Verdict<'a>>) {
        let mut request = Request::new(Empty::<Bytes>::new());
        let Ok(uri) = target.parse() else {
            return (Err(crate::path::PathError::Forbidden.into()), None);
        };
        *request.uri_mut() = uri;
        *request.headers_mut() = fields.clone();
        let call = Call { until: Some(until), ..call.again() };
        let Outcome { verdict, result, .. } = self.call(call, request).await;
        let answer = match result {
            Ok(response) => {
                let left = until.saturating_duration_since(Instant::now());
                let (head, body) = response.into_parts();
                let kind =
                    head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
                match read_within(body, self.bounds.view_leg, left).await {
                    Whole::Read(bytes) => Ok(LegAnswer::of(head.status, kind, &bytes)),
                    Whole::Longer(..) if Instant::now() >= until => Err(late()),
                    Whole::Longer(..) => {
                        Err(ForwardError::BadAnswer("too long for a view".to_owned()).into())
                    }
                    Whole::Broken(error) => Err(ForwardError::BadAnswer(error.to_string()).into()),
                }
            }
            Err(error) => Err(error),
        };
        (answer, Some(verdict))
    }
}

/// The legs' answers as one; a required leg that failed is the view's own failure.
fn together(legs: Vec<(&Leg, Result<LegAnswer, CallError>)>) -> Result<ViewAnswer, CallError> {
    let mut answers = Vec::with_capacity(legs.len());
    for (leg, answer) in legs {
        let answer = match answer {
            Err(error) if leg.required => return Err(error),
            Err(error) => LegAnswer::failed(error.status(), error.slug(), error.title(), &error.detail()),
            Ok(answer) if leg.required && !answer.is_whole() => {
                return Err(CallError::Leg { name: leg.name.clone(), status: answer.status });
            }
            Ok(answer) => answer,
        };
        answers.push((leg.name.clone(), answer));
    }
    Ok(ViewAnswer { complete: answers.iter().all(|(_, answer)| answer.is_whole()), legs: answers })
}

fn answer_with(answer: &ViewAnswer, conditions: &Conditions, is_head: bool) -> Response<AnswerBody> {
    let body = Bytes::from(serde_json::to_vec(answer).unwrap_or_default());
    let mut response = Response::new(AnswerBody::Held(Bytes::new()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(ETAG, tag_of(&body));
    headers.insert(CONTENT_LENGTH, body.len().into());
    if conditions.hold_for(headers) {
        without_representation(headers);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else if !is_head {
        *response.body_mut() = AnswerBody::Held(body);
    }
    response
}

/// The caller's fields as every leg gets them: JSON that can be put into JSON, so nothing packed.
fn fields_for_legs(headers: &HeaderMap) -> HeaderMap {
    let mut fields = headers.clone();
    for name in [
        http::header::RANGE,
        http::header::IF_RANGE,
        http::header::IF_MATCH,
        http::header::IF_UNMODIFIED_SINCE,
    ] {
        fields.remove(name);
    }
    fields.insert(ACCEPT, HeaderValue::from_static("application/json"));
    fields.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    fields
}
