use std::collections::HashMap;
use std::fmt;

use http::Method;
use serde_json::Value;

use crate::error::DocumentError;
use crate::legacy::modernise;
use crate::operation::{Found, Operation};
use crate::pointer::Node;
use crate::schema::Schemas;
use crate::source::read;
use crate::templates::Templates;

/// Methods that a path can describe (OpenAPI 3.1, section 4.8.9) and a manifest declare.
const METHODS: [&str; 7] = ["get", "head", "post", "put", "patch", "delete", "options"];

/// An OpenAPI document, compiled. Paths are those below the remote's `backend.url`; `servers` is not read.
pub struct Document {
    templates: Templates,
    paths: Vec<Path>,
}

/// The operations of one path, by lower-case method.
type Path = HashMap<&'static str, Operation>;

/// The document does not know this call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoOperation;

impl Document {
    /// Reads and compiles a document; `name` is its file's, which says whether it is JSON.
    ///
    /// # Errors
    /// [`DocumentError`]: what is no OpenAPI document, refers outside itself, or has a schema that does not compile.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, DocumentError> {
        let mut root = read(name, bytes)?;
        let version = root.get("openapi").and_then(Value::as_str).unwrap_or_default().to_owned();
        let is_3_0 = version.starts_with("3.0.");
        if !is_3_0 && !version.starts_with("3.1.") {
            return Err(DocumentError::new("/openapi", "expected version 3.0 or 3.1 of OpenAPI"));
        }
        modernise(&mut root, is_3_0);
        let schemas = Schemas::of(&root)?;
        let mut document = Self { templates: Templates::new(), paths: Vec::new() };
        if let Some(paths) = Node::root(&root).get("paths")? {
            for (template, item) in paths.children()?.into_iter().filter(|(name, _)| !name.starts_with("x-"))
            {
                document
                    .templates
                    .insert(&template, document.paths.len())
                    .map_err(|reason| item.wrong(reason))?;
                document.paths.push(operations(&item, &schemas)?);
            }
        }
        Ok(document)
    }

    /// The operation for `method` on `path`, a path whose escapes are sound. `HEAD` is answered by `GET`'s where it has none
    /// of its own.
    ///
    /// # Errors
    /// [`NoOperation`].
    pub fn operation<'p>(&self, method: &Method, path: &'p str) -> Result<Found<'_, 'p>, NoOperation> {
        let (number, values) = self.templates.find(path).ok_or(NoOperation)?;
        let operation = self.paths.get(number).and_then(|path| of_method(path, method.as_str()));
        Ok(Found { operation: operation.ok_or(NoOperation)?, values })
    }

    /// Whether some path that `pattern` stands for (`*` one segment, `**` at the end any number) has an operation for
    /// `method`.
    pub fn knows(&self, method: &str, pattern: &str) -> bool {
        let answers =
            |number: usize| self.paths.get(number).is_some_and(|path| of_method(path, method).is_some());
        self.templates.overlaps(pattern, &answers)
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("paths", &self.paths.len()).finish_non_exhaustive()
    }
}

fn operations(item: &Node<'_>, schemas: &Schemas) -> Result<Path, DocumentError> {
    let inherited = item.get("parameters")?;
    let mut path = Path::new();
    for method in METHODS {
        if let Some(node) = item.get(method)? {
            path.insert(method, Operation::read(&node, inherited.as_ref(), schemas)?);
        }
    }
    Ok(path)
}

fn of_method<'d>(path: &'d Path, method: &str) -> Option<&'d Operation> {
    let own =
        METHODS.iter().find(|known| known.eq_ignore_ascii_case(method)).and_then(|known| path.get(known));
    own.or_else(|| if method.eq_ignore_ascii_case("head") { path.get("get") } else { None })
}
