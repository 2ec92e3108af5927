//! The coverage statement: of every message of MCP, in both directions, what becomes of
//! each part. Read off the forms that the gate itself works by, so it cannot say anything
//! else than what happens.

use crate::model::feature::Feature;
use crate::wire::form::asks::Asking;
use crate::wire::form::notices::Notice;
use crate::wire::form::{Form, Part, answers};
use crate::wire::method::Method;
use serde::Serialize;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    ToServer,
    ToClient,
}

/// What kind of message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Request,
    Result,
    Notification,
    /// A request that a server makes of a client.
    ServerRequest,
    /// A client's answer to one.
    ClientResult,
    Error,
    Http,
}

/// What becomes of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// Its content is looked at, and leaves changed, whole or not at all.
    Filtered,
    /// It has no room for anything but what the protocol needs, or the gate writes it.
    PassedByRule,
    /// It is not carried.
    Refused,
}

/// One line of the statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Entry {
    /// A method, or a name for what has none.
    pub message: String,
    pub kind: Kind,
    pub direction: Direction,
    /// The path of a member; `*` is every member that no other line names.
    pub part: String,
    pub treatment: Treatment,
    pub how: &'static str,
    /// What a server's rules must allow for it; where they do not, it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requires: Option<&'static str>,
}

/// The whole statement, in order.
pub fn statement() -> Vec<Entry> {
    let mut all = Vec::new();
    for method in Method::ALL {
        let mut request = Table::new(&mut all, method.as_str(), Kind::Request, Direction::ToServer);
        if method.is_notification() {
            request.kind = Kind::Notification;
        }
        request.requires = method.feature();
        request.form(method.params());
        if method.is_request() {
            let mut result = Table::new(&mut all, method.as_str(), Kind::Result, Direction::ToClient);
            result.requires = method.feature();
            result.form(method.result());
            result.line("resultType", Treatment::PassedByRule, "one of the words the gate knows");
        }
    }
    for (name, form) in [("input_required", &answers::INPUT_REQUIRED), ("task", &answers::TASK_CREATED)] {
        let mut table = Table::new(&mut all, name, Kind::Result, Direction::ToClient);
        table.form(form);
        table.line("resultType", Treatment::PassedByRule, "one of the words the gate knows");
    }
    for asking in Asking::ALL {
        let mut table = Table::new(&mut all, asking.as_str(), Kind::ServerRequest, Direction::ToClient);
        table.requires = asking.feature();
        table.form(asking.params());
        let mut table = Table::new(&mut all, asking.as_str(), Kind::ClientResult, Direction::ToServer);
        table.requires = asking.feature();
        table.form(asking.answer());
    }
    for notice in Notice::ALL {
        let mut table = Table::new(&mut all, notice.as_str(), Kind::Notification, Direction::ToClient);
        table.requires = notice.feature();
        table.form(notice.params());
    }
    // Tasks that a server would hold at a client are never offered to it.
    for method in [Method::TasksGet, Method::TasksResult, Method::TasksList, Method::TasksCancel] {
        let how = "servers hold no tasks at clients";
        let (kind, way) = (Kind::ServerRequest, Direction::ToClient);
        all.push(fixed(method.as_str(), kind, way, "*", Treatment::Refused, how));
    }
    for (message, way) in [("any other", Direction::ToServer), ("any other", Direction::ToClient)] {
        all.push(fixed(
            message,
            Kind::Request,
            way,
            "*",
            Treatment::Refused,
            "a method the gate does not know",
        ));
    }
    all.extend(errors());
    all.extend(http());
    all
}

/// Collects the lines of one message.
struct Table<'t> {
    all: &'t mut Vec<Entry>,
    message: &'t str,
    kind: Kind,
    direction: Direction,
    requires: Option<Feature>,
}

impl<'t> Table<'t> {
    fn new(all: &'t mut Vec<Entry>, message: &'t str, kind: Kind, direction: Direction) -> Self {
        Self { all, message, kind, direction, requires: None }
    }

    fn form(&mut self, form: &Form) {
        self.members("", form);
        self.line("*", Treatment::Refused, "not carried: it stands in no form");
    }

    fn members(&mut self, path: &str, form: &Form) {
        for member in form.0 {
            let name =
                if path.is_empty() { member.name.to_owned() } else { format!("{path}.{}", member.name) };
            self.part(&name, member.part);
        }
    }

    fn part(&mut self, path: &str, part: Part) {
        match part {
            Part::Object(form) => self.members(path, form),
            Part::List(element) | Part::OneOrMore(element) => self.part(&format!("{path}[]"), *element),
            Part::Map(of) => self.part(&format!("{path}{{}}"), *of),
            Part::OneOf(forms) => {
                self.line(&format!("{path}.type"), Treatment::PassedByRule, "one of the known types");
                for (_, form) in forms {
                    self.members(path, form);
                }
            }
            Part::Where(feature, inner) => {
                let before = self.requires.replace(feature);
                self.part(path, *inner);
                self.requires = before;
            }
            leaf => {
                let (treatment, how) = self.leaf(leaf);
                self.line(path, treatment, how);
            }
        }
    }

    fn leaf(&self, part: Part) -> (Treatment, &'static str) {
        const LOOKED_AT: &str = "looked at: injection, markers, outflow";
        let to_client = self.direction == Direction::ToClient;
        let filtered = |to_client_how, to_server_how| {
            (Treatment::Filtered, if to_client { to_client_how } else { to_server_how })
        };
        match part {
            Part::Text | Part::Uri => filtered("through the plan and its detectors", LOOKED_AT),
            Part::Data => filtered("every string, number and key through the plan", LOOKED_AT),
            Part::Token => filtered("short, and through the detectors", LOOKED_AT),
            Part::Number => filtered("through the detectors; zero in its place", LOOKED_AT),
            Part::Structure => filtered("by the tool's release paths, then its detectors", LOOKED_AT),
            Part::Schema => filtered("every string and number in it through the detectors", LOOKED_AT),
            Part::Blob => filtered("only where the rules pass blobs; text in it is filtered", LOOKED_AT),
            Part::Arguments => filtered("", "against the pinned schema; injection, markers, outflow"),
            Part::Ask => filtered("as the server's own request of that name", LOOKED_AT),
            Part::Answer => filtered("", "by the form of what was asked, then looked at"),
            Part::Word(_) => (Treatment::PassedByRule, "one of a closed list of words"),
            Part::Flag => (Treatment::PassedByRule, "true or false"),
            Part::Time => (Treatment::PassedByRule, "an RFC 3339 time and nothing else"),
            Part::Private => (Treatment::PassedByRule, "always `private`"),
            Part::Own => (Treatment::PassedByRule, "written by the gate, whatever was sent"),
            Part::Sealed(_) if to_client => (Treatment::PassedByRule, "sealed to its owner"),
            Part::Sealed(_) => (Treatment::PassedByRule, "opened, if it was sealed for this caller"),
            Part::Dropped => (Treatment::Refused, "not carried"),
            Part::Object(_)
            | Part::List(_)
            | Part::OneOrMore(_)
            | Part::Map(_)
            | Part::OneOf(_)
            | Part::Where(..) => (Treatment::Refused, "not a leaf"),
        }
    }

    fn line(&mut self, part: &str, treatment: Treatment, how: &'static str) {
        let entry = Entry {
            message: self.message.to_owned(),
            kind: self.kind,
            direction: self.direction,
            part: part.to_owned(),
            treatment,
            how,
            requires: self.requires.map(Feature::as_str),
        };
        if !self.all.contains(&entry) {
            self.all.push(entry);
        }
    }
}

fn fixed(
    message: &str,
    kind: Kind,
    direction: Direction,
    part: &str,
    treatment: Treatment,
    how: &'static str,
) -> Entry {
    let (message, part) = (message.to_owned(), part.to_owned());
    Entry { message, kind, direction, part, treatment, how, requires: None }
}

fn errors() -> Vec<Entry> {
    use Treatment::{Filtered, PassedByRule, Refused};
    let line = |part, treatment, how| fixed("error", Kind::Error, Direction::ToClient, part, treatment, how);
    vec![
        line("code", PassedByRule, "an integer"),
        line("message", Filtered, "by the plan of what was asked for; a plain sentence where there is none"),
        line("data.uri", Filtered, "through the plan and its detectors"),
        line("data.requiredCapabilities", PassedByRule, "names of capabilities the gate knows (-32021)"),
        line("data.elicitations", Filtered, "as elicitations (-32042)"),
        line("data.supported", PassedByRule, "written by the gate (-32022)"),
        line("data.*", Refused, "not carried"),
        fixed("error", Kind::Error, Direction::ToServer, "code", PassedByRule, "an integer"),
        fixed("error", Kind::Error, Direction::ToServer, "message", Filtered, "looked at"),
        fixed("error", Kind::Error, Direction::ToServer, "data", Refused, "not carried"),
    ]
}

/// What HTTP itself can carry.
fn http() -> Vec<Entry> {
    use Treatment::{Filtered, PassedByRule, Refused};
    let down = |part, treatment, how| fixed("http", Kind::Http, Direction::ToClient, part, treatment, how);
    let up = |part, treatment, how| fixed("http", Kind::Http, Direction::ToServer, part, treatment, how);
    vec![
        down("status", PassedByRule, "written by the gate"),
        down("headers", Refused, "the gate writes its own"),
        down("Mcp-Session-Id", PassedByRule, "the gate mints its own"),
        down("Location", Refused, "redirects are not followed"),
        down("trailers", Refused, "not carried"),
        down("body that is not JSON", Refused, "not read"),
        down("event name", PassedByRule, "only messages are carried"),
        down("event id", PassedByRule, "sealed to its session"),
        down("event retry", PassedByRule, "a bounded number"),
        down("event comment", Refused, "the gate writes its own"),
        down("endpoint event", PassedByRule, "written by the gate (HTTP+SSE of 2024-11-05)"),
        down("batch", Filtered, "each message by itself (2025-03-26); refused in other revisions"),
        down("two responses to one request", Refused, "nothing follows the first"),
        up("Authorization", Refused, "ends here; the upstream gets a delegated token"),
        up("Mcp-Name", PassedByRule, "made anew from the body"),
        up("Mcp-Param-*", Filtered, "must agree with the arguments, and made anew from them"),
        up("Last-Event-ID", PassedByRule, "opened, if it was sealed for this session"),
        up("Mcp-Session-Id", PassedByRule, "exchanged for the upstream's own"),
        up("?session", PassedByRule, "as Mcp-Session-Id (HTTP+SSE of 2024-11-05)"),
        up("batch", Filtered, "each message by itself (2025-03-26); refused in other revisions"),
        up("other headers", Refused, "the gate writes its own"),
    ]
}
