use wasm_bindgen_test::wasm_bindgen_test;

use crate::world::{Remote, World, eval, until};

/// Plays the network: every call is kept in `globalThis.calls`, and answered with `globalThis.status`.
pub(crate) async fn play_network() {
    eval("globalThis.calls = []; globalThis.status = 200;
          globalThis.realFetch ??= globalThis.fetch;
          globalThis.fetch = async (url, init) => {
            const headers = new Headers(init.headers);
            const trace = headers.get('traceparent');
            headers.delete('traceparent');
            globalThis.calls.push({ url: url.replace(location.origin, ''), init, trace, headers: [...headers].join(';') });
            if (init.signal?.aborted) throw init.signal.reason;
            return new Response('{}', { status: globalThis.status });
          };")
    .await
    .expect("played");
}

pub(crate) async fn stop_playing() {
    eval("globalThis.fetch = globalThis.realFetch;").await.expect("restored");
}

#[wasm_bindgen_test]
async fn calls_go_below_the_remotes_own_part_of_the_proxy_with_headers_added() {
    let world = World::new();
    let remote = Remote::quiet();
    let _outlet = world.mounted(&remote.application()).await;
    play_network().await;
    let said = remote
        .say(
            "const { fetch } = ctx;
             await fetch('/todos?done=1');
             await fetch('todos/1', { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json', 'X-Portico-Org': 'globex' } });
             await fetch('', { headers: [['a', 'b']], credentials: 'omit', mode: 'no-cors' });
             return calls.map(({ url, init, headers }) => [url, init.method ?? 'GET', headers, init.credentials, init.mode].join(' ')).join('\\n');",
        )
        .await;
    stop_playing().await;
    let base = format!("/bff/{}", remote.application().id);
    let expected = [
        format!("{base}/todos?done=1 GET x-csrf,1;x-portico-org,acme same-origin same-origin"),
        format!(
            "{base}/todos/1 POST content-type,application/json;x-csrf,1;x-portico-org,acme same-origin same-origin"
        ),
        format!("{base}/ GET a,b;x-csrf,1;x-portico-org,acme same-origin same-origin"),
    ];
    assert_eq!(said, expected.join("\n"));
}

#[wasm_bindgen_test]
async fn paths_that_leave_the_remotes_part_of_the_proxy_are_refused_without_a_call() {
    let world = World::new();
    let remote = Remote::quiet();
    let _outlet = world.mounted(&remote.application()).await;
    play_network().await;
    let said = remote
        .say(
            "const paths = ['../other.remote/x', '/../../api/platform/session', 'a/../../x', '%2e%2e/x', '.%2E/x', '/..',
                            'https://evil.example/', '//evil.example/x', 'javascript:alert(1)', 'data:text/plain,x',
                            '\\\\\\\\evil.example', '..\\\\x', 'a\\n/../..', '\\t//evil.example', 'x#y', 7, undefined, new URL(location)];
             const names = [];
             for (const path of paths) {
               names.push(await ctx.fetch(path).then(() => 'called ' + path, (error) => error.name));
             }
             return names.filter((name) => name !== 'TypeError').join() + calls.length;",
        )
        .await;
    stop_playing().await;
    assert_eq!(said, "0");
}

#[wasm_bindgen_test]
async fn dot_segments_that_stay_inside_are_resolved() {
    let world = World::new();
    let remote = Remote::quiet();
    let _outlet = world.mounted(&remote.application()).await;
    play_network().await;
    let said = remote.say("await ctx.fetch('/a/../b/./c'); return calls[0].url").await;
    stop_playing().await;
    assert_eq!(said, format!("/bff/{}/b/c", remote.application().id));
}

#[wasm_bindgen_test]
async fn calls_end_with_the_mount_unless_they_are_meant_to_outlive_it() {
    let world = World::new();
    let remote = Remote::quiet();
    let outlet = world.mounted(&remote.application()).await;
    outlet.mounted.unmount();
    play_network().await;
    let said = remote
        .say(
            "const outcome = (promise) => promise.then(() => 'done', (error) => error.name);
             return [await outcome(ctx.fetch('/a')),
                     await outcome(ctx.fetch('/b', { keepalive: true })),
                     await outcome(ctx.fetch('/c', { signal: new AbortController().signal }))].join();",
        )
        .await;
    stop_playing().await;
    assert_eq!(said, "AbortError,done,done");
}

#[wasm_bindgen_test]
async fn a_401_of_an_upstream_does_not_end_a_session_that_stands() {
    let world = World::new();
    let connections = world.connections();
    let remote = Remote::quiet();
    let _outlet = world.mounted(&remote.application()).await;
    play_network().await;
    let status = remote.run("globalThis.status = 401; return (await ctx.fetch('/a')).status").await;
    stop_playing().await;
    assert_eq!(status.expect("answered").as_f64(), Some(401.0));
    until("the portal was asked", || world.portal.questions.get() == 1).await;
    assert_eq!((connections.borrow().len(), world.portal.reloads.get()), (1, 0));
}

#[wasm_bindgen_test]
async fn a_409_reloads_the_page_only_when_the_session_is_for_another_organization() {
    let world = World::new();
    let remote = Remote::quiet();
    let _outlet = world.mounted(&remote.application()).await;
    play_network().await;
    let conflict = "globalThis.status = 409; await ctx.fetch('/a')";
    remote.run(conflict).await.expect("answered");
    until("the portal was asked", || world.portal.questions.get() == 1).await;
    crate::world::sleep(20).await;
    assert_eq!(world.portal.reloads.get(), 0);
    world.portal.organization.replace(Some("globex".into()));
    remote.run(conflict).await.expect("answered");
    stop_playing().await;
    until("the page reloads", || world.portal.reloads.get() == 1).await;
}
