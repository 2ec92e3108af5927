//! What ties a JSON-RPC message to a request, and tying it to another.
//!
//! Invariant: apart from the ties asked for, every byte stays as it was.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// A message whose ties can be read and exchanged.
#[derive(Debug)]
pub struct Envelope<'m> {
    bytes: &'m [u8],
    kind: Kind,
    top: Top<'m>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Request,
    Notification,
    Response,
}

/// A member that names a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// `id`.
    Id,
    /// `params._meta.progressToken` of a request.
    AsksProgress,
    /// `params.progressToken` of `notifications/progress`.
    Progress,
    /// `params.requestId` of `notifications/cancelled`.
    Cancels,
    /// The subscription in `_meta`, of `params` or of a result (MCP 2026-07-28): the id
    /// of the `subscriptions/listen` that a message belongs to.
    Subscription,
}

impl<'m> Envelope<'m> {
    /// Reads one message. None if it is not one JSON-RPC 2.0 object, or if its own
    /// members occur twice or contradict each other.
    pub fn read(bytes: &'m [u8]) -> Option<Self> {
        let top: Top<'m> = object(bytes)?;
        let answers = top.result.is_some() || top.error.is_some();
        let kind = match (&top.method, top.id) {
            (Some(_), _) if answers => return None,
            (Some(_), Some(_)) => Kind::Request,
            (Some(_), None) => Kind::Notification,
            // Without a result it is for `release` to refuse, at once.
            (None, Some(_)) => Kind::Response,
            (None, None) => return None,
        };
        (top.jsonrpc == "2.0").then_some(Self { bytes, kind, top })
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Empty for a response.
    pub fn method(&self) -> &str {
        self.top.method.as_deref().unwrap_or_default()
    }

    /// A tie as it is written: the JSON text of a string or number.
    pub fn tie(&self, tie: Tie) -> Option<&'m str> {
        match tie {
            Tie::Id => self.top.id,
            Tie::AsksProgress => self.meta()?.progress_token,
            Tie::Progress => self.inner()?.progress_token,
            Tie::Cancels => self.inner()?.request_id,
            Tie::Subscription => self.meta()?.subscription,
        }
        .map(RawValue::get)
    }

    /// The message with other ties: JSON texts that take the place of what is there.
    /// A tie that is not there stays away.
    pub fn with(&self, ties: &[(Tie, &str)]) -> Vec<u8> {
        let mut changes: Vec<(usize, usize, &str)> = ties
            .iter()
            .filter_map(|(tie, text)| self.place(*tie).map(|(from, to)| (from, to, *text)))
            .collect();
        changes.sort_unstable();
        let (mut out, mut kept) = (Vec::with_capacity(self.bytes.len() + 32), 0);
        for (from, to, text) in changes {
            out.extend_from_slice(self.bytes.get(kept..from).unwrap_or_default());
            out.extend_from_slice(text.as_bytes());
            kept = to;
        }
        out.extend_from_slice(self.bytes.get(kept..).unwrap_or_default());
        out
    }

    /// Where a tie stands. What was read borrows from the message, so its address tells.
    fn place(&self, tie: Tie) -> Option<(usize, usize)> {
        let text = self.tie(tie)?;
        let from = text.as_ptr().addr().checked_sub(self.bytes.as_ptr().addr())?;
        Some((from, from + text.len()))
    }

    fn inner(&self) -> Option<Inner<'m>> {
        object(self.top.params.or(self.top.result)?.get().as_bytes())
    }

    fn meta(&self) -> Option<Meta<'m>> {
        object(self.inner()?.meta?.get().as_bytes())
    }
}

/// Single messages of what was received: one, or those of a batch (MCP 2024-11-05 and
/// 2025-03-26 have them). Empty if it is neither.
pub fn split(bytes: &[u8]) -> Vec<&[u8]> {
    match first(bytes) {
        Some(b'{') => vec![bytes],
        Some(b'[') => serde_json::from_slice::<Vec<&RawValue>>(bytes)
            .map(|batch| batch.into_iter().map(|raw| raw.get().as_bytes()).collect())
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// Only from an object: serde would also take the members in order from an array.
fn object<'m, T: Deserialize<'m>>(bytes: &'m [u8]) -> Option<T> {
    (first(bytes) == Some(b'{')).then(|| serde_json::from_slice(bytes).ok()).flatten()
}

fn first(bytes: &[u8]) -> Option<u8> {
    bytes.iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

#[derive(Debug, Deserialize)]
struct Top<'m> {
    jsonrpc: String,
    #[serde(borrow, default)]
    id: Option<&'m RawValue>,
    method: Option<String>,
    #[serde(borrow, default)]
    params: Option<&'m RawValue>,
    #[serde(borrow, default)]
    result: Option<&'m RawValue>,
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inner<'m> {
    #[serde(borrow, default)]
    progress_token: Option<&'m RawValue>,
    #[serde(borrow, default)]
    request_id: Option<&'m RawValue>,
    #[serde(borrow, default, rename = "_meta")]
    meta: Option<&'m RawValue>,
}

#[derive(Deserialize)]
struct Meta<'m> {
    #[serde(borrow, default, rename = "progressToken")]
    progress_token: Option<&'m RawValue>,
    #[serde(borrow, default, rename = "io.modelcontextprotocol/subscriptionId")]
    subscription: Option<&'m RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_are_exchanged_and_every_other_byte_stays() {
        let message = br#" {"params" : {"_meta":{"x":1.50,"progressToken": "t\u0031" },"arguments":{"id":7,"progressToken":"t1"}},
            "id" :"a\"b", "jsonrpc":"2.0","method":"tools/call","extra":[{"id":0}] } "#;
        let envelope = Envelope::read(message).unwrap();
        assert_eq!((envelope.kind(), envelope.method()), (Kind::Request, "tools/call"));
        assert_eq!(envelope.tie(Tie::Id), Some(r#""a\"b""#));
        let changed = envelope.with(&[(Tie::Id, "12"), (Tie::AsksProgress, "34"), (Tie::Cancels, "56")]);
        let expected = br#" {"params" : {"_meta":{"x":1.50,"progressToken": 34 },"arguments":{"id":7,"progressToken":"t1"}},
            "id" :12, "jsonrpc":"2.0","method":"tools/call","extra":[{"id":0}] } "#;
        assert_eq!(String::from_utf8_lossy(&changed), String::from_utf8_lossy(expected));
        let back = Envelope::read(&changed)
            .unwrap()
            .with(&[(Tie::AsksProgress, r#""t\u0031""#), (Tie::Id, r#""a\"b""#)]);
        assert_eq!(back, message);
    }

    #[test]
    fn each_tie_is_found_where_its_message_has_it() {
        let cases = [
            (r#"{"jsonrpc":"2.0","id":4,"result":null}"#, Tie::Id, Some("4")),
            (r#"{"jsonrpc":"2.0","id":4,"result":{"id":5}}"#, Tie::Id, Some("4")),
            (r#"{"jsonrpc":"2.0","method":"m","params":{"progressToken":5}}"#, Tie::Progress, Some("5")),
            (r#"{"jsonrpc":"2.0","method":"m","params":{"requestId":"6"}}"#, Tie::Cancels, Some("\"6\"")),
            (
                r#"{"jsonrpc":"2.0","method":"m","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}"#,
                Tie::Subscription,
                Some("7"),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"result":{"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}"#,
                Tie::Subscription,
                Some("7"),
            ),
            (r#"{"jsonrpc":"2.0","method":"m","params":[5]}"#, Tie::Progress, None),
            (r#"{"jsonrpc":"2.0","method":"m","params":{"_meta":[5]}}"#, Tie::AsksProgress, None),
            (r#"{"jsonrpc":"2.0","method":"m"}"#, Tie::Cancels, None),
        ];
        for (message, tie, expected) in cases {
            assert_eq!(Envelope::read(message.as_bytes()).unwrap().tie(tie), expected, "{message}");
        }
    }

    #[test]
    fn what_is_not_one_clear_message_is_none() {
        for message in [
            "",
            "7",
            "null",
            r#"["2.0",1,"m"]"#,
            "{",
            r#"{"id":1,"result":{}}"#,
            r#"{"jsonrpc":"1.0","id":1,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"id":2,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"\u0069d":2,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"m","result":{}}"#,
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}} {}"#,
        ] {
            assert!(Envelope::read(message.as_bytes()).is_none(), "{message}");
        }
    }

    #[test]
    fn a_batch_is_its_messages() {
        assert_eq!(split(br#" [ {"a":1} ,{"b":[2]}] "#), [&br#"{"a":1}"#[..], br#"{"b":[2]}"#]);
        assert_eq!(split(b"{}").len(), 1);
        for garbage in [&b"starting ..."[..], b"", b"[{},", b"\"[]\""] {
            assert!(split(garbage).is_empty());
        }
    }
}
