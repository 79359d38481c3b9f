//! Refresh tokens that nobody may use any more.

use crate::state::Portal;

/// Revokes a refresh token at the issuer it came from (RFC 7009), in the background: whatever made it useless is true
/// whether or not the provider answers.
pub fn revoke(portal: &Portal, issuer: &str, refresh_token: Option<String>) {
    let Some(refresh_token) = refresh_token else { return };
    let Some(of) = portal.providers.by_issuer(issuer) else { return };
    let provider = of.provider.clone();
    tokio::spawn(async move {
        if let Err(error) = provider.revoke(&refresh_token).await {
            tracing::warn!(error.message = %error, "the refresh token could not be revoked");
        }
    });
}
