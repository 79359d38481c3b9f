//! The application, apart from sockets: what every request passes, then the proxy or the route table.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use tower::ServiceExt as _;
use tracing::Instrument as _;

use crate::http::access::{self, Access, CallRecord, Matched};
use crate::http::context::{finish, panicked};
use crate::http::{RequestContext, extended_connect, origin, rate_limit, request_limits, security_headers};
use crate::pages;
use crate::routes::{self, bff};
use crate::serve::Answer;
use crate::state::AppState;

/// The portal.
///
/// A request passes, in this order: trace id and log, security headers, bounds. A call to a remote's upstream then goes to
/// the proxy, directly: there are more of them than of everything else, and each layer of a router is a future on the heap.
/// Everything else passes the rate limit, anti-forgery and error pages, and finds its route.
#[derive(Clone)]
pub struct App {
    state: AppState,
    routes: Router,
}

/// The portal as what answers requests.
pub fn app(state: AppState) -> App {
    let routes = routes::table(&state)
        .layer(DefaultBodyLimit::max(state.config.limits.body_bytes))
        .layer(from_fn_with_state(state.clone(), pages::error_layer))
        .layer(from_fn_with_state(state.clone(), origin::layer))
        .layer(from_fn_with_state(state.clone(), rate_limit::layer))
        .layer(from_fn_with_state(state.clone(), access::matched))
        .with_state(state.clone());
    App { state, routes }
}

impl Answer for App {
    async fn answer(&self, mut request: Request, peer: SocketAddr) -> Response {
        let is_call = bff::is_call(request.uri().path());
        let is_extended = is_call && extended_connect::accept(&mut request, &*self.state.random);
        let context = RequestContext::of(&self.state, &request, peer.ip());
        let is_dev_idp = security_headers::is_dev_idp(request.uri().path());
        // A call finds no route of the table.
        let matched = (!is_call).then(Matched::awaited);
        let mut access = Access::begin(&self.state, context, &request, matched.clone().unwrap_or_default());
        let (context, told) = access.parts();
        let handled = self.handle(request, peer, context, matched, told);
        let handled = AssertUnwindSafe(handled).catch_unwind().await;
        let mut response = handled.unwrap_or_else(|panic| panicked(&*panic));
        security_headers::add(response.headers_mut(), &self.state, is_dev_idp);
        let response = finish(response, &mut access);
        let response = access.answer(response);
        if is_extended { extended_connect::answer(response) } else { response }
    }
}

impl App {
    async fn handle(
        &self,
        request: Request,
        peer: SocketAddr,
        context: &RequestContext,
        matched: Option<Matched>,
        told: &mut Option<CallRecord>,
    ) -> Response {
        let answer = match (request_limits::within(request, &self.state.config.limits), matched) {
            (Ok(request), None) => bff::call(&self.state, context, request, told).await,
            // Boxed, so that a call does not carry the room that a route needs.
            (Ok(request), Some(matched)) => Ok(Box::pin(self.route(request, peer, context, matched)).await),
            (Err(error), _) => Err(error),
        };
        answer.unwrap_or_else(IntoResponse::into_response)
    }

    async fn route(
        &self,
        mut request: Request,
        peer: SocketAddr,
        context: &RequestContext,
        matched: Matched,
    ) -> Response {
        request.extensions_mut().insert(matched);
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(context.clone());
        let answer = self.routes.clone().oneshot(request).instrument(context.span()).await;
        answer.unwrap_or_else(|never| match never {})
    }
}

/// The admin listener's router.
pub fn admin(state: AppState) -> Router {
    routes::admin(&state).layer(from_fn(no_store)).with_state(state)
}

async fn no_store(request: Request, next: axum::middleware::Next) -> Response {
    let mut response = next.run(request).await;
    let value = axum::http::HeaderValue::from_static("no-store");
    response.headers_mut().insert(axum::http::header::CACHE_CONTROL, value);
    response
}
