/// How much of a body is held at once where it has to be read before it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of a JSON body that is held against an OpenAPI document.
    pub validated_body: usize,
    /// Bytes of the answer to one leg of a view.
    pub view_leg: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { validated_body: 256 * 1024, view_leg: 1024 * 1024 }
    }
}
