//! The forms of MCP messages, as data: which members each has, and of what kind.
//!
//! One table serves everything that must agree about a message: [`rebuild`] makes a new
//! message of the listed members alone, `release` and `inspect` decide about each leaf,
//! `coverage` prints the tables, and the tests plant a secret in every leaf of them.
//!
//! Invariant: a member that stands in no form is not carried, in either direction.

pub mod answers;
pub mod asks;
pub mod content;
pub mod lists;
pub mod notices;
pub mod params;

pub use crate::model::feature::Feature;
use asks::Asking;
use serde_json::{Map, Value};

/// The members of an object that are carried.
#[derive(Debug)]
pub struct Form(pub &'static [Member]);

/// One member, and of what kind it is.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub name: &'static str,
    pub part: Part,
}

/// What kind of thing stands somewhere in a message.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// One of these words; any other is malformed.
    Word(&'static [&'static str]),
    Flag,
    Number,
    /// An RFC 3339 time that the protocol itself needs.
    Time,
    /// An id that one side minted and the other hands back: a string or an integer.
    Token,
    /// Words for a person or a model.
    Text,
    /// Text that names a resource.
    Uri,
    /// Any JSON.
    Data,
    /// The arguments of a call: any JSON, in the client's own bytes.
    Arguments,
    /// A tool's structured result, judged by the tool's own paths.
    Structure,
    /// A JSON Schema: its strings and numbers are looked at, its words kept.
    Schema,
    /// Base64 of something that is not text.
    Blob,
    /// Minted by an upstream, opaque to clients, sealed by the gate.
    Sealed(Seal),
    /// Always the word `private`: what the gate filtered, no shared cache may keep.
    Private,
    /// Written by the gate itself, whatever was sent.
    Own,
    /// A member that MCP has and the gate does not carry.
    Dropped,
    Object(&'static Form),
    List(&'static Part),
    /// A list, or one element standing alone.
    OneOrMore(&'static Part),
    /// An object whose member names are data as well.
    Map(&'static Part),
    /// An object that says by its `type` which form it has.
    OneOf(&'static [(&'static str, &'static Form)]),
    /// A request of the server within a result (MRTR), or in a request of its own.
    Ask,
    /// A client's answer to such a request.
    Answer,
    /// Carried only where the server's rules allow this part of MCP.
    Where(Feature, &'static Part),
}

/// What an upstream gives a client to hand back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Seal {
    /// `requestState` of a multi-round-trip request.
    State,
    /// A task's id. Holds the tool, so that the task obeys the tool's rules.
    Task,
    /// `nextCursor` of a list.
    Cursor,
    /// The id of a server-sent event.
    Event,
}

/// A member of a form.
pub(crate) const fn has(name: &'static str, part: Part) -> Member {
    Member { name, part }
}

/// Decides about the leaves of a message.
pub trait Visit {
    /// Why the message cannot be carried.
    type Stop;

    /// What takes a leaf's place; None leaves it out.
    fn leaf(&mut self, part: Part, value: &Value) -> Result<Option<Value>, Self::Stop>;

    /// What takes the place of base64 in an object that says of what type it is.
    fn blob(&mut self, _: &Map<String, Value>, value: &Value) -> Result<Option<Value>, Self::Stop> {
        self.leaf(Part::Blob, value)
    }

    /// Before an object of this `type` is looked into: what stands in its place, if
    /// something does.
    fn instead(&mut self, kind: &str, object: &Map<String, Value>) -> Result<Option<Value>, Self::Stop>;

    fn allows(&self, feature: Feature) -> bool;

    /// `what` is a stable phrase and holds nothing of the message.
    fn malformed(&self, what: &'static str) -> Self::Stop;
}

/// Makes a new object of the members that the form lists.
///
/// # Errors
/// The visitor's own, and its [`Visit::malformed`] for what does not fit the form.
pub fn rebuild<V: Visit>(
    form: &Form,
    object: &Map<String, Value>,
    visitor: &mut V,
) -> Result<Map<String, Value>, V::Stop> {
    let mut out = Map::new();
    for member in form.0 {
        // A null member is an absent one everywhere in MCP but for a task's ttl.
        let Some(value) = object.get(member.name) else { continue };
        let made = match member.part {
            Part::Blob if value.is_string() => visitor.blob(object, value)?,
            part_of => part(part_of, value, visitor)?,
        };
        if let Some(value) = made {
            out.insert(member.name.to_owned(), value);
        }
    }
    Ok(out)
}

/// Makes what stands for one part.
///
/// # Errors
/// As [`rebuild`].
pub fn part<V: Visit>(part_of: Part, value: &Value, visitor: &mut V) -> Result<Option<Value>, V::Stop> {
    match part_of {
        Part::Word(words) => match value.as_str() {
            Some(word) if words.contains(&word) => Ok(Some(value.clone())),
            _ => Err(visitor.malformed("an unknown word")),
        },
        Part::Flag if value.is_boolean() => Ok(Some(value.clone())),
        Part::Flag => Err(visitor.malformed("not true or false")),
        Part::Number if value.is_number() => visitor.leaf(part_of, value),
        Part::Number if value.is_null() => Ok(Some(Value::Null)),
        Part::Number => Err(visitor.malformed("not a number")),
        Part::Time => Ok(Some(value).filter(|value| value.as_str().is_some_and(is_time)).cloned()),
        Part::Token if is_token(value) => visitor.leaf(part_of, value),
        Part::Token => Err(visitor.malformed("not an id")),
        Part::Text | Part::Uri | Part::Blob | Part::Sealed(_) => match value {
            Value::String(_) => visitor.leaf(part_of, value),
            Value::Null => Ok(None),
            _ => Err(visitor.malformed("not text")),
        },
        Part::Data | Part::Arguments | Part::Structure | Part::Schema => visitor.leaf(part_of, value),
        Part::Private => Ok(Some(Value::from("private"))),
        Part::Own | Part::Dropped => Ok(None),
        Part::Object(form) => match value {
            Value::Object(object) => rebuild(form, object, visitor).map(|object| Some(Value::Object(object))),
            Value::Null => Ok(None),
            _ => Err(visitor.malformed("not an object")),
        },
        Part::List(element) => match value {
            Value::Array(elements) => list(element, elements, visitor).map(Some),
            Value::Null => Ok(None),
            _ => Err(visitor.malformed("not a list")),
        },
        Part::OneOrMore(element) => match value {
            Value::Array(elements) => list(element, elements, visitor).map(Some),
            _ => part(*element, value, visitor),
        },
        Part::Map(of) => match value {
            Value::Object(object) => map(of, object, visitor).map(Some),
            Value::Null => Ok(None),
            _ => Err(visitor.malformed("not an object")),
        },
        Part::OneOf(forms) => one_of(forms, value, visitor),
        Part::Ask => asks::rebuild(value, visitor),
        Part::Answer => answers::rebuild(value, visitor),
        Part::Where(feature, inner) if visitor.allows(feature) => part(*inner, value, visitor),
        Part::Where(..) => Ok(None),
    }
}

/// Whether an object has the form at all. One element of a list that has not must not cost
/// the client all others.
pub fn fits(form: &Form, object: &Value) -> bool {
    struct Structure;
    impl Visit for Structure {
        type Stop = ();

        fn leaf(&mut self, _: Part, value: &Value) -> Result<Option<Value>, ()> {
            Ok(Some(value.clone()))
        }

        fn instead(&mut self, _: &str, _: &Map<String, Value>) -> Result<Option<Value>, ()> {
            Ok(None)
        }

        fn allows(&self, _: Feature) -> bool {
            true
        }

        fn malformed(&self, _: &'static str) {}
    }
    object.as_object().is_some_and(|object| rebuild(form, object, &mut Structure).is_ok())
}

fn list<V: Visit>(element: &Part, elements: &[Value], visitor: &mut V) -> Result<Value, V::Stop> {
    let mut out = Vec::with_capacity(elements.len());
    for value in elements {
        out.extend(part(*element, value, visitor)?);
    }
    Ok(Value::Array(out))
}

fn map<V: Visit>(of: &Part, object: &Map<String, Value>, visitor: &mut V) -> Result<Value, V::Stop> {
    let mut out = Map::new();
    for (name, value) in object {
        let Some(Value::String(name)) = visitor.leaf(Part::Text, &Value::from(name.as_str()))? else {
            continue;
        };
        if let Some(value) = part(*of, value, visitor)? {
            out.insert(name, value);
        }
    }
    Ok(Value::Object(out))
}

fn one_of<V: Visit>(
    forms: &'static [(&'static str, &'static Form)],
    value: &Value,
    visitor: &mut V,
) -> Result<Option<Value>, V::Stop> {
    let Some(object) = value.as_object() else { return Err(visitor.malformed("not an object")) };
    let named = object.get("type").and_then(Value::as_str).unwrap_or_default();
    let Some((kind, form)) = forms.iter().find(|(kind, _)| *kind == named) else {
        return Err(visitor.malformed("content of an unknown type"));
    };
    if let Some(other) = visitor.instead(kind, object)? {
        return Ok(Some(other));
    }
    let mut out = Map::new();
    out.insert("type".into(), Value::from(*kind));
    out.extend(rebuild(form, object, visitor)?);
    Ok(Some(Value::Object(out)))
}

/// Tokens and ids are short: a longer one is a carrier of something else.
const LONGEST_TOKEN: usize = 256;

fn is_token(value: &Value) -> bool {
    match value {
        Value::String(text) => text.len() <= LONGEST_TOKEN,
        Value::Number(number) => number.is_i64() || number.is_u64(),
        _ => false,
    }
}

/// A date, or a date and time, of RFC 3339: the numbers are those of a calendar and a clock.
fn is_time(text: &str) -> bool {
    let number = |part: &str, length: usize, from: u32, to: u32| {
        let digits = part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        digits && part.parse().is_ok_and(|number: u32| (from..=to).contains(&number))
    };
    let numbers = |text: &str, between: char, bounds: &[(usize, u32, u32)]| {
        let parts: Vec<&str> = text.split(between).collect();
        parts.len() == bounds.len()
            && parts.iter().zip(bounds).all(|(part, &(length, from, to))| number(part, length, from, to))
    };
    let (date, time) =
        text.split_once(['T', 't', ' ']).map_or((text, None), |(date, time)| (date, Some(time)));
    let dated = numbers(date, '-', &[(4, 1900, 2199), (2, 1, 12), (2, 1, 31)]);
    let Some(time) = time.filter(|_| dated) else { return dated };
    let zone = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone);
    let zoned = matches!(zone, "" | "Z" | "z")
        || zone.get(1..).is_some_and(|zone| numbers(zone, ':', &[(2, 0, 23), (2, 0, 59)]));
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let fractional = (1..=9).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    zoned && fractional && numbers(clock, ':', &[(2, 0, 23), (2, 0, 59), (2, 0, 60)])
}

/// The method of a request of the server, as [`Part::Ask`] and requests of its own have it.
pub fn asking(value: &Value) -> Option<Asking> {
    Asking::parse(value.get("method")?.as_str()?)
}
