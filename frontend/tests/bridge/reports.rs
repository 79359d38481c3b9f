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
