//! What a configuration may say, and whoever wrote it should know: `check` and `doctor` tell.

use crate::config::build::Checked;
use crate::config::file::{Auth, UpstreamFile};
use crate::config::servers;
use crate::jose::issuer::safe_url;
use crate::model::fault::SourceFault;
use crate::redact::tools::scopes::is_slip;
use crate::redact::tools::{ServerRules, ToolRules};
use std::collections::BTreeSet;

const IN_CLEAR: &str = "plain HTTP on an address that others can reach: tokens and results can be read on the way. \
    Configure `tls`, or listen on 127.0.0.1 with a proxy in front that speaks TLS";
const COUNTERS: &str = "whoever can reach this address reads the counters, without a token: serve them on 127.0.0.1, or in a network \
    of their own";

impl Checked {
    /// Each with its place, and what to do.
    pub fn notes(&self) -> Vec<SourceFault> {
        let file = &self.file;
        let mut notes = servers::strays(file, &self.rulebook.rules);
        notes.extend(self.rulebook.rules.notes());
        notes.extend(self.implied());
        if !self.listen.ip().is_loopback() && file.tls.is_none() {
            notes.push(SourceFault::at(&self.name, &file.listen, format!("`listen`: {IN_CLEAR}")));
        }
        if let (Some(address), Some(spanned)) = (self.metrics, &file.metrics)
            && !address.ip().is_loopback()
        {
            notes.push(SourceFault::at(&self.name, spanned, format!("`metrics`: {COUNTERS}")));
        }
        for (server, upstream) in &file.upstreams {
            let of = |said: &str| SourceFault::at(&self.name, upstream, format!("`{server}`: {said}"));
            notes.extend(upstream_notes(&upstream.value).into_iter().map(of));
        }
        notes
    }
}

impl Checked {
    /// Scopes that others imply, that no rule names, and that nearly have the name of one.
    fn implied(&self) -> Vec<SourceFault> {
        let rules =
            self.rulebook.rules.servers().flat_map(ServerRules::all).flat_map(ToolRules::named_scopes);
        let named: BTreeSet<&str> = rules.map(|(scope, _)| scope).collect();
        let implied = self.file.scopes.implies.values().flatten().collect::<BTreeSet<_>>();
        let strange = implied.into_iter().filter(|scope| !named.contains(scope.as_str()));
        let note = |scope: &String| {
            let near = named.iter().find(|near| is_slip(scope, near))?;
            let message = format!("`scopes`: no rule names `{scope}`; did you mean `{near}`?");
            Some(SourceFault::whole(&self.name, message))
        };
        strange.filter_map(note).collect()
    }
}

/// Of a server on another machine.
fn upstream_notes(upstream: &UpstreamFile) -> Vec<&'static str> {
    let Some(url) = upstream.url.as_ref().or(upstream.sse_url.as_ref()) else { return Vec::new() };
    let mut notes = Vec::new();
    if safe_url(url).is_err() {
        notes.push(
            "plain HTTP to another machine: calls and results can be read and changed on the way. Write https://",
        );
    }
    if upstream.auth == Auth::None && !on_this_machine(url) {
        notes.push(
            "it is asked without a token, so that whoever can reach it needs no gate: let it take tokens \
             (docs/delegation.md), or see that the gate alone reaches it",
        );
    }
    notes
}

/// As `safe_url` has it: http is taken for this machine alone.
fn on_this_machine(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|mut url| url.set_scheme("http").is_ok() && safe_url(url.as_str()).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::yaml::read_yaml;

    #[test]
    fn what_goes_over_a_network_is_noted() {
        let notes = |text: &str| upstream_notes(&read_yaml("x", text).unwrap()).join("\n");
        for well in [
            "{ url: 'http://127.0.0.1:9/mcp', auth: none }",
            "{ sse_url: 'http://localhost:9/sse', auth: none }",
            "{ url: 'https://[::1]/mcp', auth: none }",
            "{ url: 'https://records.example/mcp', auth: exchange, audience: a }",
            "{ command: [serve], auth: none }",
        ] {
            assert_eq!(notes(well), "", "{well}");
        }
        let clear = notes("{ url: 'http://records.example/mcp', auth: none }");
        assert!(clear.contains("Write https://") && clear.contains("needs no gate"), "{clear}");
        let open = notes("{ sse_url: 'https://records.example/sse', auth: none }");
        assert!(!open.contains("https://") && open.contains("needs no gate"), "{open}");
    }
}
