use portico_app::bridge::{FailedPhase, Reason};
use portico_frontend::Portal as _;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::fetch::{play_network, stop_playing};
use crate::server::{answer, asked, event, server};
use crate::world::{Remote, World, eval, sleep, text_of, until};

/// Version, trace id, span id and flags of a `traceparent`.
fn parts(traceparent: &str) -> [&str; 4] {
    let parts: Vec<&str> = traceparent.split('-').collect();
    let [version, trace, span, flags] = parts[..] else { panic!("four parts: {traceparent}") };
    let is_id = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    assert!(trace.len() == 32 && is_id(trace) && trace.bytes().any(|b| b != b'0'), "{traceparent}");
    assert!(span.len() == 16 && is_id(span) && span.bytes().any(|b| b != b'0'), "{traceparent}");
    [version, trace, span, flags]
}

#[wasm_bindgen_test]
async fn calls_of_one_turn_are_one_trace_and_a_later_one_is_another() {
    let world = World::new();
    let remote = Remote::quiet();
    let _outlet = world.mounted(&remote.application()).await;
    play_network().await;
    let said = remote
        .say(
            "const together = [ctx.fetch('/a'), Promise.resolve().then(() => ctx.fetch('/b'))];
             await Promise.all(together);
             await new Promise((done) => setTimeout(done, 20));
             await ctx.fetch('/c');
             return calls.map(({ trace }) => trace).join(' ')",
        )
        .await;
    stop_playing().await;
    let calls: Vec<_> = said.split(' ').map(parts).collect();
    let [a, b, c] = calls[..] else { panic!("three calls: {said}") };
    assert_eq!((a[0], a[3]), ("00", "01"));
    assert_eq!(a[1], b[1], "one click, two calls");
    assert_ne!(a[2], b[2], "each call is a span of its own");
    assert_ne!(a[1], c[1], "what begins later begins a trace");
}

#[wasm_bindgen_test]
async fn a_traceparent_that_a_remote_sets_itself_is_kept() {
    let world = World::new();
    let remote = Remote::quiet();
    let _outlet = world.mounted(&remote.application()).await;
    play_network().await;
    let own = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    let said = remote
        .say(&format!(
            "await ctx.fetch('/a', {{ headers: {{ TraceParent: '{own}' }} }}); return calls[0].trace"
        ))
        .await;
    stop_playing().await;
    assert_eq!(said, own);
}

#[wasm_bindgen_test]
async fn server_functions_are_traced_and_a_call_without_an_answer_tells_its_trace() {
    eval("globalThis.traced = []").await.expect("cleared");
    answer(0, "").await;
    let server = server();
    let (publishing, asking) = (server.publish(event("1")), server.organization());
    let problems = (publishing.await.expect_err("offline"), asking.await.expect_err("offline"));
    let traced = text_of("return globalThis.traced.join(' ')").await;
    asked().await;
    let calls: Vec<_> = traced.split(' ').map(parts).collect();
    assert_eq!(calls.len(), 2);
    assert_eq!([calls[0][1], calls[1][1]], [problems.0.trace_id.as_str(), problems.1.trace_id.as_str()]);
    assert_eq!(calls[0][1], calls[1][1], "both began in one turn");
}

#[wasm_bindgen_test]
async fn reports_of_errors_carry_the_trace_of_the_call_that_led_to_them() {
    let world = World::new();
    let remote = Remote::quiet();
    let _outlet = world.mounted(&remote.application()).await;
    play_network().await;
    let said = remote
        .say(
            "globalThis.fetch = async (_, init) => {
               calls.push(new Headers(init.headers).get('traceparent'));
               throw new TypeError('Failed to fetch');
             };
             const error = await ctx.fetch('/a').catch((error) => error);
             await new Promise((done) => setTimeout(done, 20));
             ctx.reportError(new Error('could not be saved', { cause: error }));
             ctx.reportError(new Error('of no call'));
             return [error.traceId, calls[0]].join(' ')",
        )
        .await;
    stop_playing().await;
    let (told, sent) = said.split_once(' ').expect("both");
    assert_eq!(told, parts(sent)[1]);
    until("they are sent", || world.portal.reports.borrow().concat().contains("of no call")).await;
    let reports = world.portal.reports.borrow().concat();
    assert!(reports.contains(&format!("could not be saved\",\"traceId\":\"{told}\"")), "{reports}");
    assert!(reports.contains("of no call\"}"), "nothing is made up: {reports}");
}

#[wasm_bindgen_test]
async fn a_mount_that_failed_with_a_call_says_which() {
    let world = World::new();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let code = format!(
        "export function mount() {{ throw Object.assign(new Error('refused'), {{ traceId: '{trace}' }}); }}"
    );
    let failure = world.mount(&Remote::of(&code).application()).failure().await;
    assert_eq!((failure.phase, failure.reason), (FailedPhase::Mount, Reason::Threw));
    assert_eq!(failure.trace_id.as_deref(), Some(trace));
    sleep(20).await;
    let reports = world.portal.reports.borrow().concat();
    assert!(reports.contains(&format!("\"traceId\":\"{trace}\"")), "{reports}");
}
