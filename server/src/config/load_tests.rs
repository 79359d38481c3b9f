use super::*;
use crate::config::Environment;

fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn from_toml(text: &str) -> Result<Config, ConfigError> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("portico.toml");
    std::fs::write(&file, text).expect("writable");
    load_from(Some(&file), &BTreeMap::new())
}

fn refusal(result: Result<Config, ConfigError>) -> String {
    result.expect_err("must be refused").to_string()
}

#[test]
fn without_file_or_environment_the_development_defaults_hold() {
    let config = load_from(None, &BTreeMap::new()).expect("defaults are valid");
    assert_eq!(config.public_url().as_str(), "http://127.0.0.1:3000/");
    assert!(config.is_development());
}

#[test]
fn the_environment_overrides_the_file() {
    let config = load_from(
        None,
        &environment(&[
            ("PORTICO_ADDR", "127.0.0.1:4321"),
            ("PORTICO_SESSION__IDLE_MINUTES", "5"),
            ("PORTICO_FIXTURES", "1"),
            ("PORTICO_TLS", "1"),
            ("PORTICO_EVENTS__BROKERS", "[\"127.0.0.1:9092\"]"),
            ("PORTICO_STAGES", "target/stages/1.tsv"),
            ("HOME", "/root"),
        ]),
    )
    .expect("valid");
    assert_eq!(config.public_url().as_str(), "https://127.0.0.1:4321/");
    assert_eq!(config.session.idle_minutes, 5);
    assert!(config.registry.fixtures);
    assert_eq!(config.events.brokers, ["127.0.0.1:9092"]);
}

#[test]
fn an_unknown_key_is_named() {
    assert!(refusal(from_toml("[session]\nidel_minutes = 3")).contains("idel_minutes"));
    let unknown = load_from(None, &environment(&[("PORTICO_SESSION__IDEL", "3")]));
    assert!(refusal(unknown).contains("idel"));
    assert!(
        refusal(load_from(None, &environment(&[("PORTICO_PORT", "3")])))
            .contains("PORTICO_PORT is not a setting")
    );
}

#[test]
fn a_bad_value_is_named_with_what_is_expected() {
    let message = refusal(from_toml("[listen]\naddr = \"here\""));
    assert!(message.contains("listen.addr"), "{message}");
    let message = refusal(load_from(None, &environment(&[("PORTICO_TLS", "maybe")])));
    assert!(message.contains("must be 1 or 0"), "{message}");
    let message = refusal(from_toml("[session]\nidle_minutes = 900"));
    assert!(message.contains("session.absolute_minutes"), "{message}");
    assert!(refusal(from_toml("public_url = \"http://127.0.0.1/portal\"")).contains("without a path"));
    assert!(
        refusal(load_from(Some(Path::new("/nonexistent.toml")), &BTreeMap::new())).contains("PORTICO_CONFIG")
    );
}

#[test]
fn providers_that_contradict_one_another_are_named() {
    let two = |first: &str, second: &str| {
        let provider = |name: &str, issuer: &str, more: &str| {
            format!(
                "[[identity.providers]]\nname = \"{name}\"\nissuer = \"{issuer}\"\nclient_auth = \"none\"\n{more}\n"
            )
        };
        from_toml(
            &(provider("one", "https://one.example", first)
                + &provider("two", "https://two.example", second)),
        )
    };
    assert_eq!(two("", "").expect("valid").identity.providers.len(), 2);
    for (first, second, complaint) in [
        ("organizations = [\"acme\"]", "organizations = [\"acme\"]", "the organization acme is there twice"),
        (
            "email_domains = [\"a.example\"]",
            "email_domains = [\"A.example\"]",
            "the e-mail domain a.example is there twice",
        ),
        ("", "par = \"sometimes\"", "par"),
    ] {
        let message = refusal(two(first, second));
        assert!(message.contains(complaint), "{message}");
    }
    for (provider, complaint) in [
        ("name = \"One\"\nissuer = \"https://one.example\"", "is no name"),
        ("name = \"one\"\nissuer = \"https://one.example\"", "client_secret_file"),
        (
            "name = \"one\"\nissuer = \"https://one.example\"\nclient_auth = \"private_key_jwt\"",
            "client_key_file",
        ),
    ] {
        let message = refusal(from_toml(&format!("[[identity.providers]]\n{provider}")));
        assert!(message.contains(complaint), "{message}");
    }
    let twice = "identity.issuer = \"https://one.example\"\n[[identity.providers]]\nname = \"one\"\nissuer = \"https://one.example\"\nclient_auth = \"none\"";
    assert!(refusal(from_toml(twice)).contains("the issuer https://one.example/ is there twice"));
}

#[test]
fn case_80_production_refuses_every_embedded_default_by_name() {
    let message = refusal(from_toml("environment = \"production\""));
    for key in [
        "public_url",
        "identity.issuer",
        "events.brokers",
        "events.id_key_file",
        "events.signing_keys",
        "session.key_files",
        "registry.trusted_keys",
    ] {
        assert!(message.contains(key), "{key} is missing in: {message}");
    }
    let complete = r#"
        environment = "production"
        public_url = "https://portal.example"
        identity.issuer = "https://idp.example"
        events.brokers = ["kafka:9092"]
        events.id_key_file = "/run/secrets/stream"
        events.signing_keys = [{ id = "1", secret.file = "/run/secrets/events" }]
        session.key_files = ["/run/secrets/session"]
        registry.trusted_keys = [{ id = "k", public_key = "x", names = ["@acme/*"] }]
    "#;
    assert_eq!(from_toml(complete).expect("valid").environment, Environment::Production);
}

#[test]
fn what_is_said_of_an_upstream_is_checked_and_named() {
    let config = from_toml(
        "[gateway.upstreams.\"acme.todos\"]\naddresses = [\"10.0.0.7:8080\", \"todos-b.internal:80\"]\n\
         health = { path = \"/healthz\" }\nresilience = { hedge_ms = 50, probe_ms = 300 }",
    );
    let config = config.expect("valid").gateway;
    let own = config.upstreams["acme.todos"].settings(&config.resilience);
    assert_eq!(own.hedge_after.map(|after| after.as_millis()), Some(50));
    assert_eq!((own.breaker.probe_interval.as_millis(), own.health.is_some()), (300, true));
    for (text, named) in [
        ("addresses = [\"http://todos\"]", "gateway.upstreams.\"acme.todos\".addresses"),
        ("resilience = { prode_ms = 3 }", "prode_ms"),
        ("protocol = \"http/2\"", "http/2"),
        ("resilience = { probe_ms = 0 }", "gateway.upstreams.\"acme.todos\".resilience.probe_ms"),
        ("health = { path = \"healthz\" }", "gateway.upstreams.\"acme.todos\".health"),
        ("adresses = []", "adresses"),
    ] {
        let message = refusal(from_toml(&format!("[gateway.upstreams.\"acme.todos\"]\n{text}")));
        assert!(message.contains(named), "{text}: {message}");
    }
    let message = refusal(from_toml("[gateway.resilience]\nmin_in_flight = 9\nmax_in_flight = 3"));
    assert!(message.contains("gateway.resilience.min_in_flight"), "{message}");
}

#[test]
fn words_about_roles_are_for_roles_that_exist_in_languages_that_are_spoken() {
    let described = |words: &str| {
        from_toml(&format!("[policy]\nroles.clerk = [\"todos.read\"]\nrole_descriptions.{words}"))
    };
    described("clerk = { en = \"Reads\", de = \"Liest\" }").expect("valid");
    described("clerk = \"Reads\"").expect("valid");
    assert!(refusal(described("clark = \"Reads\"")).contains("policy.role_descriptions.clark"));
    assert!(refusal(described("clerk.fr = \"Lit\"")).contains("policy.role_descriptions.clerk.fr"));
    assert!(refusal(described("clerk = 7")).contains("a table of texts by language"));
}
