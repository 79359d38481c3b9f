//! Keycloak's claim `organization`: "Mapping organization claims" and "Managing groups" of "Managing organizations", Server
//! Administration Guide. The shapes are those of the *Organization Membership* mapper: a list of aliases by default, one
//! alias where it is not *Multivalued*, a map with *Add organization id* or *Add organization attributes*.

use serde_json::{Value, json};

use super::world::World;
use crate::provider::{AuthorizationRequest, OrganizationClaims, SignIn};
use crate::session::Membership;

fn keycloak(scope: &str) -> World {
    World::with(|config| {
        config.organization_claims = OrganizationClaims::Keycloak;
        config.scopes = vec!["profile".to_owned(), scope.to_owned()];
    })
}

async fn signed_in(world: &World, claims: Value) -> SignIn {
    world.answers_with(world.id_token(&world.key, Some("k1"), claims));
    world.provider.redeem("code", "verifier", "nonce").await.expect("a sign-in")
}

fn membership(id: &str, name: &str, roles: &[&str]) -> Membership {
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    Membership { id: id.to_owned(), name: name.to_owned(), roles }
}

#[tokio::test]
async fn every_shape_of_the_claim_says_where_a_person_belongs() {
    let world = keycloak("organization:*");
    let (acme, globex) = (membership("acme", "acme", &[]), membership("globex", "globex", &[]));
    for organization in [
        json!(["acme", "globex"]),
        json!({ "acme": {}, "globex": {} }),
        json!({
            "acme": { "id": "42c3e46f-2477-44d7-a85b-d3b43f6b31fa", "attr1": ["value1"] },
            "globex": { "id": "5f0c1d52-0d5e-4a8e-9a30-0a3c2b7d1a11" },
        }),
    ] {
        let sign_in = signed_in(&world, json!({ "organization": organization })).await;
        assert_eq!(sign_in.organizations, [acme.clone(), globex.clone()], "{organization}");
        assert!(sign_in.names_all_organizations, "the scope asked for all of them");
        assert_eq!(sign_in.org_id, "", "the tokens are for none in particular");
    }
}

#[tokio::test]
async fn a_login_for_one_organization_has_tokens_of_that_one_and_says_nothing_of_others() {
    let world = keycloak("organization");
    for organization in [json!("acme"), json!(["acme"]), json!({ "acme": { "id": "42c3e46f" } })] {
        let claims = json!({ "organization": organization, "roles": ["member"] });
        let sign_in = signed_in(&world, claims).await;
        assert_eq!(sign_in.organizations, [membership("acme", "acme", &["member"])], "{organization}");
        assert_eq!((sign_in.org_id.as_str(), sign_in.names_all_organizations), ("acme", false));
    }
}

#[tokio::test]
async fn roles_are_those_of_the_organization_and_a_name_may_be_an_attribute() {
    let world = keycloak("organization:*");
    let sign_in = signed_in(
        &world,
        json!({
            "organization": {
                "acme": {
                    "id": "f8d3c4e1", "name": ["Acme Ltd"], "groups": ["/Engineering/Backend"],
                    "realm_access": { "roles": ["org-admin", "viewer"] },
                    "resource_access": { "my-client": { "roles": ["client-editor"] } },
                },
                // Attributes that look like roles are none.
                "globex": { "roles": ["org-admin"], "realm_access": ["org-admin"] },
            },
            // A role of the realm is not one of each organization.
            "roles": ["org-admin"], "realm_access": { "roles": ["org-admin"] },
        }),
    );
    let expected =
        [membership("acme", "Acme Ltd", &["org-admin", "viewer"]), membership("globex", "globex", &[])];
    assert_eq!(sign_in.await.organizations, expected);
}

#[tokio::test]
async fn a_claim_of_no_known_shape_names_nothing_and_ends_no_login() {
    let world = keycloak("organization:*");
    for organization in
        [json!(null), json!(7), json!([]), json!({}), json!(""), json!([7, {}, ""]), json!({ "": {} })]
    {
        let sign_in = signed_in(&world, json!({ "organization": organization })).await;
        assert!(sign_in.organizations.is_empty() && sign_in.org_id.is_empty(), "{organization}");
        assert!(!sign_in.names_all_organizations, "{organization}");
    }
}

#[tokio::test]
async fn without_being_configured_the_claim_counts_for_nothing() {
    let world = World::new();
    let sign_in = signed_in(&world, json!({ "organization": { "acme": {} }, "org_id": "globex" })).await;
    assert_eq!(sign_in.organizations, [membership("globex", "globex", &[])]);
    let world = keycloak("organization:*");
    let sign_in =
        signed_in(&world, json!({ "organizations": [{ "id": "globex" }], "org_id": "globex" })).await;
    assert!(sign_in.organizations.is_empty(), "and nor does the other one where it is");
}

#[tokio::test]
async fn the_organization_of_a_login_is_asked_for_by_its_alias() {
    let scope = async |world: &World, organization: &str| {
        let request = AuthorizationRequest {
            state: "state",
            nonce: "nonce",
            code_verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            extra: &[("organization", organization)],
        };
        let url = world.provider.authorization_url(request).await.expect("a URL");
        let scope = url.query_pairs().find(|(name, _)| name == "scope");
        scope.expect("scopes").1.into_owned()
    };
    let one = keycloak("organization");
    assert_eq!(scope(&one, "acme").await, "openid profile organization:acme");
    for odd in ["", "acme offline_access", "acme+admin", "*", "acme\u{e9}"] {
        assert_eq!(scope(&one, odd).await, "openid profile organization", "{odd}");
    }
    assert_eq!(scope(&keycloak("organization:*"), "acme").await, "openid profile organization:*");
    assert_eq!(scope(&World::new(), "acme").await, "openid profile");
}
