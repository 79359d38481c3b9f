use std::future::Future;
use std::pin::Pin;

use portico_app::functions;
use portico_contracts::Problem;
use wasm_bindgen::JsValue;
use web_sys::RequestInit;

use crate::{dom, js};

/// A future of this single-threaded program.
pub type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// What the bridge asks of the server; [`Server`] asks it, tests answer for it.
pub trait Portal {
    /// A token of a token-mode remote's own audience, by the remote's id.
    fn exchange_token(&self, remote: String) -> LocalFuture<Result<Token, Problem>>;
    /// Publishes an event in a remote's name (`source`); `data` is JSON text. The event's id, once Kafka has it.
    fn publish(&self, source: String, kind: String, data: String) -> LocalFuture<Result<String, Problem>>;
    /// The event stream's URL.
    fn stream_url(&self) -> LocalFuture<Result<String, Problem>>;
    /// The organization that the session acts for; a problem with status 401 when there is none.
    fn organization(&self) -> LocalFuture<Result<String, Problem>>;
    /// The remotes that this session may load: id and version.
    fn versions(&self) -> LocalFuture<Result<Vec<(String, String)>, Problem>>;
    /// Sends measurements (a JSON array) and does not wait.
    fn report(&self, measurements: String);
    /// Loads the page anew.
    fn reload(&self);
}

/// An access token of a remote in token mode.
#[derive(Clone)]
pub struct Token {
    /// The token itself.
    pub access_token: String,
    /// RFC 3339.
    pub expires_at: String,
}

/// The portal that served this page, through its server functions.
pub struct Server;

impl Portal for Server {
    fn exchange_token(&self, remote: String) -> LocalFuture<Result<Token, Problem>> {
        Box::pin(async move {
            let token = functions::exchange_remote_token(remote).await.map_err(|refusal| refusal.0)?;
            Ok(Token { access_token: token.access_token, expires_at: token.expires_at })
        })
    }

    fn publish(&self, source: String, kind: String, data: String) -> LocalFuture<Result<String, Problem>> {
        Box::pin(async move {
            let published = functions::publish_event(source, kind, data).await;
            published.map(|event| event.id).map_err(|refusal| refusal.0)
        })
    }

    fn stream_url(&self) -> LocalFuture<Result<String, Problem>> {
        Box::pin(async {
            functions::subscribe_events().await.map(|stream| stream.url).map_err(|refusal| refusal.0)
        })
    }

    fn organization(&self) -> LocalFuture<Result<String, Problem>> {
        Box::pin(async {
            functions::session().await.map(|session| session.org_id).map_err(|refusal| refusal.0)
        })
    }

    fn versions(&self) -> LocalFuture<Result<Vec<(String, String)>, Problem>> {
        Box::pin(async {
            let applications = functions::applications().await.map_err(|refusal| refusal.0)?;
            Ok(applications.into_iter().map(|application| (application.id, application.version)).collect())
        })
    }

    fn report(&self, measurements: String) {
        let init = RequestInit::new();
        init.set_method("POST");
        init.set_body(&measurements.into());
        // The page may be closing.
        js::set(&init, "keepalive", true);
        let headers = js::frozen([("content-type", "application/json".into()), ("x-csrf", "1".into())]);
        init.set_headers(&headers);
        // Nobody waits for it: a lost measurement is no reason to disturb anyone.
        let ignored = js::function(|_, _| Ok(JsValue::UNDEFINED));
        js::catch(&dom::window().fetch_with_str_and_init("/api/platform/rum", &init), &ignored);
    }

    fn reload(&self) {
        let _ = dom::window().location().reload();
    }
}
