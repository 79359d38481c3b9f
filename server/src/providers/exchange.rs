use std::sync::Arc;

use portico_identity::provider::Provider;
use portico_identity::token::{
    Auth0CustomTokenExchange, EntraOnBehalfOf, IntrospectionPolicy, Rfc8693, Scope, TokenExchange,
};

use super::no_exchange::NoExchange;
use crate::config::{ActorSettings, ExchangeSetting, IntrospectionSetting, ProviderSettings};
use crate::start::StartError;

/// How this provider trades a session's token for a remote's.
pub(super) fn exchange(
    settings: &ProviderSettings,
    provider: &Arc<Provider>,
) -> Result<Arc<dyn TokenExchange>, StartError> {
    let introspection = match settings.exchange_introspection {
        IntrospectionSetting::Never => IntrospectionPolicy::Never,
        IntrospectionSetting::Opaque => IntrospectionPolicy::OpaqueTokens,
    };
    Ok(match settings.exchange {
        ExchangeSetting::Rfc8693 => {
            let exchange = Rfc8693::new(provider.clone()).introspecting(introspection);
            Arc::new(acting(exchange, settings.exchange_actor.as_ref()))
        }
        ExchangeSetting::Auth0 => {
            let kind = settings.exchange_subject_token_type.as_deref().unwrap_or_default();
            let exchange = Auth0CustomTokenExchange::new(provider.clone(), kind).map_err(|error| {
                StartError::Other(format!("identity.providers: {}: {error}", settings.name))
            })?;
            let exchange = exchange.introspecting(introspection);
            let by_organization = settings.exchange_organizations;
            Arc::new(if by_organization { exchange.with_organizations() } else { exchange })
        }
        ExchangeSetting::Entra => {
            let own = EntraOnBehalfOf::new(provider.clone(), settings.exchange_own_audiences.clone());
            let ids = settings.exchange_application_ids.iter();
            Arc::new(ids.fold(own, |exchange, (audience, id)| exchange.with_application_id(audience, id)))
        }
        ExchangeSetting::None => Arc::new(NoExchange::new(provider.clone())),
    })
}

/// The same exchange, in which the portal says that it acts for the person where that is configured.
pub(super) fn acting(exchange: Rfc8693, actor: Option<&ActorSettings>) -> Rfc8693 {
    match actor {
        Some(ActorSettings { audience, scopes }) => {
            exchange.with_actor(audience, scopes.iter().map(String::as_str).collect::<Scope>())
        }
        None => exchange,
    }
}
