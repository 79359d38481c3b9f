use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use parking_lot::Mutex;
use portico::outbound::Outbound;
use portico_ports::{HttpClient, HttpClientError};
use serde_json::Value;

/// The portal's way out: it keeps what is sent, and a test may answer in the other side's place.
pub struct TestOutbound {
    inner: Arc<dyn HttpClient>,
    sent: Mutex<Vec<Sent>>,
    rule: Mutex<Option<Arc<Rule>>>,
    delay: Mutex<Option<(String, Duration)>>,
}

type Answered = Result<Response<Bytes>, HttpClientError>;
type Rule = dyn Fn(&Sent) -> Option<Answered> + Send + Sync;

/// A request that the portal made.
#[derive(Clone, Debug)]
pub struct Sent {
    pub url: String,
    /// Its `Authorization`; empty where there is none.
    pub authorization: String,
    pub body: Bytes,
}

impl Sent {
    /// The body's fields, where it is a form.
    pub fn form(&self) -> HashMap<String, String> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// `authorization_code`, `refresh_token`, `exchange`; empty for what is no token request.
    pub fn grant(&self) -> String {
        let grant = self.form().remove("grant_type").unwrap_or_default();
        grant.strip_prefix("urn:ietf:params:oauth:grant-type:token-").unwrap_or(&grant).to_owned()
    }
}

impl TestOutbound {
    /// Over real connections.
    pub fn real() -> Self {
        Self::only(Outbound::new(Duration::from_secs(5), None))
    }

    /// Over `client` alone.
    pub fn only(client: impl HttpClient) -> Self {
        Self {
            inner: Arc::new(client),
            sent: Mutex::default(),
            rule: Mutex::default(),
            delay: Mutex::default(),
        }
    }

    /// Everything that was sent.
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().clone()
    }

    /// How many token requests with this grant were sent.
    pub fn count(&self, grant: &str) -> usize {
        self.sent.lock().iter().filter(|sent| sent.grant() == grant).count()
    }

    /// Answers what `rule` has an answer for, from now on; the rest goes where it is meant to go.
    pub fn answers(&self, rule: impl Fn(&Sent) -> Option<Answered> + Send + Sync + 'static) {
        *self.rule.lock() = Some(Arc::new(rule));
    }

    /// Holds the answers to token requests with this grant back for a while.
    pub fn delays(&self, grant: &str, time: Duration) {
        *self.delay.lock() = Some((grant.to_owned(), time));
    }

    /// Lets everything through again.
    pub fn passes_everything(&self) {
        *self.rule.lock() = None;
    }
}

#[async_trait]
impl HttpClient for TestOutbound {
    async fn send(&self, request: Request<Bytes>) -> Answered {
        let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let sent = Sent {
            url: request.uri().to_string(),
            authorization: authorization.unwrap_or_default().to_owned(),
            body: request.body().clone(),
        };
        self.sent.lock().push(sent.clone());
        let rule = self.rule.lock().clone();
        let answer = match rule.and_then(|rule| rule(&sent)) {
            Some(answer) => answer,
            None => self.inner.send(request).await,
        };
        let delay = self.delay.lock().clone().filter(|(grant, _)| *grant == sent.grant());
        if let Some((_, time)) = delay {
            tokio::time::sleep(time).await;
        }
        answer
    }
}

/// A JSON response of a provider.
pub fn json_response(status: u16, body: &Value) -> Response<Bytes> {
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Bytes::from(body.to_string())).expect("a valid response")
}

/// A JWT that nobody signed: enough where only its claims are read.
pub fn unsigned_jwt(claims: &Value) -> String {
    use base64::Engine as _;
    let encode = |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.c2ln", encode(r#"{"alg":"ES256","typ":"at+jwt"}"#.into()), encode(claims.to_string()))
}
