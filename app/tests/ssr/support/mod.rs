//! Believable states of the shell, for the tests and for the gallery.
#![allow(dead_code, reason = "the gallery uses a part of it")]

pub(crate) mod health;
pub(crate) mod markup;

use std::sync::Arc;

use portico_app::platform::{
    AccountOrganization, AccountPage, DecisionAnswer, DecisionRow, DecisionsPage, Device, InvitationPage,
    InvitationRow, InvitationView, MemberRow, MembersPage, Moment, PlatformPage, RoleChoice,
};
use portico_app::{
    Environment, Locale, Notice, Outcome, Preferences, RegistryProblem, ShellState, Theme, Tone,
};
use portico_contracts::{Application, ApplicationCard, ApplicationRoute, Nav, Organization, Session};

/// Alice, who administers Acme.
pub(crate) fn alice() -> Session {
    session(
        "alice",
        "Alice Archer",
        "acme",
        &["chat.use", "insights.read", "org.admin", "todos.read", "todos.write"],
    )
}

/// Bob, a member of Acme.
pub(crate) fn bob() -> Session {
    session("bob", "Bob Becker", "acme", &["chat.use", "insights.read", "todos.read", "todos.write"])
}

/// Erin, a member of Acme and Globex.
pub(crate) fn erin() -> Session {
    let mut erin = session("erin", "Erin Ekström", "globex", &["chat.use", "todos.read"]);
    erin.organizations.push(organization("globex"));
    erin
}

fn session(sub: &str, name: &str, org_id: &str, permissions: &[&str]) -> Session {
    let permissions: Vec<String> = permissions.iter().map(|&permission| permission.into()).collect();
    Session {
        sub: sub.into(),
        name: name.into(),
        email: Some(format!("{sub}@acme.example")),
        org_id: org_id.into(),
        organizations: vec![organization("acme")],
        entitlements: permissions.clone(),
        permissions,
        expires_at: "2026-11-20T20:00:00Z".into(),
    }
}

fn organization(id: &str) -> Organization {
    let name = if id == "acme" { "Acme" } else { "Globex" };
    Organization { id: id.into(), name: name.into() }
}

/// A remote of the example set.
pub(crate) fn application(name: &str, title: &str, section: &str, order: i32) -> Application {
    let path = format!("/{name}");
    Application {
        name: format!("@portico/{name}"),
        id: format!("portico.{name}"),
        version: "1.2.0".into(),
        display_name: title.into(),
        owner: format!("team-{name}"),
        entry: format!("/remotes/portico.{name}/1.2.0/index.js"),
        integrity: "sha384-x".into(),
        format: "esm".into(),
        isolation: "shadow".into(),
        routes: vec![ApplicationRoute {
            path,
            title: title.into(),
            mount: "mount".into(),
            nav: Some(Nav { section: section.into(), order }),
        }],
        cards: vec![],
        styles: vec![],
        modules: Default::default(),
        direct: Vec::new(),
        token_mode: false,
        publishes: vec![],
        subscribes: vec![],
        flags: Default::default(),
    }
}

/// The same remote with a card.
pub(crate) fn with_card(mut application: Application, slot: &str, title: &str, height: u32) -> Application {
    application.cards.push(ApplicationCard {
        slot: slot.into(),
        mount: "card".into(),
        title: Some(title.into()),
        height: Some(height),
    });
    application
}

/// What a member of Acme may load.
pub(crate) fn member_applications() -> Vec<Application> {
    vec![
        with_card(application("chat", "Chat", "Work", 10), "home:right", "Latest conversation", 240),
        with_card(application("todos", "Todos", "Work", 20), "home:left", "Due today", 320),
        with_card(application("insights", "Insights", "Work", 30), "home:top", "This week", 168),
        application("echo", "Echo", "Tools", 40),
    ]
}

/// What an administrator of Acme may load.
pub(crate) fn admin_applications() -> Vec<Application> {
    let mut applications = member_applications();
    applications.push(application("org-admin", "Organization", "Administration", 90));
    applications
}

/// A signed-in page of a session.
pub(crate) fn state(session: Session, applications: Vec<Application>) -> ShellState {
    ShellState {
        administers: session.entitlements.iter().any(|permission| permission == "org.admin"),
        session: Some(session),
        applications: applications.into_iter().map(Arc::new).collect(),
        shell_version: "0.1.0".into(),
        environment: Environment::Development,
        ..ShellState::default()
    }
}

/// Alice's portal.
pub(crate) fn admin() -> ShellState {
    state(alice(), admin_applications())
}

/// Bob's portal.
pub(crate) fn member() -> ShellState {
    state(bob(), member_applications())
}

/// Nobody's portal.
pub(crate) fn signed_out() -> ShellState {
    ShellState { environment: Environment::Development, ..ShellState::default() }
}

/// The same page with an outcome.
pub(crate) fn with_outcome(mut state: ShellState, outcome: Outcome) -> ShellState {
    state.outcome = Some(outcome);
    state
}

/// A failed request.
pub(crate) fn failed() -> Outcome {
    Outcome::Error {
        status: 503,
        title: "The organization's data is not reachable".into(),
        detail: "The identity provider did not answer. Nothing was lost; try again in a moment.".into(),
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
    }
}

/// A portal with very many and very long names.
pub(crate) fn crowded() -> ShellState {
    let mut session = erin();
    session.name = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh Maximiliana Anastasia".into();
    session.organizations[1].name =
        "Globex International Consolidated Procurement & Compliance Services Holding GmbH & Co. KGaA".into();
    let names = [
        "Procurement requests",
        "Donaudampfschifffahrtsgesellschaftskapitänspatentverwaltung",
        "Rooms",
        "Travel",
    ];
    let applications = (0..50)
        .map(|index: i32| {
            let title = format!("{} {}", names[usize::try_from(index).unwrap_or(0) % names.len()], index + 1);
            let section = ["Work", "Finance and controlling across all regions", "People", "Tools"]
                [index as usize / 13];
            let application = application(&format!("remote-{index}"), &title, section, index);
            if index < 3 { with_card(application, "home:left", &title, 160) } else { application }
        })
        .collect();
    let mut state = state(session, applications);
    state.notice = Some(Notice { tone: Tone::Success, text: "You are now working for Globex.".into() });
    state
}

/// A new portal, seen by its administrator, with a manifest that did not pass.
pub(crate) fn empty() -> ShellState {
    let mut state = state(alice(), vec![]);
    state.registry_problems = vec![RegistryProblem {
        source: "remotes/hello/remote.json".into(),
        field: "backend.audience".into(),
        reason: "https://api.example/todos is granted to @portico/todos, not to @acme/hello".into(),
    }];
    state
}

fn moment(text: &str) -> Moment {
    Moment { text: text.into(), machine: "2026-11-20T10:00:00Z".into() }
}

/// Erin's account.
pub(crate) fn account() -> ShellState {
    let organization = |id: &str, name: &str| AccountOrganization {
        id: id.into(),
        name: name.into(),
        roles: vec!["member".into()],
        is_current: id == "globex",
    };
    let device = |handle: &str, name: &str| Device {
        handle: handle.into(),
        name: name.into(),
        begun: moment("2026-11-20 08:12 UTC"),
        last_seen: moment("2026-11-20 10:00 UTC"),
        is_current: handle == "a",
    };
    let page = AccountPage {
        provider: "id.example".into(),
        organizations: vec![organization("acme", "Acme"), organization("globex", "Globex")],
        devices: vec![device("a", "Firefox on Linux"), device("b", "Safari on iPhone"), device("c", "")],
    };
    let platform = Some(PlatformPage::Account(page));
    ShellState { platform, ..state(erin(), member_applications()) }
}

/// The members of Acme, with one invitation on its way and one that was not delivered.
pub(crate) fn members() -> ShellState {
    let member = |id: &str, name: &str, role: &str| MemberRow {
        id: id.into(),
        name: name.into(),
        email: Some(format!("{id}@acme.example")),
        roles: vec![role.into()],
        is_invited: id == "carol",
        joined: moment("2026-11-20"),
        is_self: id == "alice",
        may_change: id != "olga",
    };
    let long = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh Maximiliana Anastasia";
    let invitation = |id: &str, is_delivered| InvitationRow {
        id: id.into(),
        email: format!("{id}@a-very-long-domain-name-that-somebody-really-registered.example"),
        roles: vec!["member".into(), "auditor".into()],
        expires: moment("2026-11-27 10:00 UTC"),
        invited_by: "Alice Archer".into(),
        is_delivered,
    };
    let role =
        |name: &str, description: &str| RoleChoice { name: name.into(), description: description.into() };
    let page = MembersPage {
        members: vec![
            member("alice", "Alice Archer", "admin"),
            member("carol", "Carol Castillo", "member"),
            member("olga", "Olga Owner", "owner"),
            member("max", long, "member"),
        ],
        invitations: vec![invitation("dana", true), invitation("frank", false)],
        roles: vec![role("admin", "Looks after the members"), role("member", "todos.read")],
        typed_email: "not an address".into(),
        link: Some("http://127.0.0.1:3000/invitations/Xb3l9vQ2".into()),
    };
    ShellState { platform: Some(PlatformPage::Members(page)), ..admin() }
}

/// What was refused in Acme lately, and what was decided under a trace id.
pub(crate) fn decisions() -> ShellState {
    let row = |who: &str, answer, reason: &str, missing: &[&str]| DecisionRow {
        who: who.into(),
        time: moment("2026-11-27 10:00 UTC"),
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
        action: "call DELETE".into(),
        resource: "/orgs/{org}/todos/* /bff/acme.todos/orgs/acme/todos/a-very-long-name-that-does-not-break"
            .into(),
        answer,
        reason: reason.into(),
        missing: missing.iter().map(|&name| name.into()).collect(),
    };
    let page = DecisionsPage {
        trace: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
        rows: vec![
            row(
                "Bob Baker",
                DecisionAnswer::Refused,
                "the entitlements lack org.admin, todos.write",
                &["org.admin", "todos.write"],
            ),
            row("Alice Archer", DecisionAnswer::Allowed, "permitted by everyone", &[]),
            row("demo|max", DecisionAnswer::Refused, "forbidden by writing-is-for-sales", &[]),
            row(
                "demo|max",
                DecisionAnswer::Unavailable,
                "the Open Policy Agent did not answer within 250 ms",
                &[],
            ),
        ],
    };
    ShellState { platform: Some(PlatformPage::Decisions(page)), ..admin() }
}

/// A trace id of which nothing is known.
pub(crate) fn no_decisions(trace: &str) -> ShellState {
    let page = DecisionsPage { trace: trace.into(), rows: Vec::new() };
    ShellState { platform: Some(PlatformPage::Decisions(page)), ..admin() }
}

/// An organization of one.
pub(crate) fn alone() -> ShellState {
    let mut state = members();
    if let Some(PlatformPage::Members(page)) = &mut state.platform {
        page.members.truncate(1);
        page.invitations.clear();
        (page.typed_email, page.link) = (String::new(), None);
    }
    state
}

/// An invitation for Carol, as someone sees it.
pub(crate) fn invitation(mut state: ShellState, view: InvitationView) -> ShellState {
    state.platform = Some(PlatformPage::Invitation(InvitationPage {
        token: "Xb3l9vQ2".into(),
        organization: "Acme".into(),
        inviter: "Alice Archer".into(),
        email: "carol@globex.example".into(),
        roles: vec!["member".into()],
        expires: moment("2026-11-27 10:00 UTC"),
        view,
    }));
    state
}

/// The same state with another theme and language.
pub(crate) fn preferring(mut state: ShellState, theme: Theme, locale: Locale) -> ShellState {
    state.preferences = Preferences { theme, locale, ..state.preferences };
    state
}

/// Every kind of page, with the path it is at.
pub(crate) fn every_page() -> Vec<(&'static str, ShellState, &'static str)> {
    vec![
        ("home", admin(), "/"),
        ("remote", member(), "/todos/7?done=1"),
        ("crowded", crowded(), "/remote-30"),
        ("crowded home", crowded(), "/"),
        ("empty", empty(), "/"),
        ("empty for a member", state(bob(), vec![]), "/"),
        ("forbidden", with_outcome(member(), Outcome::Forbidden), "/org-admin"),
        ("not found", with_outcome(member(), Outcome::NotFound), "/nowhere"),
        ("failed", with_outcome(member(), failed()), "/todos"),
        ("failed without a session", with_outcome(signed_out(), failed()), "/"),
        ("account", account(), "/account"),
        ("members", members(), "/members"),
        ("a member alone", alone(), "/members"),
        ("decisions", decisions(), "/decisions"),
        ("no decisions", no_decisions(""), "/decisions"),
        ("an unknown trace id", no_decisions("4bf9"), "/decisions"),
        ("invitation", invitation(signed_out(), InvitationView::SignIn), "/invitations/Xb3l9vQ2"),
        ("invitation to accept", invitation(member(), InvitationView::Accept), "/invitations/Xb3l9vQ2"),
        ("another's invitation", invitation(member(), InvitationView::Another), "/invitations/Xb3l9vQ2"),
        ("unverified", invitation(member(), InvitationView::Unverified), "/invitations/Xb3l9vQ2"),
        (
            "invitation that is over",
            invitation(signed_out(), InvitationView::Expired),
            "/invitations/Xb3l9vQ2",
        ),
        ("health", health::good(), "/platform/health"),
        ("health on a bad day", health::bad(), "/platform/health"),
        ("signed out", signed_out(), "/"),
        ("asked for a page without a session", signed_out(), "/todos"),
        ("has just signed out", with_outcome(signed_out(), Outcome::SignedOut), "/"),
    ]
}
