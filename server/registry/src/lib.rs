//! Manifests: validated, verified, bounded by grants, resolved.
