//! What every policy engine decides, and what each decides by itself.

mod behaviour;
mod cedar;
mod documented;
mod opa;
mod record;
mod roles;
mod world;
