use std::borrow::Cow;

/// An event's context attributes: values in the string form of their types (CloudEvents 1.0.2, "Type System"), names in
/// byte order, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Attributes<'a> {
    /// Sorts them; `None` when a name stands twice, since two readers could take different ones.
    pub(crate) fn new(mut attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>) -> Option<Self> {
        attributes.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let distinct = attributes.windows(2).all(|pair| pair[0].0 != pair[1].0);
        distinct.then_some(Self(attributes))
    }

    /// The value of an attribute.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        Some(&self.0[found].1)
    }

    /// Names and values, in order.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_stand_in_byte_order_and_each_once() {
        let list = |names: &[&'static str]| names.iter().map(|name| ((*name).into(), "v".into())).collect();
        let attributes = Attributes::new(list(&["type", "id", "a1"])).expect("distinct");
        assert_eq!(attributes.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["a1", "id", "type"]);
        assert_eq!((attributes.get("id"), attributes.get("source")), (Some("v"), None));
        assert_eq!(Attributes::new(list(&["id", "type", "id"])), None);
    }
}
