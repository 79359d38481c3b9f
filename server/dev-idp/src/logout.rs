use std::collections::BTreeSet;

use axum::http::{Request, header};
use bytes::Bytes;
use futures::future::join_all;
use serde_json::json;
use time::Duration;
use url::form_urlencoded;

use crate::claims::{LOGOUT_TOKEN, LogoutTokenClaims};
use crate::config::Client;
use crate::idp::DevIdp;
use crate::ledger::TokenKind;
use crate::store::Session;

/// Whose sign-ins end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogoutTarget {
    /// The one sign-in with this `sid`.
    Session(String),
    /// Every sign-in of this `sub`.
    Subject(String),
}

/// Long enough for a slow client, short enough that a leaked one is useless (Back-Channel Logout 1.0, section 4).
const LOGOUT_TOKEN_LIFETIME: Duration = Duration::minutes(2);
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

impl DevIdp {
    /// Ends sign-ins with every grant and token that came from them, and posts logout tokens to their clients.
    ///
    /// Refresh tokens end too, also those of `offline_access`: a demo has no one to revoke them later.
    /// Answers how many clients accepted a logout token; one that cannot be reached is logged and passed over.
    pub async fn sign_out(&self, target: &LogoutTarget) -> usize {
        let ended = self.end_sessions(target);
        let clients: BTreeSet<_> = ended.iter().flat_map(|session| &session.clients).collect();
        let clients: Vec<_> = clients.into_iter().filter_map(|client_id| self.client(client_id)).collect();
        let (sub, sid) = match (target, ended.first()) {
            (LogoutTarget::Session(sid), Some(session)) => (session.sub.as_str(), Some(sid.as_str())),
            (LogoutTarget::Subject(sub), Some(_)) => (sub.as_str(), None),
            (_, None) => return 0,
        };
        let told = join_all(clients.into_iter().map(|client| self.tell(client, sub, sid))).await;
        told.into_iter().filter(|accepted| *accepted).count()
    }

    fn end_sessions(&self, target: &LogoutTarget) -> Vec<Session> {
        let mut store = self.store.lock();
        let ended = store.sessions.remove_where(|session| match target {
            LogoutTarget::Session(sid) => session.sid == *sid,
            LogoutTarget::Subject(sub) => session.sub == *sub,
        });
        for session in &ended {
            store.grants.revoke_session(&session.sid);
        }
        ended
    }

    async fn tell(&self, client: &Client, sub: &str, sid: Option<&str>) -> bool {
        let (Some(http_client), Some(uri)) = (&self.http_client, &client.backchannel_logout_uri) else {
            return false;
        };
        let Some(request) = self.logout_request(client, uri.as_str(), sub, sid) else {
            return false;
        };
        match http_client.send(request).await {
            Ok(response) if response.status().is_success() => true,
            Ok(response) => {
                tracing::warn!(
                    client.id = client.client_id,
                    http.status = response.status().as_u16(),
                    "logout token refused"
                );
                false
            }
            Err(error) => {
                tracing::warn!(client.id = client.client_id, %error, "logout token not delivered");
                false
            }
        }
    }

    fn logout_request(
        &self,
        client: &Client,
        uri: &str,
        sub: &str,
        sid: Option<&str>,
    ) -> Option<Request<Bytes>> {
        let now = self.now();
        let claims = LogoutTokenClaims {
            iss: &self.issuer,
            aud: &client.client_id,
            iat: now.unix_timestamp(),
            exp: (now + LOGOUT_TOKEN_LIFETIME).unix_timestamp(),
            jti: self.new_id(),
            sub,
            sid,
            events: json!({ LOGOUT_EVENT: {} }),
        };
        let token = self.keys.read().sign(LOGOUT_TOKEN, &claims).ok()?;
        self.ledger.record(TokenKind::Logout, &token);
        let body =
            form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", &token).finish();
        Request::post(uri)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(body))
            .ok()
    }
}
