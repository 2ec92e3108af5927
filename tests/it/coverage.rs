//! The coverage statement, held against the members that the specification has.

use crate::support::PROGRAM;
use portcullis::wire::coverage::{Entry, Kind, statement};
use portcullis::wire::form::asks::Asking;
use portcullis::wire::form::notices::Notice;
use portcullis::wire::method::Method;
use std::process::Command;

/// Every member of every message of 2025-11-25 and 2026-07-28, by the specification's own
/// JSON schemas: kind, method, path.
const MEMBERS: &str = include_str!("data/mcp-members.txt");

#[test]
fn every_method_has_an_entry() {
    let statement = statement();
    let has = |name: &str, kinds: &[Kind]| {
        statement.iter().any(|entry| entry.message == name && kinds.contains(&entry.kind))
    };
    for method in Method::ALL {
        assert!(has(method.as_str(), &[Kind::Request, Kind::Notification]), "{}", method.as_str());
    }
    for asking in Asking::ALL {
        let name = asking.as_str();
        assert!(has(name, &[Kind::ServerRequest]) && has(name, &[Kind::ClientResult]), "{name}");
    }
    for notice in Notice::ALL {
        assert!(has(notice.as_str(), &[Kind::Notification]), "{}", notice.as_str());
    }
}

/// No member of the specification is left unsaid.
#[test]
fn every_member_of_the_specification_is_in_the_statement() {
    let statement = statement();
    let unsaid: Vec<&str> = MEMBERS.lines().filter(|line| !is_said(&statement, line)).collect();
    assert!(unsaid.is_empty(), "{} members, such as:\n{}", unsaid.len(), unsaid.join("\n"));
}

fn is_said(statement: &[Entry], line: &str) -> bool {
    let mut words = line.splitn(3, ' ');
    let [kind, method, path] = [words.next(), words.next(), words.next()].map(Option::unwrap);
    let kind = match kind {
        "request" => Kind::Request,
        "result" => Kind::Result,
        "notify-server" | "notify-client" => Kind::Notification,
        "ask" => Kind::ServerRequest,
        "answer" => Kind::ClientResult,
        other => panic!("{other}"),
    };
    // Some lists may be one element standing alone.
    let path = path.replace("[]", "");
    // A member is said by its own line, by one above it, or by those beneath it.
    let of: Vec<&Entry> =
        statement.iter().filter(|entry| entry.kind == kind && entry.message == method).collect();
    let refused_whole = of.len() == 1 && of[0].part == "*";
    refused_whole
        || of.iter().any(|entry| {
            let beneath = |long: &str, short: &str| {
                long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '{']))
            };
            let part = entry.part.replace("[]", "");
            beneath(&path, &part) || beneath(&part, &path)
        })
}

#[test]
fn the_command_prints_what_the_library_says() {
    let output = Command::new(PROGRAM).args(["coverage", "--json"]).output().unwrap();
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed, serde_json::to_value(statement()).unwrap());
    let output = Command::new(PROGRAM).arg("coverage").output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("structuredContent"));
}
