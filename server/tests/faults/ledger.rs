//! What was acknowledged, and what every client got.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Instant;

use parking_lot::Mutex;
use serde_json::Value;

use crate::people::Person;

/// What tells events apart: `source` and `id`, as the bridge joins them.
pub type Key = String;

/// Whom an event is for: an organization, or one person in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub org: &'static str,
    pub user: Option<&'static str>,
}

impl Address {
    fn reaches(&self, person: &Person) -> bool {
        self.org == person.org && self.user.is_none_or(|user| user == person.sub)
    }
}

/// The books of a run. Clients are numbered.
pub struct Ledger(Mutex<Books>);

struct Books {
    /// Published, and neither acknowledged nor given up.
    under_way: HashSet<Key>,
    acknowledged: HashMap<Key, Address>,
    sent_again: usize,
    clients: Vec<Account>,
}

/// What one client got.
struct Account {
    person: &'static Person,
    /// Acknowledged, and not got yet: since when.
    missing: HashMap<Key, Instant>,
    /// How often an event came on the stream.
    came: HashMap<Key, usize>,
    /// How often it went on to handlers.
    handled: HashMap<Key, usize>,
    bridge: Bridge,
    foreign: usize,
    opened: usize,
    /// When it was last told that events may be missing.
    reset: Option<Instant>,
    resets: usize,
    lagged: usize,
}

/// How the browser's bridge drops repeats (`frontend/src/events/seen.rs`): the last 1,024 are known.
#[derive(Default)]
struct Bridge {
    known: HashSet<Key>,
    order: VecDeque<Key>,
}

impl Bridge {
    fn is_first(&mut self, key: &Key) -> bool {
        if !self.known.insert(key.clone()) {
            return false;
        }
        self.order.push_back(key.clone());
        if self.order.len() > 1024
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Events that were acknowledged: 202, or a delivery report.
    pub acknowledged: usize,
    /// Events that were sent once more, since they were refused or the answer was lost.
    pub sent_again: usize,
    /// Streams that clients opened.
    pub streams: usize,
    /// Deliveries to handlers.
    pub received: usize,
    /// Acknowledged, never got, and nothing was said.
    pub lost: usize,
    /// Deliveries beyond the first to handlers, or beyond the number of records in Kafka to a stream.
    pub doubled: usize,
    /// Deliveries to somebody whom they were not for.
    pub foreign: usize,
    /// Acknowledged and never got, where the client was told so.
    pub signalled: usize,
    /// Resets and `lagged` that clients were told.
    pub told: usize,
    /// Acknowledged events that stand in Kafka more than once, since their publisher sent them again.
    pub produced_again: usize,
    /// Repeats of these on streams, which the bridge dropped. Nearly always hubs drop them before.
    pub repeats: usize,
}

impl Outcome {
    /// Both together.
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            acknowledged: self.acknowledged + other.acknowledged,
            sent_again: self.sent_again + other.sent_again,
            streams: self.streams + other.streams,
            received: self.received + other.received,
            lost: self.lost + other.lost,
            doubled: self.doubled + other.doubled,
            foreign: self.foreign + other.foreign,
            signalled: self.signalled + other.signalled,
            told: self.told + other.told,
            produced_again: self.produced_again + other.produced_again,
            repeats: self.repeats + other.repeats,
        }
    }
}

impl Ledger {
    /// Books for these clients, each by the person it belongs to.
    pub fn new(clients: impl Iterator<Item = &'static Person>) -> Self {
        let clients = clients.map(|person| Account {
            person,
            missing: HashMap::new(),
            came: HashMap::new(),
            handled: HashMap::new(),
            bridge: Bridge::default(),
            foreign: 0,
            opened: 0,
            reset: None,
            resets: 0,
            lagged: 0,
        });
        let clients = clients.collect();
        Self(Mutex::new(Books {
            under_way: HashSet::new(),
            acknowledged: HashMap::new(),
            sent_again: 0,
            clients,
        }))
    }

    /// An event goes on its way.
    pub fn sent(&self, key: &Key) {
        self.0.lock().under_way.insert(key.clone());
    }

    /// It is sent again: it was refused, or nobody knows what became of it.
    pub fn sent_again(&self) {
        self.0.lock().sent_again += 1;
    }

    /// It is acknowledged: from now on it may not be lost.
    pub fn acknowledged(&self, key: Key, address: Address) {
        let mut books = self.0.lock();
        books.under_way.remove(&key);
        for client in books.clients.iter_mut().filter(|client| address.reaches(client.person)) {
            if !client.handled.contains_key(&key) {
                client.missing.insert(key.clone(), Instant::now());
            }
        }
        let before = books.acknowledged.insert(key, address);
        assert_eq!(before, None, "every event has an id of its own");
    }

    /// A client opened a stream.
    pub fn opened(&self, client: usize) {
        self.0.lock().clients[client].opened += 1;
    }

    /// A client got an event.
    pub fn received(&self, client: usize, event: &Value) {
        let mut books = self.0.lock();
        let account = &mut books.clients[client];
        let text = |name: &str| event[name].as_str();
        let mine = text("orgid") == Some(account.person.org)
            && text("userid").is_none_or(|user| user == account.person.sub)
            && event["data"]["for"] == account.person.org;
        account.foreign += usize::from(!mine);
        let key = key(text("source").unwrap_or_default(), text("id").unwrap_or_default());
        account.missing.remove(&key);
        if account.bridge.is_first(&key) {
            *account.handled.entry(key.clone()).or_default() += 1;
        }
        *account.came.entry(key).or_default() += 1;
    }

    /// A client was told that events may be missing.
    pub fn reset(&self, client: usize) {
        let account = &mut self.0.lock().clients[client];
        account.reset = Some(Instant::now());
        account.resets += 1;
    }

    /// A client was cut, and told so.
    pub fn lagged(&self, client: usize) {
        self.0.lock().clients[client].lagged += 1;
    }

    /// Events on their way: published and not acknowledged, or acknowledged and still missing somewhere.
    pub fn in_flight(&self) -> usize {
        let books = self.0.lock();
        books.under_way.len() + books.clients.iter().map(|client| client.missing.len()).sum::<usize>()
    }

    /// What came of it, where `copies` says how often an event stands in Kafka.
    pub fn outcome(&self, copies: &HashMap<Key, usize>) -> Outcome {
        let books = self.0.lock();
        let (acknowledged, sent_again) = (books.acknowledged.len(), books.sent_again);
        let often = |key: &&Key| copies.get(*key).is_some_and(|copies| *copies > 1);
        let produced_again = books.acknowledged.keys().filter(often).count();
        let mut outcome = Outcome { acknowledged, sent_again, produced_again, ..Outcome::default() };
        for client in &books.clients {
            outcome.streams += client.opened;
            outcome.received += client.handled.values().sum::<usize>();
            outcome.foreign += client.foreign;
            outcome.told += client.resets + client.lagged;
            let told = |since: &&Instant| client.reset.is_some_and(|reset| **since <= reset);
            let signalled = client.missing.values().filter(told).count();
            outcome.signalled += signalled;
            outcome.lost += client.missing.len() - signalled;
            outcome.doubled += client.handled.values().map(|times| times - 1).sum::<usize>();
            for (key, came) in &client.came {
                let copies = copies.get(key).copied().unwrap_or_default();
                outcome.doubled += came.saturating_sub(copies.max(1));
                outcome.repeats += came - 1;
            }
        }
        outcome
    }

    /// Some of what is missing, for whoever looks for the reason.
    pub fn missing(&self) -> Vec<String> {
        let books = self.0.lock();
        let of = |(number, client): (usize, &Account)| {
            let missing = client.missing.keys().take(3);
            missing.map(|key| format!("client {number} of {:?}: {key}", client.person)).collect::<Vec<_>>()
        };
        books.clients.iter().enumerate().flat_map(of).collect()
    }
}

/// Joins what tells events apart.
pub fn key(source: &str, id: &str) -> Key {
    format!("{source} {id}")
}

#[test]
fn the_books_tell_what_is_lost_doubled_foreign_and_signalled() {
    use crate::people::PEOPLE;
    use serde_json::json;
    let [alice, bob] = [&PEOPLE[0], &PEOPLE[1]];
    let ledger = Ledger::new([alice, bob].into_iter());
    let event = |id: &str, user: &str| json!({ "source": "s", "id": id, "orgid": alice.org, "userid": user, "data": { "for": alice.org } });
    let mine = || Address { org: alice.org, user: Some(alice.sub) };
    for id in ["good", "early", "twice", "again", "signalled"] {
        ledger.sent(&key("s", id));
        if id == "early" {
            ledger.received(0, &event(id, alice.sub));
        }
        ledger.acknowledged(key("s", id), mine());
    }
    ledger.reset(0);
    ledger.acknowledged(key("s", "lost"), mine());
    assert_eq!(ledger.in_flight(), 5);
    for id in ["good", "twice", "twice", "again", "again"] {
        ledger.received(0, &event(id, alice.sub));
    }
    ledger.received(1, &event("good", alice.sub));
    let copies = ["good", "early", "twice", "again"].map(|id| (key("s", id), 1 + usize::from(id == "again")));
    let outcome = ledger.outcome(&copies.into());
    let expected = Outcome {
        acknowledged: 6,
        received: 5,
        lost: 1,
        doubled: 1,
        foreign: 1,
        signalled: 1,
        told: 1,
        produced_again: 1,
        repeats: 2,
        ..Outcome::default()
    };
    assert_eq!(outcome, expected);
}
