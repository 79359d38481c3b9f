//! Who makes events: people through the portal, and a service past it. Each event is tried until it is acknowledged.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use http::StatusCode;
use portico_stream::{EventLog as _, NewRecord};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::dice::Dice;
use crate::ledger::{Address, key};
use crate::people::{ORGANIZATIONS, PEOPLE, Person};
use crate::portals::{REMOTE, REPLY, REQUEST, SERVICE, TOPICS};
use crate::signing;
use crate::world::Round;

/// In everything that people publish: what would end an event, and begin another, if it were not told apart.
pub const TEXT: &str = "\r\n\r\nevent: none\n\u{feff}data: {}\n\n";
/// The most events that a person publishes at a time.
const BURST: usize = 8;
/// The longest time between two bursts, in milliseconds.
const PAUSE: u64 = 400;
/// A publisher waits no longer for an answer. The portal's own limit is 12 seconds.
const PATIENCE: Duration = Duration::from_secs(15);

/// Publishes as people do, several events at a time, through either portal, until `stop` says so.
pub async fn publish(round: Arc<Round>, number: usize, stop: watch::Receiver<bool>) {
    let mut dice = Dice::for_each(round.seed, 100 + number);
    let mut n = 0;
    while !*stop.borrow() {
        let burst = (0..=dice.below(BURST)).map(|_| {
            n += 1;
            let (person, dice) = (dice.below(PEOPLE.len()), Dice::for_each(round.seed, 1000 * number + n));
            publish_one(&round, dice, person, format!("{}-{number}-{n}", round.seed))
        });
        join_all(burst).await;
        sleep(dice.millis(0..PAUSE)).await;
    }
}

async fn publish_one(round: &Round, mut dice: Dice, person: usize, id: String) {
    let Person { sub, org } = PEOPLE[person];
    let event = json!({
        "specversion": "1.0", "id": id, "source": REMOTE, "type": REQUEST,
        "data": { "for": org, "text": TEXT },
    });
    let (event, world) = (event.to_string(), &round.world);
    round.ledger.sent(&key(REMOTE, &id));
    loop {
        let url = format!("{}/events", world.portals.origins[dice.below(2)]);
        let request = world.browsers[person].post(&url).body("application/cloudevents+json", event.clone());
        let answer = timeout(PATIENCE, request.try_send()).await;
        match answer {
            Ok(Ok(answer)) if answer.status == StatusCode::ACCEPTED => break,
            Ok(Ok(answer)) => {
                let again = answer.status == StatusCode::SERVICE_UNAVAILABLE;
                assert!(again, "an event is taken or may be sent again: {answer:?}");
            }
            // The portal is gone, or the answer is lost: nobody knows what became of it.
            Ok(Err(_)) | Err(_) => {}
        }
        round.ledger.sent_again();
        sleep(dice.millis(50..250)).await;
    }
    round.ledger.acknowledged(key(REMOTE, &id), Address { org, user: Some(sub) });
}

/// Writes to Kafka as a service does, to people and to whole organizations, until `stop` says so.
pub async fn serve(round: Arc<Round>, number: usize, stop: watch::Receiver<bool>) {
    let mut dice = Dice::for_each(round.seed, 200 + number);
    for n in 0_u64.. {
        if *stop.borrow() {
            return;
        }
        let person = &PEOPLE[dice.below(PEOPLE.len())];
        let address = match dice.one_in(3) {
            true => Address { org: ORGANIZATIONS[dice.below(ORGANIZATIONS.len())], user: None },
            false => Address { org: person.org, user: Some(person.sub) },
        };
        write(&round, address, &format!("{}-{number}-{n}", round.seed), &mut dice).await;
        sleep(dice.millis(0..PAUSE)).await;
    }
}

/// One event to everyone whom there are events for: whoever has it has all that came before it.
pub async fn mark(round: &Round) {
    let mut dice = Dice::new(0);
    let people = PEOPLE.iter().map(|person| Address { org: person.org, user: Some(person.sub) });
    let organizations = ORGANIZATIONS.map(|org| Address { org, user: None });
    for (n, address) in people.chain(organizations).enumerate() {
        write(round, address, &format!("{}-end-{n}", round.seed), &mut dice).await;
    }
}

async fn write(round: &Round, address: Address, id: &str, dice: &mut Dice) {
    let (topic, to) = (TOPICS[1], address.user.unwrap_or(address.org));
    // In the binary mode: attributes in headers, the data alone as the body.
    let data = json!({ "for": address.org }).to_string();
    let mut attributes = BTreeMap::from([
        ("datacontenttype", "application/json"),
        ("id", id),
        ("orgid", address.org),
        ("source", SERVICE),
        ("specversion", "1.0"),
        ("type", REPLY),
    ]);
    attributes.extend(address.user.map(|user| ("userid", user)));
    let header = |(name, value): (&&str, &&str)| match *name {
        "datacontenttype" => ("content-type".into(), (*value).to_owned()),
        name => (format!("ce_{name}").into(), (*value).to_owned()),
    };
    let mut headers: Vec<_> = attributes.iter().map(header).collect();
    headers.push(("portico-signature".into(), signing::signature(topic, to, &attributes, &data)));
    let record = NewRecord { topic: topic.into(), key: to.to_owned(), value: data.into(), headers };
    round.ledger.sent(&key(SERVICE, id));
    while round.world.service.append(record.clone()).await.is_err() {
        round.ledger.sent_again();
        sleep(dice.millis(50..250)).await;
    }
    round.ledger.acknowledged(key(SERVICE, id), address);
}
