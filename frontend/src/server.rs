use js_sys::{Array, JSON, Object};
use portico_app::endpoints;
use portico_contracts::Problem;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestInit, Response};

use crate::portal::{LocalFuture, NewEvent, Portal, Subscription, Token};
use crate::{dom, js, trace};

/// The portal that served this page, through its server functions.
pub struct Server {
    /// The organization that this tab works for; a switch is a full navigation, so it never changes within one page.
    org_id: Option<String>,
}

impl Server {
    /// The portal, for a page of this organization.
    pub fn new(org_id: Option<String>) -> Self {
        Self { org_id }
    }

    /// Calls a server function. `read` takes what is wanted from its answer.
    fn call<const N: usize, T: 'static>(
        &self,
        path: &'static str,
        arguments: [(&'static str, String); N],
        read: fn(&JsValue) -> Option<T>,
    ) -> LocalFuture<Result<T, Problem>> {
        let arguments = js::frozen(arguments.map(|(name, value)| (name, JsValue::from(value))));
        let body = JSON::stringify(&arguments).map_or(JsValue::NULL, JsValue::from);
        let trace_id = trace::id();
        let request = post(&body, self.org_id.as_deref(), &trace_id);
        Box::pin(async move {
            let answer = answer(path, &trace_id, request).await?;
            read(&answer).ok_or_else(|| Problem {
                title: "The portal's answer could not be read".into(),
                detail: "Load the page again.".into(),
                ..problem(path, &trace_id, &JsValue::UNDEFINED, 0)
            })
        })
    }
}

impl Portal for Server {
    fn exchange_token(&self, remote: String) -> LocalFuture<Result<Token, Problem>> {
        self.call(endpoints::EXCHANGE_REMOTE_TOKEN, [("remote", remote)], |token| {
            Some(Token {
                access_token: js::text(token, "accessToken")?,
                expires_at: js::text(token, "expiresAt")?,
            })
        })
    }

    fn publish(&self, event: NewEvent) -> LocalFuture<Result<String, Problem>> {
        let NewEvent { source, kind, data, id } = event;
        let arguments = [("source", source), ("kind", kind), ("data", data), ("id", id)];
        self.call(endpoints::PUBLISH_EVENT, arguments, |event| js::text(event, "id"))
    }

    fn subscription(&self) -> LocalFuture<Result<Subscription, Problem>> {
        self.call(endpoints::SUBSCRIBE_EVENTS, [], |stream| {
            let types = js::get(stream, "types");
            let types = types.dyn_ref::<Array>()?.iter().filter_map(|kind| kind.as_string()).collect();
            Some(Subscription { url: js::text(stream, "url")?, types })
        })
    }

    fn stream_status(&self, url: String) -> LocalFuture<u16> {
        Box::pin(async move {
            let Ok(abort) = AbortController::new() else { return 0 };
            let init = RequestInit::new();
            init.set_signal(Some(&abort.signal()));
            let response = JsFuture::from(dom::window().fetch_with_str_and_init(&url, &init)).await;
            let status = response.map_or(0, |response| response.unchecked_into::<Response>().status());
            abort.abort();
            status
        })
    }

    fn organization(&self) -> LocalFuture<Result<String, Problem>> {
        self.call(endpoints::SESSION, [], |session| js::text(session, "orgId"))
    }

    fn versions(&self) -> LocalFuture<Result<Vec<(String, String)>, Problem>> {
        self.call(endpoints::APPLICATIONS, [], |applications| {
            let version = |of: JsValue| Some((js::text(&of, "id")?, js::text(&of, "version")?));
            applications.dyn_ref::<Array>()?.iter().map(version).collect()
        })
    }

    fn report(&self, measurements: String) {
        let init = post(&measurements.into(), None, &trace::id());
        // The page may be closing.
        js::set(&init, "keepalive", true);
        // Nobody waits for it: a lost measurement is no reason to disturb anyone.
        let ignored = js::function(|_, _| Ok(JsValue::UNDEFINED));
        js::catch(&dom::window().fetch_with_str_and_init("/api/platform/rum", &init), &ignored);
    }

    fn reload(&self) {
        let _ = dom::window().location().reload();
    }
}

/// A request with what the portal's anti-forgery and two-tabs rules ask of every call, in a trace.
fn post(body: &JsValue, org_id: Option<&str>, trace_id: &str) -> RequestInit {
    let headers = Object::new();
    js::set(&headers, "traceparent", trace::parent(trace_id));
    js::set(&headers, "content-type", "application/json");
    js::set(&headers, "x-csrf", "1");
    if let Some(org_id) = org_id {
        js::set(&headers, "x-portico-org", org_id);
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(body);
    init.set_headers(&headers);
    init
}

/// What the portal answers, as JavaScript sees it.
async fn answer(path: &'static str, trace_id: &str, request: RequestInit) -> Result<JsValue, Problem> {
    let offline = |error: JsValue| Problem {
        detail: js::message_of(&error),
        ..problem(path, trace_id, &JsValue::UNDEFINED, 0)
    };
    let response =
        JsFuture::from(dom::window().fetch_with_str_and_init(path, &request)).await.map_err(offline)?;
    let response: Response = response.unchecked_into();
    let body = JsFuture::from(response.json().map_err(offline)?).await;
    match (response.ok(), body) {
        (true, body) => body.map_err(offline),
        (false, body) => Err(problem(path, trace_id, &body.unwrap_or_default(), response.status())),
    }
}

/// The problem (RFC 9457) in an answer. Where there was none, the portal could not be reached.
fn problem(path: &str, trace_id: &str, body: &JsValue, status: u16) -> Problem {
    let text = |field: &str, otherwise: &str| js::text(body, field).unwrap_or_else(|| otherwise.into());
    Problem {
        kind: text("type", "/problems/offline"),
        title: text("title", "The portal could not be reached"),
        status,
        detail: text("detail", "Try again."),
        instance: text("instance", path),
        trace_id: text("traceId", trace_id),
        errors: Vec::new(),
    }
}
