use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The members of a JSON object in their order, values as written. A name that stands twice is an error: two readers
/// could take different ones.
pub(crate) struct Members<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut members: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::new();
        while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
            // Linear: an event has few attributes, and the count is limited below.
            if members.iter().any(|(known, _)| *known == name) {
                return Err(M::Error::custom(format_args!("the member {name:?} stands twice")));
            }
            if members.len() == MAX_MEMBERS {
                return Err(M::Error::custom(format_args!("more than {MAX_MEMBERS} members")));
            }
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

/// CloudEvents has eleven attributes of its own; the rest are extensions.
const MAX_MEMBERS: usize = 40;

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
