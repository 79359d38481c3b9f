//! The shell as the server renders it.

mod contrast;
mod endpoints;
mod hostile_text;
mod pages;
mod routing;
mod structure;
mod support;
