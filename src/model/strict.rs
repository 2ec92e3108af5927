//! Strict JSON: the one way bytes from outside become a [`Value`].
//!
//! `serde_json` keeps the last of two equal members; another parser keeps the
//! first, and a value could pass the gate as one and be read as the other. So
//! duplicate members are refused at every depth, like invalid UTF-8, lone
//! surrogates and trailing bytes (which `serde_json` refuses by itself).

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// Nesting allowed in anything that is parsed into a tree.
pub const MAX_DEPTH: usize = 64;
/// Members and elements allowed in one document.
pub const MAX_NODES: usize = 200_000;

/// Why a document was refused. Holds no part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrictFault {
    #[error("the body is not valid JSON")]
    Syntax,
    #[error("the JSON has a duplicate member name")]
    Duplicate,
    #[error("the JSON is nested too deeply")]
    TooDeep,
    #[error("the JSON has too many members")]
    TooMany,
}

impl StrictFault {
    pub fn message(self) -> &'static str {
        match self {
            Self::Syntax => "the body is not valid JSON",
            Self::Duplicate => "the JSON has a duplicate member name",
            Self::TooDeep => "the JSON is nested too deeply",
            Self::TooMany => "the JSON has too many members",
        }
    }
}

/// Reads one JSON document within [`MAX_DEPTH`] and [`MAX_NODES`].
///
/// # Errors
/// A [`StrictFault`] for anything that is not exactly one unambiguous document.
pub fn parse(bytes: &[u8]) -> Result<Value, StrictFault> {
    let mut state = State { nodes: 0, fault: StrictFault::Syntax };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let seed = Strict { state: &mut state, depth: 0 };
    let Ok(value) = seed.deserialize(&mut reader) else { return Err(state.fault) };
    reader.end().map_err(|_| StrictFault::Syntax)?;
    Ok(value)
}

struct State {
    nodes: usize,
    /// What to report when deserialisation fails; syntax unless a bound was hit.
    fault: StrictFault,
}

struct Strict<'s> {
    state: &'s mut State,
    depth: usize,
}

impl Strict<'_> {
    fn inner(&mut self) -> Strict<'_> {
        Strict { depth: self.depth + 1, state: self.state }
    }

    fn refuse<E: Error>(&mut self, fault: StrictFault) -> E {
        self.state.fault = fault;
        E::custom(fault)
    }

    fn count<E: Error>(&mut self) -> Result<(), E> {
        self.state.nodes += 1;
        if self.state.nodes > MAX_NODES { Err(self.refuse(StrictFault::TooMany)) } else { Ok(()) }
    }

    fn enter<E: Error>(&mut self) -> Result<(), E> {
        if self.depth >= MAX_DEPTH { Err(self.refuse(StrictFault::TooDeep)) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(self.inner())? {
            self.count()?;
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            self.count()?;
            if object.contains_key(&name) {
                return Err(self.refuse(StrictFault::Duplicate));
            }
            let value = members.next_value_seed(self.inner())?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_plain_json() {
        let value = parse(br#" {"a":[1,-2,0.5,"x",null,true]} "#).unwrap();
        assert_eq!(value.to_string(), r#"{"a":[1,-2,0.5,"x",null,true]}"#);
    }

    #[test]
    fn refuses_what_two_parsers_could_read_differently() {
        let cases: [(&[u8], StrictFault); 8] = [
            (br#"{"a":1,"a":2}"#, StrictFault::Duplicate),
            (br#"{"a":1,"\u0061":2}"#, StrictFault::Duplicate),
            (br#"[{"b":{"c":1,"c":1}}]"#, StrictFault::Duplicate),
            (b"{} {}", StrictFault::Syntax),
            (b"\"\xff\"", StrictFault::Syntax),
            (br#""\ud800""#, StrictFault::Syntax),
            (b"\xef\xbb\xbf{}", StrictFault::Syntax),
            (b"", StrictFault::Syntax),
        ];
        for (bytes, fault) in cases {
            assert_eq!(parse(bytes), Err(fault), "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn one_past_each_bound_is_refused() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(parse(nested(MAX_DEPTH + 1).as_bytes()), Err(StrictFault::TooDeep));
        assert_eq!(parse(nested(100_000).as_bytes()), Err(StrictFault::TooDeep));
        let wide = |nodes: usize| format!("[{}0]", "0,".repeat(nodes - 1));
        assert!(parse(wide(MAX_NODES).as_bytes()).is_ok());
        assert_eq!(parse(wide(MAX_NODES + 1).as_bytes()), Err(StrictFault::TooMany));
    }
}
