//! Federated endpoints, read from the configuration.

use crate::catalogue::Federation;
use crate::config::file::{FederationFile, File};
use crate::model::fault::SourceFault;
use crate::model::ids::ServerName;
use crate::redact::rules::Rules;
use std::collections::HashMap;

/// The federations of a configuration; what is wrong with them goes into `faults`.
pub(super) fn federations(
    name: &str,
    file: &File,
    rules: &Rules,
    faults: &mut Vec<SourceFault>,
) -> HashMap<ServerName, Federation> {
    let mut found = HashMap::new();
    for (federation, spanned) in &file.federations {
        match read(federation, &spanned.value, file, rules) {
            Ok(read) => drop(found.insert(ServerName::new(federation), read)),
            Err(message) => {
                faults.push(SourceFault::at(name, spanned, format!("federation `{federation}`: {message}")));
            }
        }
    }
    found
}

fn read(name: &str, raw: &FederationFile, file: &File, rules: &Rules) -> Result<Federation, String> {
    if !super::build::names_a_server(name) {
        return Err("a name may have letters, digits, `-` and `_`".to_owned());
    }
    if file.upstreams.contains_key(name) {
        return Err("an upstream has this name already".to_owned());
    }
    if let Some(unknown) = raw.members.iter().find(|member| !file.upstreams.contains_key(*member)) {
        return Err(format!("its member `{unknown}` is no upstream"));
    }
    if rules.server(&ServerName::new(name)).is_some_and(|rules| rules.all().next().is_some()) {
        return Err(
            "its tools obey the rules of their own servers: its own may have `messages` only".to_owned()
        );
    }
    let members = raw.members.iter().map(ServerName::new).collect();
    Federation::new(members, raw.separator.clone())
}
