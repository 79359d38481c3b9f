use std::sync::Arc;

use portico_contracts::Application;
use portico_registry::{HostedManifest, Offer, Registry, Remote};
use serde_json::json;

use crate::world::{World, plain, signature, todos};

/// What a session gets that may have what these permissions cover, as whoever decides would say.
pub(crate) fn resolve(registry: &Registry, held: &[&str]) -> Vec<Arc<Application>> {
    let covers = |required: &[String]| required.iter().all(|permission| held.contains(&permission.as_str()));
    let allows = |remote: &Remote, offer: Offer<'_>| match offer {
        Offer::Remote | Offer::Page { .. } => covers(&remote.manifest.permissions.required),
        Offer::Publish(event) | Offer::Subscribe(event) => covers(&event.permissions),
    };
    let snapshot = registry.snapshot();
    let of = |remote: &Arc<Remote>| remote.application(remote.offers().map(|offer| allows(remote, offer)));
    snapshot.remotes().iter().filter_map(of).map(Arc::new).collect()
}

#[tokio::test]
async fn a_session_gets_the_remotes_whose_permissions_it_holds() {
    let world = World::new();
    world.publish("todos", &todos());
    let mut admin = plain("@acme/admin", "1.0.0", "/admin");
    admin["permissions"] = json!({ "required": ["org.admin", "todos.read"] });
    world.publish("admin", &admin);
    world.publish("open", &plain("@acme/open", "1.0.0", "/open"));
    let registry = world.open().await;
    let names = |entitlements: &[&str]| {
        resolve(&registry, entitlements).iter().map(|application| application.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&[]), ["acme.open"]);
    assert_eq!(names(&["todos.read"]), ["acme.open", "acme.todos"]);
    assert_eq!(names(&["org.admin"]), ["acme.open"]);
    assert_eq!(names(&["org.admin", "todos.read"]), ["acme.admin", "acme.open", "acme.todos"]);
}

#[tokio::test]
async fn an_application_says_all_that_the_shell_needs() {
    let world = World::new();
    world.publish("todos", &todos());
    let registry = world.open().await;
    let application = resolve(&registry, &["todos.read"])[0].clone();
    assert_eq!(application.entry, "/remotes/acme.todos/1.2.0/index.js");
    assert_eq!(application.styles[0].href, "/remotes/acme.todos/1.2.0/index.css");
    assert_eq!(
        application.modules.iter().map(|(url, _)| url).collect::<Vec<_>>(),
        ["/remotes/acme.todos/1.2.0/chunk.js"]
    );
    assert_eq!((application.format.as_str(), application.isolation.as_str()), ("esm", "shadow"));
    assert_eq!(application.routes[0].nav.as_ref().expect("it has one").section, "Work");
    assert_eq!(
        (application.cards[0].title.as_deref(), application.cards[0].height),
        (Some("Open"), Some(240))
    );
    assert!(!application.token_mode);
}

#[tokio::test]
async fn events_are_those_that_the_session_may_use() {
    let world = World::new();
    world.publish("todos", &todos());
    let registry = world.open().await;
    let without = resolve(&registry, &["todos.read"])[0].clone();
    assert!(without.publishes.is_empty() && without.subscribes.is_empty());
    let with = resolve(&registry, &["chat.use", "todos.read"])[0].clone();
    assert_eq!(
        (with.publishes[0].kind.as_str(), with.subscribes[0].kind.as_str()),
        ("chat.message", "chat.reply")
    );
    assert!(registry.snapshot().subscribed_topics().contains("chat.outbound"));
    assert!(registry.snapshot().published_topics().contains("chat.inbound"));
}

#[tokio::test]
async fn a_path_has_an_owner_even_where_a_session_may_not_see_it() {
    let world = World::new();
    world.publish("todos", &todos());
    let snapshot = world.open().await.snapshot();
    for path in ["/todos", "/todos/", "/todos/7/edit", "/todos?x=/other", "/todos#top"] {
        assert_eq!(snapshot.route_owner(path).expect(path).id, "acme.todos");
    }
    for path in ["/", "", "/todo", "/todosx", "/other/todos", "/Todos"] {
        assert!(snapshot.route_owner(path).is_none(), "{path}");
    }
}

#[tokio::test]
async fn a_hosted_remotes_files_are_absolute_and_its_origin_is_in_the_csp() {
    let mut world = World::new();
    let url = "https://cdn.example/a/remote.json";
    world.config.manifests = vec![HostedManifest { url: url.to_owned(), development_sign: false }];
    let manifest = plain("@acme/hosted", "1.0.0", "/hosted").to_string().into_bytes();
    let signed = signature(&world.team, "acme-2026", "@acme/hosted", &manifest);
    world.cdn.0.lock().insert(url.to_owned(), Some(manifest));
    world.cdn.0.lock().insert("https://cdn.example/a/remote.sig.json".to_owned(), Some(signed));
    world.publish("todos", &todos());
    let registry = world.open().await;
    let applications = resolve(&registry, &["todos.read"]);
    assert_eq!(applications[0].entry, "https://cdn.example/a/index.js");
    let csp = registry.snapshot().csp_sources(&applications);
    let of =
        |directive: &str| csp.get(directive).into_iter().flatten().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(of("script-src"), ["https://cdn.example"]);
    assert_eq!(of("img-src"), ["https://cdn.example", "https://images.example"]);
    let nobody = registry.snapshot().csp_sources(&[]);
    assert!(nobody.is_empty(), "a session that may load nothing opens nothing: {nobody:?}");
}

#[tokio::test]
async fn a_page_that_a_session_may_not_open_is_not_in_its_application() {
    let world = World::new();
    world.publish("todos", &todos());
    let snapshot = world.open().await.snapshot();
    let remote = &snapshot.remotes()[0];
    let but_pages = remote.offers().map(|offer| !matches!(offer, Offer::Page { .. }));
    let application = remote.application(but_pages).expect("the remote itself is allowed");
    assert!(application.routes.is_empty() && !application.publishes.is_empty());
    assert!(remote.application(std::iter::empty()).is_none(), "what nobody allowed is refused");
}

#[tokio::test]
async fn a_path_has_its_owner_among_five_hundred_remotes() {
    let world = World::new();
    for i in 0..500 {
        world.publish(
            &format!("remote-{i:03}"),
            &plain(&format!("@acme/remote-{i:03}"), "1.0.0", &format!("/remote-{i:03}")),
        );
    }
    let snapshot = world.open().await.snapshot();
    assert_eq!((snapshot.remotes().len(), snapshot.problems().len()), (500, 0));
    assert_eq!(snapshot.route_owner("/remote-321/deep/below").expect("owned").id, "acme.remote-321");
}
