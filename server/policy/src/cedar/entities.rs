use std::str::FromStr as _;

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression, Schema,
};
use thiserror::Error;

use super::known::Known;
use crate::{Action, Principal, Query, Resource};

/// Why a question cannot be put to Cedar: a schema of the operator's that does not accept it.
#[derive(Debug, Error)]
#[error("{0}")]
pub(super) struct Unaskable(String);

/// The names of the entity model, read once.
pub(super) struct Names {
    organization: EntityTypeName,
    role: EntityTypeName,
    person: EntityTypeName,
    anonymous: EntityTypeName,
    remote: EntityTypeName,
    page: EntityTypeName,
    route: EntityTypeName,
    event_type: EntityTypeName,
    function: EntityTypeName,
    action: EntityTypeName,
}

/// Whoever asks, as Cedar knows them, and what it answered about them. A clone of the set is a counter.
pub(crate) struct PersonEntity {
    uid: EntityUid,
    entities: Entities,
    pub(super) known: Known,
}

impl PersonEntity {
    fn of(entity: Entity, schema: Option<&Schema>) -> Result<Self, Unaskable> {
        let uid = entity.uid();
        let entities = Entities::empty().add_entities([entity], schema).map_err(unaskable)?;
        Ok(Self { uid, entities, known: Known::default() })
    }
}

impl Names {
    pub(super) fn new() -> Self {
        let name = |name: &str| {
            EntityTypeName::from_str(&format!("Portico::{name}")).expect("the model's names are Cedar names")
        };
        Self {
            organization: name("Organization"),
            role: name("Role"),
            person: name("Person"),
            anonymous: name("Anonymous"),
            remote: name("Remote"),
            page: name("Page"),
            route: name("Route"),
            event_type: name("EventType"),
            function: name("Function"),
            action: name("Action"),
        }
    }

    /// A person, made once for each principal.
    pub(super) fn of<'p>(&self, person: &'p Principal) -> Result<&'p PersonEntity, Unaskable> {
        person.entity.get_or_try_make(|| PersonEntity::of(self.person(person)?, None))
    }

    /// Whoever has no session.
    pub(super) fn nobody(&self) -> Result<PersonEntity, Unaskable> {
        PersonEntity::of(self.anonymous(), None)
    }

    pub(super) fn action(&self, name: &str) -> EntityUid {
        uid(&self.action, name)
    }

    pub(super) fn remote(&self, id: &str) -> EntityUid {
        uid(&self.remote, id)
    }

    /// The request and the two entities that it is about.
    pub(super) fn ask(
        &self,
        query: &Query<'_>,
        person: &PersonEntity,
    ) -> Result<(Request, Entities), Unaskable> {
        self.about(query, person, None)
    }

    /// Whether a schema accepts the question and the entities that it is about.
    pub(super) fn check(&self, query: &Query<'_>, schema: &Schema) -> Result<(), Unaskable> {
        let principal = query.principal.map_or_else(|| Ok(self.anonymous()), |person| self.person(person))?;
        self.about(query, &PersonEntity::of(principal, Some(schema))?, Some(schema)).map(drop)
    }

    fn about(
        &self,
        query: &Query<'_>,
        principal: &PersonEntity,
        schema: Option<&Schema>,
    ) -> Result<(Request, Entities), Unaskable> {
        let resource = self.resource(query)?;
        let action = self.action(query.action.name());
        let context = Context::from_pairs(declared(query)).map_err(unaskable)?;
        let request = Request::new(principal.uid.clone(), action, resource.uid(), context, schema);
        let request = request.map_err(unaskable)?;
        // Added, since `from_entities` looks for cycles among all of them, which takes as long as everything else here.
        let entities = principal.entities.clone().add_entities([resource], schema).map_err(unaskable)?;
        Ok((request, entities))
    }

    fn anonymous(&self) -> Entity {
        Entity::with_uid(uid(&self.anonymous, "anonymous"))
    }

    fn person(&self, person: &Principal) -> Result<Entity, Unaskable> {
        let id = format!("{} {}", person.issuer, person.subject);
        let attributes = [
            ("issuer".to_owned(), text(&person.issuer)),
            ("subject".to_owned(), text(&person.subject)),
            ("organization".to_owned(), text(&person.organization)),
            ("roles".to_owned(), set(&person.roles)),
            ("entitlements".to_owned(), set(person.entitlements.entitlements())),
        ];
        let roles = person.roles.iter().map(|role| uid(&self.role, role));
        let parents = roles.chain([uid(&self.organization, &person.organization)]);
        let claims = person.claims.iter().map(|(name, values)| (name.to_owned(), set(values)));
        Entity::new_with_tags(uid(&self.person, &id), attributes, parents, claims).map_err(unaskable)
    }

    fn resource(&self, query: &Query<'_>) -> Result<Entity, Unaskable> {
        let attribute = |name: &str, value: &str| (name.to_owned(), text(value));
        let entity = match query.resource {
            Resource::Remote { id } => return Ok(Entity::with_uid(uid(&self.remote, id))),
            Resource::Function { name } => return Ok(Entity::with_uid(uid(&self.function, name))),
            Resource::Page { path } => {
                Entity::new_with_tags(uid(&self.page, path), [attribute("path", path)], [], [])
            }
            Resource::Event { remote, kind } => Entity::new_with_tags(
                uid(&self.event_type, &format!("{remote} {kind}")),
                [attribute("remote", remote), attribute("name", kind)],
                [uid(&self.remote, remote)],
                [],
            ),
            Resource::Route { remote, pattern, path } => {
                let tags = query
                    .parameters
                    .iter()
                    .filter_map(|parameter| Some((parameter.name.clone(), text(&parameter.value_in(path)?))));
                Entity::new_with_tags(
                    uid(&self.route, &format!("{remote} {pattern}")),
                    [attribute("remote", remote), attribute("pattern", pattern), attribute("path", path)],
                    [uid(&self.remote, remote)],
                    tags,
                )
            }
        };
        entity.map_err(unaskable)
    }
}

fn unaskable(error: impl std::fmt::Display) -> Unaskable {
    Unaskable(error.to_string())
}

fn declared(query: &Query<'_>) -> Vec<(String, RestrictedExpression)> {
    let mut context = vec![
        ("required".to_owned(), set(query.required)),
        ("public".to_owned(), RestrictedExpression::new_bool(query.public)),
    ];
    if let Action::Call(method) = query.action {
        context.push(("method".to_owned(), text(method)));
    }
    context
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

fn text(text: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(text.to_owned())
}

fn set(texts: &[String]) -> RestrictedExpression {
    RestrictedExpression::new_set(texts.iter().map(|value| text(value)))
}
