use std::sync::Arc;

use serde_json::{Value, json};

use super::world::jwt;
use crate::client_auth::ClientAuth;
use crate::provider::Secret;
use crate::provider::tests::world::{Answer, Sent, World, json_answer, merged};
use crate::token::{ExchangeError, ExchangeRequest, ExchangedToken, Scope, Subject, TokenExchange};

/// A token endpoint that takes exactly the parameters of a provider's documentation, each once and with one value.
#[derive(Clone)]
pub(super) struct Stub {
    accepts: Vec<(String, String)>,
    answer: Value,
}

impl Stub {
    /// Takes `accepts` from a client that is named in the body, as the documentation of every provider shows it.
    pub(super) fn new(accepts: &[(&str, &str)], answer: Value) -> Self {
        let client = [("client_id", "portal"), ("client_secret", "s3cret")];
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self { accepts: accepts.iter().chain(&client).map(owned).collect(), answer }
    }

    /// The portal and its provider, which is this stub.
    pub(super) fn world(&self) -> World {
        let secret = Secret("s3cret".to_owned());
        let world = World::with(|config| config.client_auth = ClientAuth::SecretPost(secret));
        let stub = self.clone();
        world.responds(move |sent| stub.respond(sent));
        world
    }

    fn respond(&self, sent: &Sent) -> Answer {
        let sorted = |fields: &[(String, String)]| {
            let mut fields = fields.to_vec();
            fields.sort();
            fields
        };
        if sent.path == "/realm/token" && sorted(&sent.fields) == sorted(&self.accepts) {
            json_answer(200, &self.answer)
        } else {
            json_answer(400, &json!({ "error": "invalid_request" }))
        }
    }

    /// That the stub takes what was sent, and nothing that differs from it in any one parameter.
    pub(super) fn assert_refuses_every_change_of(&self, world: &World) {
        let sent = world.idp.sent.lock();
        let sent = sent.last().expect("a request");
        let with = |fields| {
            let altered = Sent { path: sent.path.clone(), authorization: None, fields };
            self.respond(&altered).expect("an answer").status().as_u16()
        };
        assert_eq!(with(sent.fields.clone()), 200);
        for (index, (name, value)) in sent.fields.iter().enumerate() {
            let mut removed = sent.fields.clone();
            removed.remove(index);
            assert_eq!(with(removed), 400, "without {name}");
            for other in [format!("{value}x"), String::new(), value.to_ascii_uppercase() + "X"] {
                let mut changed = sent.fields.clone();
                changed[index].1 = other;
                assert_eq!(with(changed), 400, "with another {name}");
            }
            let mut doubled = sent.fields.clone();
            doubled.push((name.clone(), value.clone()));
            assert_eq!(with(doubled), 400, "with {name} twice");
        }
    }
}

/// What a remote of acme asks for.
pub(super) struct Wanted<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) organization: Option<&'a str>,
    pub(super) audience: &'a str,
    pub(super) scope: &'a str,
}

impl Wanted<'_> {
    pub(super) async fn from(&self, exchange: &dyn TokenExchange) -> Result<ExchangedToken, ExchangeError> {
        let (subject, organization, audience) = (self.subject, self.organization, self.audience);
        let scope = Scope::parse(self.scope);
        exchange
            .exchange(ExchangeRequest { subject, organization, audience, resource: None, scope: &scope })
            .await
    }
}

/// `answer` with a JWT of `claims` as its access token, and `changes` over it.
pub(super) fn answer(claims: &Value, changes: Value) -> Value {
    let answer = json!({ "access_token": jwt(claims), "token_type": "Bearer", "expires_in": 300 });
    merged(answer, changes)
}

/// Seconds since 1970, five minutes from now by the clock that a fresh [`World`] has.
pub(super) fn soon() -> i64 {
    use portico_ports::Clock as _;
    portico_ports::SystemClock.now().unix_timestamp() + 300
}

pub(super) fn refused<T>(why: &'static str) -> Result<T, ExchangeError> {
    Err(ExchangeError::Answer(why))
}

pub(super) fn not_tried<T>(why: &'static str) -> Result<T, ExchangeError> {
    Err(ExchangeError::Request(why))
}

pub(super) fn shared(world: &World) -> Arc<crate::provider::Provider> {
    Arc::clone(&world.provider)
}
