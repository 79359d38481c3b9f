//! The shell's pages and components.
