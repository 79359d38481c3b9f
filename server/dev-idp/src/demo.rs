/// An organization (tenant) that people belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// The value of `org_id`.
    pub id: String,
    /// The name people read.
    pub name: String,
}

/// Someone who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The short name that `login_hint` and the sign-in form use.
    pub username: String,
    /// The stable `sub`.
    pub sub: String,
    /// The name people read.
    pub name: String,
    /// The e-mail address; always verified.
    pub email: String,
    /// The organizations; the first one is where a login without `organization` leads.
    pub memberships: Vec<Membership>,
}

impl Account {
    /// This account's part in `organization`, if it has one.
    pub fn membership(&self, organization: &str) -> Option<&Membership> {
        self.memberships.iter().find(|membership| membership.organization == organization)
    }

    /// Whether `login_hint` (a user name, an e-mail address or a `sub`) means this account.
    pub fn is_named_by(&self, login_hint: &str) -> bool {
        [&self.username, &self.email, &self.sub].into_iter().any(|name| name.eq_ignore_ascii_case(login_hint))
    }
}

/// What an account is in one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The organization's id.
    pub organization: String,
    /// The roles there.
    pub roles: Vec<String>,
}

pub(crate) fn organizations() -> Vec<Organization> {
    [("acme", "Acme"), ("globex", "Globex")]
        .map(|(id, name)| Organization { id: id.to_owned(), name: name.to_owned() })
        .to_vec()
}

pub(crate) fn accounts() -> Vec<Account> {
    vec![
        account("alice", "Alice Archer", &[("acme", "admin")]),
        account("bob", "Bob Baker", &[("acme", "member")]),
        account("carol", "Carol Castillo", &[("globex", "member")]),
        account("erin", "Erin Ellis", &[("acme", "member"), ("globex", "member")]),
    ]
}

fn account(username: &str, name: &str, memberships: &[(&str, &str)]) -> Account {
    let home = memberships.first().map_or("demo", |(organization, _)| organization);
    Account {
        username: username.to_owned(),
        sub: format!("demo|{username}"),
        name: name.to_owned(),
        email: format!("{username}@{home}.example"),
        memberships: memberships
            .iter()
            .map(|(organization, role)| Membership {
                organization: (*organization).to_owned(),
                roles: vec![(*role).to_owned()],
            })
            .collect(),
    }
}
