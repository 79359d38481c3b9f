use leptos::server_fn::ServerFn;
use portico_app::endpoints;
use portico_app::functions::{
    Applications, CurrentSession, ExchangeRemoteToken, PublishEvent, SubscribeEvents,
};

#[test]
fn the_browser_calls_the_server_functions_where_they_are() {
    assert_eq!(endpoints::APPLICATIONS, Applications::PATH);
    assert_eq!(endpoints::EXCHANGE_REMOTE_TOKEN, ExchangeRemoteToken::PATH);
    assert_eq!(endpoints::PUBLISH_EVENT, PublishEvent::PATH);
    assert_eq!(endpoints::SESSION, CurrentSession::PATH);
    assert_eq!(endpoints::SUBSCRIBE_EVENTS, SubscribeEvents::PATH);
}
