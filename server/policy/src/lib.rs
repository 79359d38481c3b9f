//! Who may do what: roles, plans, entitlements and decisions.
