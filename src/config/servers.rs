//! Which servers have rules, and which rules have a server.

use crate::config::file::File;
use crate::model::fault::SourceFault;
use crate::model::ids::ServerName;
use crate::model::nearest::{listed, meant, nearest};
use crate::redact::rules::Rules;
use crate::redact::tools::ServerRules;

/// The names at which clients reach something.
pub fn names(file: &File) -> impl Iterator<Item = &str> {
    file.upstreams.keys().chain(file.federations.keys()).map(String::as_str)
}

/// That there is no server of this name, which there are, and which may have been meant.
pub fn unknown(file: &File, name: &str) -> String {
    let known = listed(names(file));
    format!("the configuration has no server `{name}`; it has {known}{}", meant(name, names(file)))
}

/// Rules for servers that the configuration does not have. A folder of rules may be that of
/// several gates, so that alone they are no fault.
pub(super) fn strays(file: &File, rules: &Rules) -> Vec<SourceFault> {
    let mut strays: Vec<SourceFault> = astray(file, rules)
        .map(|rules| SourceFault {
            file: rules.origin.file.clone(),
            line: rules.origin.line,
            column: 1,
            message: format!("these rules do nothing here: {}", unknown(file, rules.server.as_str())),
        })
        .collect();
    strays.sort_by(|one, other| one.file.cmp(&other.file));
    strays
}

fn astray<'r>(file: &File, rules: &'r Rules) -> impl Iterator<Item = &'r ServerRules> {
    rules.servers().filter(|rules| !names(file).any(|name| name == rules.server.as_str()))
}

/// A fault for each upstream without rules, and then for all rules that may have been meant.
pub(super) fn without_rules(name: &str, file: &File, rules: &Rules) -> Vec<SourceFault> {
    let bare = file.upstreams.iter().filter(|(server, _)| rules.server(&ServerName::new(server)).is_none());
    let others: Vec<&str> = astray(file, rules).map(|rules| rules.server.as_str()).collect();
    let fault = |(server, upstream)| {
        let server: &String = server;
        let message = match nearest(server, others.iter().copied()) {
            Some(other) => {
                let origin = rules.server(&ServerName::new(other)).map(|rules| rules.origin.to_string());
                format!(
                    "there are no tool rules for `{server}`: if those for `{other}` are meant, write \
                     `server: {server}` at {}",
                    origin.unwrap_or_default()
                )
            }
            None => format!(
                "there are no tool rules for `{server}`: add rules/tools/{server}.yaml, or no tool of it is served"
            ),
        };
        SourceFault::at(name, upstream, message)
    };
    let mut faults: Vec<_> = bare.map(fault).collect();
    if !faults.is_empty() {
        faults.extend(strays(file, rules));
    }
    faults
}
