mod discovery;
mod logout_token;
mod organizations;
mod par;
mod tokens;
pub(crate) mod world;
