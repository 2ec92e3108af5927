//! Security events, as far as the gate acts on them (RFC 8417, CAEP).

/// Whose tokens. An issuer's names are good beside that issuer only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    Person {
        issuer: String,
        subject: String,
    },
    /// The `sid` claim (OpenID Connect Front-Channel Logout §3).
    Session {
        issuer: String,
        session: String,
    },
    /// The `jti` claim.
    Token {
        issuer: String,
        id: String,
    },
}

/// What came of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    pub issuer: String,
    pub id: String,
    /// The last part of each event's name.
    pub events: Vec<String>,
    /// Whose tokens were revoked.
    pub revoked: Vec<Whose>,
    /// It was taken before, and did nothing this time.
    pub again: bool,
}
