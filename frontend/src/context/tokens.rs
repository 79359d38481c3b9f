//! Token mode: `ctx.accessToken` and `ctx.getAccessToken()`.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Date, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::lifecycle::scope::Scope;
use crate::portal::Portal;
use crate::table::Table;
use crate::{js, task};

/// A token that ends within this many milliseconds is renewed first: it has to survive the call it is made for.
const MARGIN: f64 = 30_000.0;

/// The access tokens of token-mode remotes on this page. They live in this program's memory and nowhere else.
pub(crate) struct Tokens {
    portal: Rc<dyn Portal>,
    held: RefCell<Table<Held>>,
}

#[derive(Default)]
struct Held {
    token: Option<(String, f64)>,
    /// An exchange under way; everyone who needs a token meanwhile waits for this one.
    coming: Option<Promise>,
}

impl Tokens {
    /// No tokens yet.
    pub(crate) fn new(portal: Rc<dyn Portal>) -> Self {
        Self { portal, held: RefCell::default() }
    }

    /// The token held for a remote, if it lasts.
    pub(crate) fn current(&self, id: &str) -> Option<String> {
        let held = self.held.borrow();
        let (token, ends) = held.get(id)?.token.as_ref()?;
        (*ends - Date::now() > MARGIN).then(|| token.clone())
    }

    /// A token that lasts: the one held, or a new one. One exchange at a time for each remote.
    pub(crate) fn fresh(self: &Rc<Self>, id: &str) -> impl Future<Output = Result<JsValue, JsValue>> + use<> {
        JsFuture::from(self.promise(id))
    }

    fn promise(self: &Rc<Self>, id: &str) -> Promise {
        if let Some(token) = self.current(id) {
            return Promise::resolve(&JsValue::from(token));
        }
        if let Some(coming) = self.held.borrow().get(id).and_then(|held| held.coming.clone()) {
            return coming;
        }
        let tokens = Rc::clone(self);
        let remote = id.to_owned();
        let coming = task::promise(async move { tokens.exchange(remote).await });
        self.held.borrow_mut().or_insert_with(id, Held::default).coming = Some(coming.clone());
        coming
    }

    async fn exchange(&self, id: String) -> Result<JsValue, JsValue> {
        let outcome = self.portal.exchange_token(id.clone()).await;
        let mut held = self.held.borrow_mut();
        let held = held.or_insert_with(&id, Held::default);
        held.coming = None;
        let token = outcome.map_err(|problem| js::problem(&problem))?;
        held.token = Some((token.access_token.clone(), Date::parse(&token.expires_at)));
        Ok(token.access_token.into())
    }
}

/// Gives a context its token members. In proxy mode there is no `accessToken`, and `getAccessToken()` rejects.
pub(super) fn install(ctx: &Object, scope: &Rc<Scope>) {
    let id = scope.application.id.clone();
    if !scope.application.token_mode {
        let message =
            [&scope.application.name, " is in proxy mode: use ctx.fetch, which needs no token"].concat();
        let refuse =
            js::function(move |_, _| Ok(Promise::reject(&js::error("ProxyModeError", &message)).into()));
        js::set(ctx, "getAccessToken", refuse);
        return;
    }
    let tokens = Rc::clone(&scope.page().tokens);
    let held = Rc::clone(&tokens);
    let of = id.clone();
    js::getter(ctx, "accessToken", move || held.current(&of).map_or(JsValue::UNDEFINED, JsValue::from));
    let get = js::function(move |_, _| Ok(tokens.promise(&id).into()));
    js::set(ctx, "getAccessToken", get);
}
