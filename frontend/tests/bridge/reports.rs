use wasm_bindgen_test::wasm_bindgen_test;

use crate::world::{Remote, World, until};

#[wasm_bindgen_test]
async fn phases_are_measured_and_sent_together() {
    let world = World::new();
    let remote = Remote::quiet();
    let _outlet = world.mounted(&remote.application()).await;
    until("they are sent", || !world.portal.reports.borrow().is_empty()).await;
    let reports = world.portal.reports.borrow();
    let name = remote.application().name.clone();
    assert_eq!(reports.len(), 1);
    for phase in ["load", "mount"] {
        let start = format!(
            r#"{{"kind":"phase","remote":"{name}","version":"1.2.0","phase":"{phase}","durationMs":"#
        );
        assert!(reports[0].contains(&start), "{}", reports[0]);
    }
}

#[wasm_bindgen_test]
async fn errors_that_a_remote_reports_are_bounded_and_come_with_its_name() {
    let world = World::new();
    let remote = Remote::quiet();
    let _outlet = world.mounted(&remote.application()).await;
    remote.run("ctx.reportError(new Error('ä'.repeat(1000))); ctx.reportError({ code: 7 }); ctx.reportError(undefined);").await.expect("reported");
    until("they are sent", || world.portal.reports.borrow().concat().contains(r#"{\"code\":7}"#)).await;
    let reports = world.portal.reports.borrow().concat();
    assert!(reports.contains("Error: ä") && reports.len() < 1_500, "{reports}");
}

#[wasm_bindgen_test]
async fn a_remote_that_reports_in_a_loop_does_not_become_load() {
    let world = World::new();
    let remote = Remote::quiet();
    let _outlet = world.mounted(&remote.application()).await;
    remote.run("for (let i = 0; i < 1000; i++) ctx.reportError('again')").await.expect("reported");
    world.bridge.flush_reports();
    let sent = world.portal.reports.borrow().concat().matches("\"kind\"").count();
    assert_eq!(sent, 60);
}

#[wasm_bindgen_test]
async fn errors_that_nobody_caught_are_reported_in_the_name_of_the_remote_whose_script_threw() {
    let import = js_sys::Function::new_no_args("return Promise.resolve({ mount: () => () => {} })");
    let world = World::with_import(import);
    let remote = Remote::quiet().change(|application| {
        application.entry = "/remotes/test.own/1.2.0/index.js".into();
    });
    let _outlet = world.mounted(&remote.application()).await;
    let error = js_sys::Error::new("slipped through");
    world.bridge.unhandled("https://elsewhere.example/remotes/other/1.0.0/index.js", &error);
    world.bridge.flush_reports();
    assert!(!world.portal.reports.borrow().concat().contains("slipped"));
    let origin = web_sys::window().expect("a window").location().origin().expect("an origin");
    world.bridge.unhandled(&format!("at f ({origin}/remotes/test.own/1.2.0/chunk.js:1:2)"), &error);
    world.bridge.flush_reports();
    let reports = world.portal.reports.borrow().concat();
    assert!(reports.contains("slipped through") && reports.contains(&remote.application().name), "{reports}");
}
