//! What people read on each page, before any script has run.

use crate::support::markup::{render, tags, text};
use crate::support::*;
use portico_app::{Locale, Navigation, Notice, Outcome, Theme, Tone};

#[test]
fn an_administrator_sees_the_way_to_administration_and_a_member_does_not() {
    let alice = render(admin(), "/");
    assert!(alice.contains("href=\"/org-admin\""));
    assert!(text(&alice).contains("Administration"));
    let bob = render(member(), "/");
    assert!(!bob.contains("org-admin"));
    assert!(!text(&bob).contains("Administration"));
}

#[test]
fn the_home_page_greets_and_shows_the_cards_of_every_slot_with_their_owners() {
    let html = render(member(), "/");
    let text = text(&html);
    for expected in ["Welcome, Bob", "Acme", "This week by team-insights", "Due today", "Latest conversation"]
    {
        assert!(text.contains(expected), "{expected}");
    }
    // The spacer keeps the declared height before any script runs.
    let spacers: Vec<_> = tags(&html).into_iter().filter(|tag| tag.get("class") == Some("spacer")).collect();
    let heights: Vec<_> = spacers.iter().map(|tag| tag.get("height").unwrap_or_default()).collect();
    assert_eq!(heights, ["168", "320", "240"]);
}

#[test]
fn an_absurd_card_height_does_not_take_the_page() {
    let applications = vec![with_card(application("tall", "Tall", "Work", 1), "home:left", "Tall", u32::MAX)];
    let html = render(state(bob(), applications), "/");
    assert!(tags(&html).iter().any(|tag| tag.get("height") == Some("1600")));
}

#[test]
fn a_remotes_page_has_its_title_owner_and_version_and_marks_its_place() {
    let html = render(member(), "/todos/7");
    let text = text(&html);
    assert!(text.contains("by team-todos · version 1.2.0"));
    let current: Vec<_> = tags(&html).into_iter().filter(|t| t.get("aria-current") == Some("page")).collect();
    assert_eq!(current.len(), 1);
    assert_eq!(current[0].get("href"), Some("/todos"));
    assert!(html.contains("data-phase=\"loading\""));
}

#[test]
fn signing_out_and_switching_organization_are_forms() {
    let html = render(state(erin(), member_applications()), "/todos?done=1");
    let found = tags(&html);
    let form =
        |action| found.iter().any(|t| t.get("action") == Some(action) && t.get("method") == Some("post"));
    assert!(form("/auth/logout"));
    assert!(form("/api/platform/organization"));
    let organizations: Vec<_> = found.iter().filter(|t| t.get("name") == Some("organization")).collect();
    assert_eq!(organizations.len(), 2);
    let return_to = found.iter().find(|t| t.get("name") == Some("return_to")).and_then(|t| t.get("value"));
    assert_eq!(return_to, Some("/todos?done=1"));
}

#[test]
fn people_with_one_organization_see_its_name_and_no_switch() {
    let html = render(member(), "/");
    assert!(text(&html).contains("Acme"));
    assert!(!html.contains("/api/platform/organization"));
}

#[test]
fn signed_out_people_can_sign_in_and_come_back() {
    let html = render(signed_out(), "/todos?done=1");
    assert!(html.contains("href=\"/auth/login?return_to=/todos%3Fdone%3D1\""));
    assert!(html.contains("login_hint=alice"));
    assert!(!html.contains("/auth/logout"));
}

#[test]
fn only_a_development_portal_offers_demo_accounts() {
    let mut state = signed_out();
    state.environment = portico_app::Environment::Production;
    assert!(!render(state, "/").contains("login_hint"));
}

#[test]
fn a_failed_page_says_what_to_mention() {
    let html = render(with_outcome(member(), failed()), "/todos");
    let text = text(&html);
    assert!(text.contains("The organization's data is not reachable"));
    assert!(text.contains("4bf92f3577b34da6a3ce929d0e0e4736"));
}

#[test]
fn an_empty_portal_teaches_those_who_can_do_something() {
    let administrator = text(&render(empty(), "/"));
    assert!(administrator.contains("Mount your first remote"));
    assert!(administrator.contains("backend.audience"));
    let member = text(&render(state(bob(), vec![]), "/"));
    assert!(!member.contains("Mount your first remote"));
    assert!(member.contains("ask an administrator"));
}

#[test]
fn problems_of_the_registry_are_shown_where_they_are_given() {
    let mut state = admin();
    state.registry_problems = empty().registry_problems;
    assert!(text(&render(state, "/")).contains("Remotes that were left out"));
}

#[test]
fn a_message_from_the_last_action_is_announced() {
    let mut state = member();
    state.notice = Some(Notice { tone: Tone::Danger, text: "That did not work.".into() });
    let html = render(state, "/");
    assert!(text(&html).contains("That did not work."));
    assert!(
        tags(&html).iter().any(|t| t.get("role") == Some("alert") && t.get("data-tone") == Some("danger"))
    );
}

#[test]
fn a_collapsed_side_bar_arrives_collapsed() {
    let mut state = member();
    state.preferences.navigation = Navigation::Collapsed;
    let html = render(state, "/");
    assert!(html.contains("data-navigation=\"collapsed\""));
    assert!(text(&html).contains("Todos"));
}

#[test]
fn every_page_speaks_german_too() {
    for (name, state, path) in every_page() {
        let english = text(&render(preferring(state.clone(), Theme::System, Locale::En), path));
        let german = text(&render(preferring(state, Theme::System, Locale::De), path));
        assert_ne!(english, german, "{name}");
        for left_over in ["Sign in", "Sign out", "Search", "Applications", "by team", "Skip to", "Go to home"]
        {
            assert!(!german.contains(left_over), "{name} says {left_over:?} in German");
        }
    }
    let german = preferring(with_outcome(member(), Outcome::Forbidden), Theme::System, Locale::De);
    assert!(text(&render(german, "/org-admin")).contains("Ihre Rolle bei Acme"));
}

#[test]
fn only_administrators_are_led_to_members_and_refusals() {
    let (alice, bob) = (render(admin(), "/"), render(member(), "/"));
    for path in ["href=\"/members\"", "href=\"/decisions\""] {
        assert!(alice.contains(path) && !bob.contains(path), "{path}");
    }
}

#[test]
fn a_refusal_says_who_what_which_rule_and_what_is_missing() {
    let page = text(&render(decisions(), "/decisions"));
    for said in
        ["Bob Baker", "call DELETE", "Refused", "the entitlements lack", "org.admin", "Missing permissions"]
    {
        assert!(page.contains(said), "{said} in {page}");
    }
    let german = preferring(no_decisions("4bf9"), Theme::Light, Locale::De);
    assert!(text(&render(german, "/decisions")).contains("Zu dieser Trace-ID ist nichts bekannt"));
}
