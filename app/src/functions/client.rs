use std::future::Future;
use std::sync::OnceLock;

use bytes::Bytes;
use futures::{Sink, Stream};
use leptos::server_fn::client::{Client, browser::BrowserClient};
use leptos::server_fn::error::FromServerFnError;
use leptos::server_fn::request::browser::BrowserRequest;
use leptos::server_fn::response::browser::BrowserResponse;

/// The organization this tab works for; a switch is a full navigation, so it never changes within one page.
static ORGANIZATION: OnceLock<String> = OnceLock::new();

/// Names the organization that every server function call of this tab is for (`X-Portico-Org`).
pub fn set_organization(org_id: &str) {
    // A second call within one page would be the same session's: the first value stays.
    let _ = ORGANIZATION.set(org_id.to_owned());
}

/// `fetch`, with what the portal's anti-forgery and two-tabs rules ask of every call.
#[derive(Debug)]
pub struct PortalClient;

impl<E, I, O> Client<E, I, O> for PortalClient
where
    E: FromServerFnError,
    I: FromServerFnError,
    O: FromServerFnError,
{
    type Request = BrowserRequest;
    type Response = BrowserResponse;

    fn send(request: Self::Request) -> impl Future<Output = Result<Self::Response, E>> + Send {
        let headers = request.headers();
        headers.set("X-CSRF", "1");
        if let Some(org_id) = ORGANIZATION.get() {
            headers.set("X-Portico-Org", org_id);
        }
        <BrowserClient as Client<E, I, O>>::send(request)
    }

    fn open_websocket(
        path: &str,
    ) -> impl Future<
        Output = Result<
            (impl Stream<Item = Result<Bytes, Bytes>> + Send + 'static, impl Sink<Bytes> + Send + 'static),
            E,
        >,
    > + Send {
        <BrowserClient as Client<E, I, O>>::open_websocket(path)
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        <BrowserClient as Client<E, I, O>>::spawn(future);
    }
}
