//! What every [`Directory`] does, whatever it keeps its rows in. Each function is one test; `all!` names them, for the
//! in-memory one here and for the databases in the server's tests.

use std::sync::Arc;

use portico_directory::{
    AcceptError, AdminRoles, Belonging, ChangeError, Claims, Directory, EmailAddress, Invitation,
    InvitationState, InvitationToken, Inviter, Member, Person, PersonId, Source, accept, new_invitation_id,
    resolve,
};
use portico_ports::OsRandom;
use time::{Duration, OffsetDateTime};

/// Calls `$each!` with the names of all tests.
macro_rules! all {
    ($each:ident) => {
        $each! {
            what_the_claims_say_is_on_the_members_page,
            claims_that_name_all_organizations_take_away_what_they_no_longer_name,
            claims_that_name_one_organization_say_nothing_of_others,
            case_53_the_same_sub_from_two_issuers_is_two_people,
            names_that_databases_cannot_keep_are_kept_without_what_hurts,
            roles_that_an_administrator_set_outlast_the_next_login,
            whoever_was_removed_stays_removed_while_the_claims_still_name_them,
            an_invitation_brings_a_removed_member_back,
            the_last_administrator_can_be_neither_removed_nor_demoted,
            of_two_administrators_who_remove_each_other_one_stays,
            a_member_of_one_organization_cannot_be_reached_from_another,
            an_accepted_invitation_is_a_membership_that_the_claims_need_not_name,
            an_active_member_keeps_their_roles_when_they_accept,
            an_invitation_can_be_accepted_once,
            of_two_who_accept_at_the_same_time_one_succeeds,
            an_invitation_ends_with_its_time,
            a_revoked_invitation_is_over,
            inviting_the_same_address_again_replaces_the_open_invitation,
            case_30_an_invitation_for_another_address_is_refused_whatever_became_of_it,
            case_30_an_address_that_the_provider_calls_unverified_does_not_count,
            case_50_another_organizations_invitation_is_not_there,
            the_token_is_not_kept,
            open_invitations_are_listed_newest_first,
        }
    };
}

type Shared = Arc<dyn Directory>;

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_790_000_000).expect("an instant")
}

fn person(sub: &str) -> Person {
    from_issuer("https://idp.test", sub)
}

fn from_issuer(issuer: &str, sub: &str) -> Person {
    Person {
        id: PersonId { issuer: issuer.into(), sub: sub.into() },
        name: format!("{} Tester", sub.to_uppercase()),
        email: Some(format!("{sub}@example.com")),
        email_verified: None,
    }
}

fn roles(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn claims(organizations: &[(&str, &str)]) -> Claims {
    let belonging = |(id, role): &(&str, &str)| Belonging {
        org_id: (*id).into(),
        name: id.to_uppercase(),
        roles: roles(&[role]),
    };
    Claims { organizations: organizations.iter().map(belonging).collect(), complete: true }
}

fn admins() -> AdminRoles {
    AdminRoles::new(["admin".to_owned()])
}

async fn login(directory: &Shared, person: &Person, claims: &Claims) -> Vec<Belonging> {
    let members = directory.record(person, claims, now()).await.expect("the directory answers");
    resolve(&members, claims)
}

async fn only(directory: &Shared, org_id: &str) -> Member {
    let members = directory.members(org_id).await.expect("the directory answers");
    assert_eq!(members.len(), 1, "{members:?}");
    members[0].clone()
}

async fn named(directory: &Shared, org_id: &str, name: &str) -> Member {
    let members = directory.members(org_id).await.expect("the directory answers");
    members.into_iter().find(|member| member.name == name).expect("there is such a member")
}

fn invitation(org_id: &str, email: &str, names: &[&str]) -> (Invitation, InvitationToken) {
    let token = InvitationToken::generate(&OsRandom);
    let invitation = Invitation {
        id: new_invitation_id(&OsRandom),
        org_id: org_id.into(),
        org_name: org_id.to_uppercase(),
        email: EmailAddress::parse(email).expect("an address"),
        roles: roles(names),
        inviter: Inviter { person: person("inviter").id, name: "Ina Inviter".into() },
        token: token.hash(),
        created_at: now(),
        expires_at: now() + Duration::days(7),
        delivered_at: None,
        accepted_at: None,
        revoked_at: None,
    };
    (invitation, token)
}

async fn invite(
    directory: &Shared,
    org_id: &str,
    email: &str,
    names: &[&str],
) -> (Invitation, InvitationToken) {
    let (invitation, token) = invitation(org_id, email, names);
    directory.invite(&invitation).await.expect("the directory answers");
    (invitation, token)
}

fn ids(belongings: &[Belonging]) -> Vec<&str> {
    belongings.iter().map(|belonging| belonging.org_id.as_str()).collect()
}

pub async fn what_the_claims_say_is_on_the_members_page(directory: Shared) {
    let pat = person("pat");
    let belongs = login(&directory, &pat, &claims(&[("acme", "member"), ("globex", "admin")])).await;
    assert_eq!(ids(&belongs), ["acme", "globex"]);
    let member = only(&directory, "globex").await;
    assert_eq!((member.name.as_str(), member.email.as_deref()), ("PAT Tester", Some("pat@example.com")));
    assert_eq!((member.roles, member.source), (roles(&["admin"]), Source::Provider));
    assert_eq!((member.org_name.as_str(), member.joined_at), ("GLOBEX", now()));
    // The provider knows better by the next login.
    let renamed = Person { name: "Pat Prime".into(), email: None, ..pat };
    login(&directory, &renamed, &claims(&[("acme", "admin"), ("globex", "admin")])).await;
    let member = only(&directory, "acme").await;
    assert_eq!((member.name.as_str(), member.email, member.roles), ("Pat Prime", None, roles(&["admin"])));
}

pub async fn claims_that_name_all_organizations_take_away_what_they_no_longer_name(directory: Shared) {
    let pat = person("pat");
    login(&directory, &pat, &claims(&[("acme", "admin"), ("globex", "member")])).await;
    assert_eq!(ids(&login(&directory, &pat, &claims(&[("globex", "member")])).await), ["globex"]);
    assert!(directory.members("acme").await.expect("an answer").is_empty());
}

pub async fn claims_that_name_one_organization_say_nothing_of_others(directory: Shared) {
    let pat = person("pat");
    let one = |id| Claims { complete: false, ..claims(&[(id, "member")]) };
    login(&directory, &pat, &one("acme")).await;
    assert_eq!(
        ids(&login(&directory, &pat, &one("globex")).await),
        ["globex"],
        "a session has what is claimed"
    );
    assert_eq!(only(&directory, "acme").await.person, pat.id, "and the other organization keeps its member");
}

pub async fn case_53_the_same_sub_from_two_issuers_is_two_people(directory: Shared) {
    let (first, second) = (from_issuer("https://one.test", "1"), from_issuer("https://two.test", "1"));
    login(&directory, &first, &claims(&[("acme", "admin")])).await;
    login(&directory, &second, &claims(&[("acme", "member")])).await;
    let members = directory.members("acme").await.expect("an answer");
    assert_eq!(members.len(), 2);
    let second_member = members.iter().find(|m| m.person == second.id).expect("a member");
    directory.remove("acme", &second_member.id, &admins(), now()).await.expect("removed");
    assert!(login(&directory, &second, &claims(&[("acme", "member")])).await.is_empty());
    assert_eq!(ids(&login(&directory, &first, &claims(&[("acme", "admin")])).await), ["acme"]);
}

pub async fn names_that_databases_cannot_keep_are_kept_without_what_hurts(directory: Shared) {
    let odd = Person { name: format!("a\0'\"\u{1f600}{}", "x".repeat(5000)), ..person("odd") };
    login(&directory, &odd, &claims(&[("acme", "member")])).await;
    let member = only(&directory, "acme").await;
    assert!(member.name.starts_with("a'\"\u{1f600}xxx") && member.name.chars().count() <= 300);
}

pub async fn roles_that_an_administrator_set_outlast_the_next_login(directory: Shared) {
    let pat = person("pat");
    login(&directory, &pat, &claims(&[("acme", "member")])).await;
    let id = only(&directory, "acme").await.id;
    let before = directory.set_roles("acme", &id, &roles(&["admin"]), &admins()).await.expect("changed");
    assert_eq!(before.roles, roles(&["member"]));
    let belongs = login(&directory, &pat, &claims(&[("acme", "member")])).await;
    assert_eq!(belongs[0].roles, roles(&["admin"]));
    assert_eq!(only(&directory, "acme").await.source, Source::Provider);
}

pub async fn whoever_was_removed_stays_removed_while_the_claims_still_name_them(directory: Shared) {
    let pat = person("pat");
    login(&directory, &pat, &claims(&[("acme", "member"), ("globex", "member")])).await;
    let id = only(&directory, "acme").await.id;
    directory.remove("acme", &id, &admins(), now()).await.expect("removed");
    assert_eq!(
        ids(&login(&directory, &pat, &claims(&[("acme", "admin"), ("globex", "member")])).await),
        ["globex"]
    );
    assert!(directory.members("acme").await.expect("an answer").is_empty());
    assert!(directory.member("acme", &id).await.expect("an answer").is_none());
    // Not even by a change of mind of the provider's.
    login(&directory, &pat, &claims(&[("globex", "member")])).await;
    assert_eq!(
        ids(&login(&directory, &pat, &claims(&[("acme", "member"), ("globex", "member")])).await),
        ["globex"]
    );
    let again = directory.remove("acme", &id, &admins(), now()).await;
    assert!(matches!(again, Err(ChangeError::NotFound)));
}

pub async fn an_invitation_brings_a_removed_member_back(directory: Shared) {
    let pat = person("pat");
    login(&directory, &pat, &claims(&[("acme", "admin")])).await;
    login(&directory, &person("other"), &claims(&[("acme", "admin")])).await;
    let id = named(&directory, "acme", "PAT Tester").await.id;
    directory.remove("acme", &id, &admins(), now()).await.expect("removed");
    let (_, token) = invite(&directory, "acme", "pat@example.com", &["member"]).await;
    accept(&*directory, &token, &pat, now()).await.expect("accepted");
    let belongs = login(&directory, &pat, &claims(&[("acme", "admin")])).await;
    assert_eq!(belongs[0].roles, roles(&["member"]), "what they were before does not come back");
}

pub async fn the_last_administrator_can_be_neither_removed_nor_demoted(directory: Shared) {
    login(&directory, &person("ada"), &claims(&[("acme", "admin")])).await;
    login(&directory, &person("bo"), &claims(&[("acme", "member")])).await;
    // An administrator elsewhere is none here.
    login(&directory, &person("gil"), &claims(&[("globex", "admin")])).await;
    let ada = named(&directory, "acme", "ADA Tester").await.id;
    let bo = named(&directory, "acme", "BO Tester").await.id;
    let demoted = directory.set_roles("acme", &ada, &roles(&["member"]), &admins()).await;
    assert!(matches!(demoted, Err(ChangeError::LastAdmin)));
    let removed = directory.remove("acme", &ada, &admins(), now()).await;
    assert!(matches!(removed, Err(ChangeError::LastAdmin)));
    directory.set_roles("acme", &bo, &roles(&["admin"]), &admins()).await.expect("changed");
    directory.set_roles("acme", &ada, &roles(&["member"]), &admins()).await.expect("bo is left");
    directory.remove("acme", &ada, &admins(), now()).await.expect("and ada is an administrator no more");
}

pub async fn of_two_administrators_who_remove_each_other_one_stays(directory: Shared) {
    for round in 0..8 {
        let org = format!("acme-{round}");
        for sub in ["ada", "bo"] {
            let all: Vec<_> = (0..=round).map(|n| (format!("acme-{n}"), "admin")).collect();
            let all: Vec<_> = all.iter().map(|(org, role)| (org.as_str(), *role)).collect();
            login(&directory, &person(sub), &claims(&all)).await;
        }
        let ada = named(&directory, &org, "ADA Tester").await.id;
        let bo = named(&directory, &org, "BO Tester").await.id;
        let admins = admins();
        let (first, second) = futures::join!(
            directory.remove(&org, &ada, &admins, now()),
            directory.remove(&org, &bo, &admins, now())
        );
        assert_eq!(
            [&first, &second].into_iter().filter(|done| done.is_ok()).count(),
            1,
            "{first:?} {second:?}"
        );
        only(&directory, &org).await;
    }
}

pub async fn a_member_of_one_organization_cannot_be_reached_from_another(directory: Shared) {
    login(&directory, &person("pat"), &claims(&[("acme", "member")])).await;
    let id = only(&directory, "acme").await.id;
    assert!(directory.member("globex", &id).await.expect("an answer").is_none());
    let changed = directory.set_roles("globex", &id, &roles(&["admin"]), &admins()).await;
    assert!(matches!(changed, Err(ChangeError::NotFound)));
    assert!(matches!(directory.remove("globex", &id, &admins(), now()).await, Err(ChangeError::NotFound)));
    assert_eq!(only(&directory, "acme").await.roles, roles(&["member"]));
}

pub async fn an_accepted_invitation_is_a_membership_that_the_claims_need_not_name(directory: Shared) {
    let pat = person("pat");
    login(&directory, &pat, &claims(&[("globex", "member")])).await;
    let (_, token) = invite(&directory, "acme", "pat@example.com", &["member"]).await;
    let member = accept(&*directory, &token, &pat, now()).await.expect("accepted");
    assert_eq!((member.org_id.as_str(), member.source), ("acme", Source::Portal));
    let belongs = login(&directory, &pat, &claims(&[("globex", "member")])).await;
    assert_eq!(ids(&belongs), ["globex", "acme"]);
    assert_eq!((belongs[1].name.as_str(), &belongs[1].roles), ("ACME", &roles(&["member"])));
    let kept = directory.kept_memberships("https://idp.test").await.expect("an answer");
    assert_eq!(kept.iter().map(|m| m.org_id.as_str()).collect::<Vec<_>>(), ["acme"]);
    assert!(directory.kept_memberships("https://other.test").await.expect("an answer").is_empty());
    // The provider names it too, with other roles: what the portal gave stays.
    let both = claims(&[("acme", "admin"), ("globex", "member")]);
    assert_eq!(login(&directory, &pat, &both).await[0].roles, roles(&["member"]));
    assert_eq!(
        ids(&login(&directory, &pat, &claims(&[])).await),
        ["acme"],
        "and it stays when all else goes"
    );
}

pub async fn an_active_member_keeps_their_roles_when_they_accept(directory: Shared) {
    let pat = person("pat");
    login(&directory, &pat, &claims(&[("acme", "auditor")])).await;
    let (_, token) = invite(&directory, "acme", "pat@example.com", &["member", "auditor"]).await;
    let member = accept(&*directory, &token, &pat, now()).await.expect("accepted");
    assert_eq!(member.roles, roles(&["auditor", "member"]));
    assert_eq!(only(&directory, "acme").await.roles, roles(&["auditor", "member"]));
}

pub async fn an_invitation_can_be_accepted_once(directory: Shared) {
    let (invitation, token) = invite(&directory, "acme", "pat@example.com", &["member"]).await;
    accept(&*directory, &token, &person("pat"), now()).await.expect("accepted");
    let again = accept(&*directory, &token, &person("pat"), now()).await;
    assert!(matches!(again, Err(AcceptError::Over(InvitationState::Accepted))));
    assert!(!directory.revoke("acme", &invitation.id, now()).await.expect("an answer"));
    assert!(directory.invitations("acme", now()).await.expect("an answer").is_empty());
}

pub async fn of_two_who_accept_at_the_same_time_one_succeeds(directory: Shared) {
    for _ in 0..8 {
        // One address at two providers is two people, and one invitation.
        let people = ["https://one.test", "https://two.test"].map(|issuer| from_issuer(issuer, "pat"));
        let (_, token) = invite(&directory, "acme", "pat@example.com", &["member"]).await;
        let (first, second) = futures::join!(
            accept(&*directory, &token, &people[0], now()),
            accept(&*directory, &token, &people[1], now())
        );
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        let lost = first.and(second).expect_err("one lost");
        assert!(matches!(lost, AcceptError::Over(InvitationState::Accepted)), "{lost:?}");
    }
}

pub async fn an_invitation_ends_with_its_time(directory: Shared) {
    let (invitation, token) = invite(&directory, "acme", "pat@example.com", &["member"]).await;
    let end = invitation.expires_at;
    assert_eq!(directory.invitations("acme", end - Duration::SECOND).await.expect("an answer").len(), 1);
    assert!(directory.invitations("acme", end).await.expect("an answer").is_empty());
    let late = accept(&*directory, &token, &person("pat"), end).await;
    assert!(matches!(late, Err(AcceptError::Over(InvitationState::Expired))));
    let late = directory.redeem(&token.hash(), &person("pat"), end).await;
    assert!(matches!(late, Err(AcceptError::Over(InvitationState::Expired))), "nor past the first check");
    assert!(directory.members("acme").await.expect("an answer").is_empty());
}

pub async fn a_revoked_invitation_is_over(directory: Shared) {
    let (invitation, token) = invite(&directory, "acme", "pat@example.com", &["member"]).await;
    assert!(directory.revoke("acme", &invitation.id, now()).await.expect("an answer"));
    assert!(!directory.revoke("acme", &invitation.id, now()).await.expect("an answer"), "it was revoked");
    let late = accept(&*directory, &token, &person("pat"), now()).await;
    assert!(matches!(late, Err(AcceptError::Over(InvitationState::Revoked))));
    assert!(directory.members("acme").await.expect("an answer").is_empty());
}

pub async fn inviting_the_same_address_again_replaces_the_open_invitation(directory: Shared) {
    let (_, first) = invite(&directory, "acme", "pat@example.com", &["member"]).await;
    let (elsewhere, _) = invite(&directory, "globex", "pat@example.com", &["member"]).await;
    let (second, token) = invite(&directory, "acme", "PAT@Example.com", &["admin"]).await;
    let open = directory.invitations("acme", now()).await.expect("an answer");
    assert_eq!(open, [second]);
    assert_eq!(directory.invitations("globex", now()).await.expect("an answer"), [elsewhere]);
    let late = accept(&*directory, &first, &person("pat"), now()).await;
    assert!(matches!(late, Err(AcceptError::Over(InvitationState::Revoked))));
    assert_eq!(accept(&*directory, &token, &person("pat"), now()).await.expect("accepted").roles, ["admin"]);
}

pub async fn case_30_an_invitation_for_another_address_is_refused_whatever_became_of_it(directory: Shared) {
    let (invitation, token) = invite(&directory, "acme", "carol@example.com", &["member"]).await;
    let nameless = Person { email: None, ..person("pat") };
    for stranger in [person("pat"), nameless] {
        let refused = accept(&*directory, &token, &stranger, now()).await;
        assert!(matches!(refused, Err(AcceptError::AnotherPerson)), "{refused:?}");
    }
    let kept = directory.invitation("acme", &invitation.id).await.expect("an answer");
    assert_eq!(kept.map(|i| i.state(now())), Some(InvitationState::Open), "it is still hers");
    let carol = Person { email: Some("Carol@EXAMPLE.com".into()), ..person("c") };
    accept(&*directory, &token, &carol, now()).await.expect("in any letter case");
    let refused = accept(&*directory, &token, &person("pat"), now()).await;
    assert!(matches!(refused, Err(AcceptError::AnotherPerson)), "{refused:?}");
    let unknown = accept(&*directory, &InvitationToken::from_link("guessed"), &carol, now()).await;
    assert!(matches!(unknown, Err(AcceptError::Unknown)));
}

pub async fn case_30_an_address_that_the_provider_calls_unverified_does_not_count(directory: Shared) {
    let (_, token) = invite(&directory, "acme", "pat@example.com", &["member"]).await;
    let unverified = Person { email_verified: Some(false), ..person("pat") };
    let refused = accept(&*directory, &token, &unverified, now()).await;
    assert!(matches!(refused, Err(AcceptError::AnotherPerson)), "{refused:?}");
    let verified = Person { email_verified: Some(true), ..person("pat") };
    accept(&*directory, &token, &verified, now()).await.expect("accepted");
}

pub async fn case_50_another_organizations_invitation_is_not_there(directory: Shared) {
    let (invitation, _) = invite(&directory, "acme", "pat@example.com", &["member"]).await;
    assert!(directory.invitation("globex", &invitation.id).await.expect("an answer").is_none());
    assert!(!directory.revoke("globex", &invitation.id, now()).await.expect("an answer"));
    directory.delivered("globex", &invitation.id, now()).await.expect("an answer");
    assert_eq!(directory.invitations("acme", now()).await.expect("an answer"), [invitation]);
}

pub async fn the_token_is_not_kept(directory: Shared) {
    let (invitation, token) = invite(&directory, "acme", "pat@example.com", &["member"]).await;
    assert_eq!(token.secret().len(), 43, "256 bits in base64url");
    let kept = directory.invitation_by_token(&token.hash()).await.expect("an answer").expect("it is there");
    assert_eq!(kept, invitation);
    assert!(!format!("{kept:?} {token:?}").contains(token.secret()));
}

pub async fn open_invitations_are_listed_newest_first(directory: Shared) {
    for (minute, name) in ["a", "b", "c"].into_iter().enumerate() {
        let (mut invitation, _) = invitation("acme", &format!("{name}@example.com"), &["member"]);
        invitation.created_at += Duration::minutes(minute as i64);
        directory.invite(&invitation).await.expect("an answer");
        directory.delivered("acme", &invitation.id, now()).await.expect("an answer");
    }
    let open = directory.invitations("acme", now()).await.expect("an answer");
    assert_eq!(
        open.iter().map(|i| i.email.as_str()).collect::<Vec<_>>(),
        ["c@example.com", "b@example.com", "a@example.com"]
    );
    assert!(open.iter().all(|i| i.delivered_at == Some(now())));
}

pub(crate) use all;
