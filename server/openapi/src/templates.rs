use std::borrow::Cow;
use std::collections::HashMap;

use percent_encoding::percent_decode_str;

/// Path templates (`/todos/{id}`) as a tree of segments: finding one costs the path's length and not their number.
#[derive(Debug)]
pub(crate) struct Templates {
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    literals: HashMap<String, usize>,
    /// In the order of the document.
    variables: Vec<(Variable, usize)>,
    /// The template that ends here, by its place in the document.
    here: Option<usize>,
}

/// `{name}`, which may stand between fixed letters: `{name}.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Variable {
    before: String,
    name: String,
    after: String,
}

/// The values of a template's variables, decoded, by name.
pub(crate) type Values<'p> = Vec<(String, Cow<'p, str>)>;

impl Templates {
    pub(crate) fn new() -> Self {
        Self { nodes: vec![Node::default()] }
    }

    /// Adds a template under a number; what is wrong with it otherwise.
    pub(crate) fn insert(&mut self, template: &str, number: usize) -> Result<(), &'static str> {
        if !template.starts_with('/') {
            return Err("expected a path that begins with a slash");
        }
        let mut at = 0;
        for segment in segments(template) {
            at = match variable(segment)? {
                None => self.literal(at, segment),
                Some(variable) => self.variable(at, variable),
            };
        }
        match self.nodes[at].here.replace(number) {
            None => Ok(()),
            Some(_) => Err("stands twice, but for the names of its variables"),
        }
    }

    /// The template for a path whose escapes are sound, with the values of its variables. Fixed segments come before
    /// variables (OpenAPI 3.1, section 4.8.8.2).
    pub(crate) fn find<'p>(&self, path: &'p str) -> Option<(usize, Values<'p>)> {
        let segments: Vec<Cow<'p, str>> =
            segments(path).map(|segment| percent_decode_str(segment).decode_utf8_lossy()).collect();
        let mut values = Vec::new();
        let found = self.visit(0, &segments, &mut values)?;
        Some((found, values))
    }

    /// Whether a template exists that some path of `pattern` (`*` or `{name}` for a segment, `**` at the end for any) belongs
    /// to, and for which `answers` says yes.
    pub(crate) fn overlaps(&self, pattern: &str, answers: &dyn Fn(usize) -> bool) -> bool {
        let segments: Vec<&str> = segments(pattern).collect();
        self.meets(0, &segments, answers)
    }

    fn visit<'p>(&self, at: usize, rest: &[Cow<'p, str>], values: &mut Values<'p>) -> Option<usize> {
        let node = &self.nodes[at];
        let Some((segment, rest)) = rest.split_first() else { return node.here };
        if let Some(child) = node.literals.get(segment.as_ref())
            && let Some(found) = self.visit(*child, rest, values)
        {
            return Some(found);
        }
        for (variable, child) in &node.variables {
            let Some(value) = variable.value(segment) else { continue };
            values.push((variable.name.clone(), value));
            if let Some(found) = self.visit(*child, rest, values) {
                return Some(found);
            }
            values.pop();
        }
        None
    }

    fn meets(&self, at: usize, rest: &[&str], answers: &dyn Fn(usize) -> bool) -> bool {
        let node = &self.nodes[at];
        let here = || node.here.is_some_and(answers);
        let mut children =
            node.literals.values().chain(node.variables.iter().map(|(_, child)| child)).copied();
        match rest.split_first() {
            None => here(),
            Some((&"**", _)) => here() || children.any(|child| self.meets(child, rest, answers)),
            Some((segment, rest)) if stands_for_any(segment) => {
                children.any(|child| self.meets(child, rest, answers))
            }
            Some((segment, rest)) => {
                let literal = node.literals.get(*segment).copied();
                let variables = node.variables.iter().filter(|(variable, _)| variable.takes(segment));
                let mut fitting = literal.into_iter().chain(variables.map(|(_, child)| *child));
                fitting.any(|child| self.meets(child, rest, answers))
            }
        }
    }

    fn literal(&mut self, at: usize, segment: &str) -> usize {
        if let Some(child) = self.nodes[at].literals.get(segment) {
            return *child;
        }
        let child = self.push();
        self.nodes[at].literals.insert(segment.to_owned(), child);
        child
    }

    fn variable(&mut self, at: usize, variable: Variable) -> usize {
        let alike = |known: &Variable| known.before == variable.before && known.after == variable.after;
        if let Some((_, child)) =
            self.nodes[at].variables.iter().find(|(known, _)| alike(known) && known.name == variable.name)
        {
            return *child;
        }
        let child = self.push();
        self.nodes[at].variables.push((variable, child));
        child
    }

    fn push(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }
}

impl Variable {
    fn takes(&self, segment: &str) -> bool {
        segment.len() > self.before.len() + self.after.len()
            && segment.starts_with(&self.before)
            && segment.ends_with(&self.after)
    }

    fn value<'p>(&self, segment: &Cow<'p, str>) -> Option<Cow<'p, str>> {
        if !self.takes(segment) {
            return None;
        }
        let (from, to) = (self.before.len(), segment.len() - self.after.len());
        Some(match segment {
            Cow::Borrowed(text) => Cow::Borrowed(&text[from..to]),
            Cow::Owned(text) => Cow::Owned(text[from..to].to_owned()),
        })
    }
}

/// Whether a segment of a route's pattern stands for any text.
fn stands_for_any(segment: &str) -> bool {
    segment == "*" || segment.starts_with('{') && segment.ends_with('}')
}

/// A slash at the end adds no segment: the routes of a manifest do not tell `/todos/` from `/todos` either.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

fn variable(segment: &str) -> Result<Option<Variable>, &'static str> {
    let Some((before, rest)) = segment.split_once('{') else {
        return if segment.contains('}') { Err("has a brace that does not open") } else { Ok(None) };
    };
    let (name, after) = rest.split_once('}').ok_or("has a brace that does not close")?;
    if name.is_empty() || after.contains(['{', '}']) || before.contains('}') {
        return Err("expected at most one variable in a segment, with a name");
    }
    Ok(Some(Variable { before: before.to_owned(), name: name.to_owned(), after: after.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn templates(all: &[&str]) -> Templates {
        let mut templates = Templates::new();
        for (number, template) in all.iter().enumerate() {
            templates.insert(template, number).expect(template);
        }
        templates
    }

    fn found(templates: &Templates, path: &str) -> Option<(usize, Vec<(String, String)>)> {
        let (number, values) = templates.find(path)?;
        Some((number, values.into_iter().map(|(name, value)| (name, value.into_owned())).collect()))
    }

    #[test]
    fn a_fixed_segment_comes_before_a_variable_and_values_are_decoded() {
        let all = templates(&["/todos/{id}", "/todos/mine", "/todos/{id}/items/{item}.json", "/"]);
        let value = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(found(&all, "/todos/mine"), Some((1, vec![])));
        assert_eq!(found(&all, "/todos/a%20b/"), Some((0, vec![value("id", "a b")])));
        assert_eq!(
            found(&all, "/todos/mine/items/7.json"),
            Some((2, vec![value("id", "mine"), value("item", "7")]))
        );
        assert_eq!(found(&all, "/todos/1/items/.json"), None);
        assert_eq!(found(&all, "/"), Some((3, vec![])));
        assert_eq!(found(&all, "/other"), None);
    }

    #[test]
    fn a_pattern_meets_templates_that_one_of_its_paths_belongs_to() {
        let all = templates(&["/todos/{id}", "/lists/{id}/items"]);
        let any = |_: usize| true;
        for pattern in [
            "/todos/**",
            "/**",
            "/*/*",
            "/todos/7",
            "/lists/*/items",
            "/lists/x/**",
            "/todos/{todo}",
            "/{any}/{of}",
            "/lists/{list}/items",
            "/{any}/x/**",
        ] {
            assert!(all.overlaps(pattern, &any), "{pattern}");
        }
        for pattern in
            ["/todos", "/users/**", "/todos/*/items", "/lists/*", "/todos/{id}/items", "/users/{id}"]
        {
            assert!(!all.overlaps(pattern, &any), "{pattern}");
        }
        assert!(!all.overlaps("/**", &|_| false));
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for bad in ["todos", "/{a}{b}", "/{}", "/{a", "/a}"] {
            assert!(Templates::new().insert(bad, 0).is_err(), "{bad}");
        }
        let mut twice = templates(&["/a/{x}"]);
        assert!(twice.insert("/a/{x}/", 1).is_err());
    }
}
