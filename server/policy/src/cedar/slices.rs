use std::collections::HashMap;
use std::sync::Arc;

use cedar_policy::{ActionConstraint, EntityUid, Policy, PolicySet, ResourceConstraint};
use parking_lot::RwLock;

use super::entities::Names;
use crate::{Query, Resource};

/// The policies that may concern one action on one remote: Cedar looks at every policy that it is given, and most name another
/// remote or another action.
pub(super) struct Slices {
    all: PolicySet,
    by_action: RwLock<HashMap<&'static str, ByRemote>>,
}

type ByRemote = HashMap<Box<str>, Arc<PolicySet>>;

/// So many remotes for each action; whoever asks about more gets slices that are not kept.
const MOST: usize = 4_096;

impl Slices {
    pub(super) fn of(all: PolicySet) -> Self {
        Self { all, by_action: RwLock::default() }
    }

    /// Those that can make a difference to this question.
    pub(super) fn about(&self, query: &Query<'_>, names: &Names) -> Arc<PolicySet> {
        let action = query.action.name();
        let remote = match query.resource {
            Resource::Remote { id: remote }
            | Resource::Route { remote, .. }
            | Resource::Event { remote, .. } => remote,
            Resource::Page { .. } | Resource::Function { .. } => "",
        };
        if let Some(slice) = self.by_action.read().get(action).and_then(|remotes| remotes.get(remote)) {
            return Arc::clone(slice);
        }
        let slice = Arc::new(self.cut(&names.action(action), &names.remote(remote)));
        let mut by_action = self.by_action.write();
        let remotes = by_action.entry(action).or_default();
        if remotes.len() < MOST {
            remotes.insert(remote.into(), Arc::clone(&slice));
        }
        slice
    }

    fn cut(&self, action: &EntityUid, remote: &EntityUid) -> PolicySet {
        let concerned = self.all.policies().filter(|policy| concerns(policy, action, remote));
        // Their names are different already.
        PolicySet::from_policies(concerned.cloned()).unwrap_or_else(|_| self.all.clone())
    }
}

/// Whether a policy's scope can hold. Actions are in no groups, since the portal tells Cedar of none; a remote is what routes and
/// events are in, and nothing else is in one.
fn concerns(policy: &Policy, action: &EntityUid, remote: &EntityUid) -> bool {
    let is_action = match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(one) => one == *action,
        ActionConstraint::In(some) => some.contains(action),
    };
    let may_be = |uid: EntityUid| uid == *remote || uid.type_name() != remote.type_name();
    let is_resource = match policy.resource_constraint() {
        ResourceConstraint::Any | ResourceConstraint::Is(_) => true,
        ResourceConstraint::Eq(uid) | ResourceConstraint::In(uid) | ResourceConstraint::IsIn(_, uid) => {
            may_be(uid)
        }
    };
    is_action && is_resource
}

#[cfg(test)]
mod tests {
    use cedar_policy::Authorizer;

    use super::super::explain;
    use super::*;
    use crate::{Action, Principal};

    /// A policy with each scope there is.
    fn policies() -> String {
        let actions = [
            "action",
            "action == Portico::Action::\"call\"",
            "action in [Portico::Action::\"publish\", Portico::Action::\"navigate\"]",
        ];
        let resources = [
            "resource",
            "resource == Portico::Remote::\"acme.todos\"",
            "resource in Portico::Remote::\"acme.todos\"",
            "resource in Portico::Remote::\"acme.chat\"",
            "resource is Portico::Route",
            "resource is Portico::Route in Portico::Remote::\"acme.todos\"",
            "resource == Portico::Route::\"acme.todos /todos\"",
            "resource in Portico::Route::\"acme.todos /todos\"",
            "resource == Portico::Page::\"/todos\"",
        ];
        let principals =
            ["principal", "principal in Portico::Role::\"member\"", "principal is Portico::Anonymous"];
        let mut text = String::from("permit(principal, action, resource);");
        for action in actions {
            for resource in resources {
                for principal in principals {
                    text.push_str(&format!("forbid({principal}, {action}, {resource});"));
                }
            }
        }
        text
    }

    #[test]
    fn a_slice_decides_what_all_policies_would_and_for_the_same_reasons() {
        let all: PolicySet = policies().parse().expect("policies");
        let (names, authorizer) = (Names::new(), Authorizer::new());
        let bob = Principal::new("https://idp.example", "bob", "acme")
            .with_roles(vec!["member".into()], crate::Entitlements::none());
        let nobody = names.nobody().expect("an entity");
        let mut smaller = 0;
        // Each alone as well: what one forbids would hide what another one does.
        let permit: PolicySet = "permit(principal, action, resource);".parse().expect("a policy");
        let sets = all.policies().map(|policy| {
            let mut one = permit.clone();
            one.add(policy.new_id("one".parse().expect("an id"))).expect("another id");
            one
        });
        for set in sets.chain([all.clone()]) {
            let slices = Slices::of(set.clone());
            for (action, resource) in [
                (Action::Navigate, Resource::Remote { id: "acme.todos" }),
                (Action::Navigate, Resource::Remote { id: "acme.chat" }),
                (Action::ExchangeToken, Resource::Remote { id: "acme.todos" }),
                (Action::Open, Resource::Page { path: "/todos" }),
                (Action::Open, Resource::Page { path: "/chat" }),
                (
                    Action::Call("GET"),
                    Resource::Route { remote: "acme.todos", pattern: "/todos", path: "/todos" },
                ),
                (
                    Action::Call("GET"),
                    Resource::Route { remote: "acme.todos", pattern: "/other", path: "/other" },
                ),
                (
                    Action::Call("PUT"),
                    Resource::Route { remote: "acme.chat", pattern: "/todos", path: "/todos" },
                ),
                (Action::Publish, Resource::Event { remote: "acme.todos", kind: "todos.changed" }),
                (Action::Subscribe, Resource::Event { remote: "acme.chat", kind: "chat.reply" }),
                (Action::Invoke, Resource::Function { name: "session" }),
            ] {
                for person in [Some(&bob), None] {
                    let query = Query::new(person, action, resource);
                    let entity = person.map_or(&nobody, |person| names.of(person).expect("an entity"));
                    let (request, entities) = names.ask(&query, entity).expect("askable");
                    let slice = slices.about(&query, &names);
                    let by = |policies: &PolicySet| {
                        explain(&authorizer.is_authorized(&request, policies, &entities))
                    };
                    assert_eq!(by(&slice), by(&set), "{query:?} by {set}");
                    smaller += usize::from(slice.policies().count() < set.policies().count());
                }
            }
        }
        assert!(smaller > 0, "nothing is left out");
    }
}
