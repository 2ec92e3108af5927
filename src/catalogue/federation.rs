//! Several servers behind one endpoint, their tools told apart by a name before the name:
//! `clinic.getPatient`.
//!
//! A federation is a name and nothing more. Each call goes to one member under that
//! member's own rules, policy, credential and record; what a federation lists is what its
//! members' pinned tools come to.

use super::Definition;
use crate::model::ids::ServerName;
use std::sync::Arc;

/// The longest name that a tool is listed under (MCP, tool names).
const LONGEST_NAME: usize = 128;

/// The servers of one federated endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Federation {
    members: Vec<ServerName>,
    separator: String,
}

impl Federation {
    /// # Errors
    /// What to write instead: the members are not told apart by their names, so that one
    /// tool's name could mean another's.
    pub fn new(members: Vec<ServerName>, separator: String) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if separator.is_empty() || separator.len() > 3 || !separator.chars().all(fits) {
            return Err("`separator` may be one to three of letters, digits, `.`, `-` and `_`".to_owned());
        }
        if members.is_empty() {
            return Err("a federation needs `members`".to_owned());
        }
        for (index, member) in members.iter().enumerate() {
            let beginning = format!("{member}{separator}");
            for (_, other) in members.iter().enumerate().filter(|(other, _)| *other != index) {
                if member == other {
                    return Err(format!("`{member}` is a member twice"));
                }
                if format!("{other}{separator}").starts_with(&beginning) {
                    return Err(format!(
                        "a tool of `{member}` and one of `{other}` could both be called `{other}{separator}…`: \
                         rename one of them, or choose another `separator`"
                    ));
                }
            }
        }
        Ok(Self { members, separator })
    }

    pub fn members(&self) -> impl Iterator<Item = &ServerName> {
        self.members.iter()
    }

    /// The member that a federated name means, and its own name for the tool.
    pub fn resolve<'n>(&self, name: &'n str) -> Option<(&ServerName, &'n str)> {
        let own = |member: &ServerName| name.strip_prefix(member.as_str())?.strip_prefix(&self.separator);
        self.members.iter().find_map(|member| Some((member, own(member)?)))
    }

    /// A member's tool as the federation lists it. None for a name too long to be one.
    pub fn listed(&self, member: &ServerName, tool: &Definition) -> Option<Arc<Definition>> {
        let name = format!("{member}{}{}", self.separator, tool.name);
        (name.len() <= LONGEST_NAME).then(|| Arc::new(tool.renamed(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn federation(members: &[&str], separator: &str) -> Result<Federation, String> {
        Federation::new(members.iter().map(|name| ServerName::new(*name)).collect(), separator.to_owned())
    }

    #[test]
    fn each_name_means_one_tool_of_one_member() {
        let all = federation(&["clinic", "clinic-west", "ledger"], ".").unwrap();
        let resolve = |name| all.resolve(name).map(|(member, tool)| (member.as_str().to_owned(), tool));
        assert_eq!(resolve("clinic.get.Patient"), Some(("clinic".to_owned(), "get.Patient")));
        assert_eq!(resolve("clinic-west.getPatient"), Some(("clinic-west".to_owned(), "getPatient")));
        for name in ["getPatient", "clinic", "other.getPatient", ".getPatient", "Clinic.getPatient", ""] {
            assert_eq!(resolve(name), None, "{name}");
        }
    }

    #[test]
    fn members_that_names_cannot_tell_apart_are_refused() {
        for (members, separator, said) in [
            (&["a", "a__b"][..], "__", "could both be called"),
            (&["a_", "a"], "_", "could both be called"),
            (&["a", "b", "a"], ".", "twice"),
            (&[], ".", "members"),
            (&["a"], "", "separator"),
            (&["a"], "/", "separator"),
        ] {
            let fault = federation(members, separator).unwrap_err();
            assert!(fault.contains(said), "{members:?}: {fault}");
        }
        assert!(federation(&["a", "ab", "b"], "__").is_ok());
    }
}
