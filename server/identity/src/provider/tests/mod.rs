mod discovery;
mod logout_token;
mod par;
mod tokens;
pub(crate) mod world;
