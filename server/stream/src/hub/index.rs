use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::Subscriber;

/// Live streams by organization, then by user and by type, so that a record costs what its receivers cost,
/// whoever else is connected.
#[derive(Default)]
pub(super) struct Index(HashMap<Box<str>, Organization>);

type Subscribers = BTreeMap<u64, Arc<Subscriber>>;

#[derive(Default)]
struct Organization {
    all: Subscribers,
    users: HashMap<Box<str>, Subscribers>,
    types: HashMap<Arc<str>, Subscribers>,
}

impl Index {
    pub(super) fn add(&mut self, subscriber: &Arc<Subscriber>) {
        let organization = self.0.entry(subscriber.org.clone()).or_default();
        organization.all.insert(subscriber.number, Arc::clone(subscriber));
        let user = organization.users.entry(subscriber.user.clone()).or_default();
        user.insert(subscriber.number, Arc::clone(subscriber));
        for wanted in &*subscriber.types {
            let kind = organization.types.entry(Arc::clone(&wanted.kind)).or_default();
            kind.insert(subscriber.number, Arc::clone(subscriber));
        }
    }

    pub(super) fn remove(&mut self, subscriber: &Subscriber) {
        let Some(organization) = self.0.get_mut(&subscriber.org) else { return };
        organization.all.remove(&subscriber.number);
        remove(&mut organization.users, &subscriber.user, subscriber.number);
        for wanted in &*subscriber.types {
            remove(&mut organization.types, &wanted.kind, subscriber.number);
        }
        if organization.all.is_empty() {
            self.0.remove(&subscriber.org);
        }
    }

    /// Calls `visit` for every stream that an event goes to.
    pub(super) fn receivers(
        &self,
        org: &str,
        user: Option<&str>,
        topic: &str,
        kind: &str,
        visit: impl FnMut(&Arc<Subscriber>),
    ) {
        let Some(organization) = self.0.get(org) else { return };
        let candidates = match user {
            Some(user) => organization.users.get(user),
            None => organization.types.get(kind),
        };
        let candidates = candidates.into_iter().flat_map(BTreeMap::values);
        candidates.filter(|subscriber| subscriber.wants(topic, kind)).for_each(visit);
    }

    /// Every live stream.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Subscriber>> {
        self.0.values().flat_map(|organization| organization.all.values())
    }
}

fn remove<K>(groups: &mut HashMap<K, Subscribers>, key: &str, number: u64)
where
    K: std::hash::Hash + Eq + std::borrow::Borrow<str>,
{
    if let Some(group) = groups.get_mut(key) {
        group.remove(&number);
        if group.is_empty() {
            groups.remove(key);
        }
    }
}
