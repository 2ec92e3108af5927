//! The demo's people and what their roles may be granted.

/// Role and scopes.
pub const ROLES: [(&str, &[&str]); 5] = [
    ("auditor", &[]),
    ("compliance", &["accounts:read", "pii:read"]),
    ("nurse", &["patient:read"]),
    ("physician", &["patient:read", "phi:read"]),
    ("teller", &["accounts:read", "accounts:write"]),
];

/// Sign-in name, name and role.
pub const PEOPLE: [(&str, &str, &str); 5] = [
    ("amara", "Dr. Amara Okafor", "physician"),
    ("ben", "Ben Whitlock", "auditor"),
    ("chen", "Chen Wei", "compliance"),
    ("dana", "Dana Reyes", "teller"),
    ("nina", "Nina Sørensen", "nurse"),
];

/// The scopes that a person may be granted.
pub fn scopes_of(login: &str) -> &'static [&'static str] {
    let role = PEOPLE.iter().find(|(name, ..)| *name == login).map(|(.., role)| *role);
    ROLES.iter().find(|(name, _)| Some(*name) == role).map_or(&[], |(_, scopes)| scopes)
}
