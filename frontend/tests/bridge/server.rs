use portico_frontend::{NewEvent, Portal, Server};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::world::{eval, text_of};

/// Plays the network: the next call is kept in `globalThis.asked` and answered with this.
pub(crate) async fn answer(status: u16, body: &str) {
    eval(&format!(
        "globalThis.unplayed ??= globalThis.fetch;
         globalThis.fetch = async (url, init) => {{
           const headers = new Headers(init.headers);
           globalThis.traced = [...(globalThis.traced ?? []), headers.get('traceparent')];
           headers.delete('traceparent');
           globalThis.asked = [url, init.method, init.body, [...headers].join(';')].join(' ');
           if ({status} === 0) throw new TypeError('Failed to fetch');
           return new Response('{body}', {{ status: {status} }});
         }};"
    ))
    .await
    .expect("played");
}

pub(crate) async fn asked() -> String {
    text_of("globalThis.fetch = globalThis.unplayed; return globalThis.asked").await
}

pub(crate) fn server() -> Server {
    Server::new(Some("acme".into()))
}

pub(crate) fn event(data: &str) -> NewEvent {
    let [source, kind, data, id] = ["@acme/chat", "chat.message", data, "e-7"].map(Into::into);
    NewEvent { source, kind, data, id }
}

const HEADERS: &str = "content-type,application/json;x-csrf,1;x-portico-org,acme";

#[wasm_bindgen_test]
async fn server_functions_are_called_with_json_the_anti_forgery_header_and_the_organization() {
    answer(200, r#"{"id":"e-7"}"#).await;
    let id = server().publish(event(r#"{"a":"ä"}"#)).await;
    assert_eq!(id.expect("published"), "e-7");
    let body = r#"{"source":"@acme/chat","kind":"chat.message","data":"{\"a\":\"ä\"}","id":"e-7"}"#;
    assert_eq!(asked().await, format!("/api/fn/publish_event POST {body} {HEADERS}"));

    answer(200, r#"{"url":"/stream","types":["chat.reply"]}"#).await;
    let subscription = server().subscription().await.expect("a subscription");
    assert_eq!((subscription.url.as_str(), subscription.types), ("/stream", vec!["chat.reply".to_owned()]));
    assert_eq!(asked().await, format!("/api/fn/subscribe_events POST {{}} {HEADERS}"));
}

#[wasm_bindgen_test]
async fn what_is_wanted_is_taken_from_each_answer() {
    answer(200, r#"{"accessToken":"t","tokenType":"Bearer","expiresAt":"2030-01-01T00:00:00Z"}"#).await;
    let token = server().exchange_token("acme.chat".into()).await.expect("a token");
    assert_eq!((token.access_token.as_str(), token.expires_at.as_str()), ("t", "2030-01-01T00:00:00Z"));
    answer(200, r#"{"sub":"u","orgId":"globex"}"#).await;
    assert_eq!(server().organization().await.expect("a session"), "globex");
    answer(200, r#"[{"id":"a.b","version":"1.0.0"},{"id":"c.d","version":"2.0.0"}]"#).await;
    let versions = server().versions().await.expect("versions");
    assert_eq!(versions, [("a.b".into(), "1.0.0".into()), ("c.d".into(), "2.0.0".into())]);
    asked().await;
}

#[wasm_bindgen_test]
async fn a_refusal_is_the_servers_problem_and_anything_else_has_a_status_too() {
    let problem =
        r#"{"type":"/problems/forbidden","title":"No","status":403,"detail":"why","traceId":"0af7"}"#;
    answer(403, problem).await;
    let problem = server().organization().await.expect_err("refused");
    assert_eq!(
        (problem.status, problem.kind.as_str(), problem.trace_id.as_str()),
        (403, "/problems/forbidden", "0af7")
    );
    answer(502, "<h1>Bad gateway</h1>").await;
    assert_eq!(server().organization().await.expect_err("refused").status, 502);
    answer(200, "<h1>Sign in to the hotel</h1>").await;
    assert_eq!(server().organization().await.expect_err("not JSON").status, 0);
    answer(200, "{}").await;
    assert_eq!(server().organization().await.expect_err("not a session").status, 0);
    answer(0, "").await;
    let problem = server().organization().await.expect_err("offline");
    assert_eq!((problem.status, problem.detail.as_str()), (0, "TypeError: Failed to fetch"));
    asked().await;
}
