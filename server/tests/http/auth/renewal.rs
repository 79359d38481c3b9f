use portico_identity::session::Change;

use crate::test_app::TestApp;

#[tokio::test]
async fn after_a_change_of_privileges_streams_open_anew_and_the_next_page_has_a_new_session_id() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let bob = app.signed_in("bob").await;
    let (before, old) = (bob.session(), bob.copy());
    let mut stream = bob.get("/stream").open().await.expect("a stream");
    stream.opened().await;
    let session = bob.get("/api/platform/session").send().await;
    let sub = session.expect(200).json()["sub"].as_str().expect("a subject").to_owned();
    let issuer = app.state.providers.default_provider().issuer().to_owned();
    let changed = app.state.sessions.update_person(&issuer, &sub, |state| {
        state.renew = true;
        Change::SavePrivileges
    });
    assert_eq!(changed.await.expect("the store answers"), 1);
    let said = stream.rest().await;
    assert!(said.iter().any(|event| event.kind == "bye" && event.data.contains("changed")), "{said:?}");
    let mut again = bob.get("/stream").open().await.expect("the session goes on");
    again.opened().await;
    bob.get("/").sent_from("none").send().await.expect(200);
    assert_ne!(bob.session(), before, "the page brought a new cookie");
    old.get("/api/platform/session").send().await.problem(401);
    bob.get("/api/platform/session").send().await.expect(200);
    let renewed = bob.session();
    bob.get("/").sent_from("none").send().await.expect(200);
    assert_eq!(bob.session(), renewed, "once is enough");
}
