//! Where an upstream is, read from its part of the configuration.

use crate::config::file::{Auth, CommandFile, UpstreamFile};
use crate::config::secret::SecretFile;
use crate::model::sensitive::Sensitive;
use crate::upstream::endpoint::Endpoint;
use crate::upstream::stdio::ChildSettings;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a child may take to end by itself, and again when asked to.
const GRACE: Duration = Duration::from_secs(2);

/// Reads which kind of server it is. `folder` is the configuration's own.
///
/// # Errors
/// What to write instead.
pub(super) fn endpoint(
    upstream: &UpstreamFile,
    folder: &Path,
    max_message_bytes: usize,
) -> Result<Endpoint, String> {
    read(upstream, folder, max_message_bytes).map_err(|fault| fault.to_string())
}

fn read(
    upstream: &UpstreamFile,
    folder: &Path,
    max_message_bytes: usize,
) -> Result<Endpoint, Box<dyn std::error::Error>> {
    let local = upstream.folder.is_some() || !upstream.environment.is_empty();
    if local && upstream.command.is_none() {
        return Err("`environment` and `folder` belong to a `command`".into());
    }
    // A child is started in another folder than the gate's, so its paths must be whole.
    let folder = std::path::absolute(folder.join(".")).map_err(|_| "the configuration's folder is gone")?;
    match (&upstream.url, &upstream.sse_url, &upstream.command) {
        (Some(url), None, None) if is_http(url) => Ok(Endpoint::StreamableHttp(url.clone())),
        (Some(_), None, None) => Err("`url` must be a URL, with http or https".into()),
        (None, Some(url), None) if is_http(url) => Ok(Endpoint::EventStream(url.clone())),
        (None, Some(_), None) => Err("`sse_url` must be a URL, with http or https".into()),
        (None, None, Some(_)) if upstream.auth != Auth::None => {
            Err("a `command` takes no tokens: write `auth: none`, and its credentials into `environment`"
                .into())
        }
        (None, None, Some(command)) => Ok(Endpoint::Child(ChildSettings {
            command: words(command, &folder)?,
            environment: environment(&upstream.environment, &folder)?,
            folder: Some(upstream.folder.as_ref().map_or(folder.clone(), |path| folder.join(path))),
            max_message_bytes,
            grace: GRACE,
        })),
        _ => Err("an upstream needs one of `url`, `sse_url` and `command`, and no more than one".into()),
    }
}

fn is_http(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// A program named with a path is looked for from the configuration's folder, any other
/// in PATH.
fn words(command: &CommandFile, folder: &Path) -> Result<Vec<String>, &'static str> {
    let words = match command {
        CommandFile::Words(words) => words,
        CommandFile::Line(_) => {
            return Err("`command` must be a list, [program, argument, …]: no shell splits it");
        }
    };
    if words.iter().any(|word| word.contains('\0')) {
        return Err("`command` must not hold a NUL");
    }
    let (program, arguments) = words.split_first().ok_or("`command` must name a program")?;
    let path = PathBuf::from(program);
    let program = match path.components().count() {
        0 => return Err("`command` must name a program"),
        1 => program.clone(),
        _ => folder.join(path).to_str().ok_or("the path of the `command` must be UTF-8")?.to_owned(),
    };
    Ok(std::iter::once(program).chain(arguments.iter().cloned()).collect())
}

type Variables = BTreeMap<String, Sensitive<String>>;

fn environment(variables: &BTreeMap<String, SecretFile>, folder: &Path) -> Result<Variables, String> {
    let fits = |name: &str| !name.is_empty() && !name.contains(['=', '\0']);
    if !variables.keys().all(|name| fits(name)) {
        return Err("a name in `environment` must not be empty nor hold `=` or a NUL".to_owned());
    }
    let mut fetched = Variables::new();
    for (name, value) in variables {
        let value = value.value(folder).map_err(|fault| format!("`environment`, {name}: {fault}"))?;
        if value.expose().contains('\0') {
            return Err("a value in `environment` must not hold a NUL".to_owned());
        }
        fetched.insert(name.clone(), value);
    }
    Ok(fetched)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Endpoint, String> {
        let upstream: UpstreamFile =
            crate::model::yaml::read_yaml("x", text).map_err(|fault| fault.message)?;
        endpoint(&upstream, Path::new("/etc/gate"), 1 << 20)
    }

    fn child(text: &str) -> ChildSettings {
        match read_text(text) {
            Ok(Endpoint::Child(settings)) => settings,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_kind_is_told_by_its_key() {
        let url = "http://127.0.0.1:1/x";
        let read_url = |key: &str| read_text(&format!("{{ {key}: '{url}', auth: none }}"));
        assert!(matches!(read_url("url"), Ok(Endpoint::StreamableHttp(found)) if found == url));
        assert!(matches!(read_url("sse_url"), Ok(Endpoint::EventStream(found)) if found == url));
        let settings = child(
            "{ command: [serve, '--port', '1'], environment: { HOLDER: s3cret, TOKEN: 'env:PATH', PORT: '80' }, folder: data, auth: none }",
        );
        assert_eq!(settings.command, ["serve", "--port", "1"]);
        assert_eq!(settings.folder.as_deref(), Some(Path::new("/etc/gate/data")));
        assert_eq!(settings.environment["HOLDER"].expose(), "s3cret");
        assert_eq!(settings.environment["TOKEN"].expose(), &std::env::var("PATH").unwrap());
        assert!(!format!("{settings:?}").contains("s3cret"));
    }

    #[test]
    fn a_program_with_a_path_is_looked_for_from_the_configuration() {
        let program = |word: &str| child(&format!("{{ command: [{word}], auth: none }}")).command.remove(0);
        assert_eq!(program("serve"), "serve");
        assert_eq!(program("bin/serve"), "/etc/gate/bin/serve");
        assert_eq!(program("./serve"), "/etc/gate/./serve");
        assert_eq!(program("/bin/serve"), "/bin/serve");
        assert_eq!(child("{ command: [serve], auth: none }").folder.as_deref(), Some(Path::new("/etc/gate")));
    }

    #[test]
    fn a_configuration_of_this_folder_has_whole_paths_too() {
        let upstream: UpstreamFile =
            crate::model::yaml::read_yaml("x", "{ command: [bin/serve], auth: none }").unwrap();
        let Ok(Endpoint::Child(settings)) = endpoint(&upstream, Path::new(""), 1) else { panic!() };
        let here = std::env::current_dir().unwrap();
        assert_eq!(settings.folder, Some(here.clone()));
        assert_eq!(Path::new(&settings.command[0]), here.join("bin/serve"));
    }

    #[test]
    fn what_is_unclear_is_a_fault_that_says_what_to_write() {
        for (text, said) in [
            ("{ auth: none }", "needs one of"),
            ("{ url: 'http://a/', sse_url: 'http://a/', auth: none }", "no more than one"),
            ("{ url: 'http://a/', command: [x], auth: none }", "no more than one"),
            ("{ url: 'file:///a', auth: none }", "`url` must be"),
            ("{ sse_url: nonsense, auth: none }", "`sse_url` must be"),
            ("{ command: npx server --flag, auth: none }", "must be a list"),
            ("{ command: [], auth: none }", "must name a program"),
            ("{ command: [''], auth: none }", "must name a program"),
            ("{ command: [\"a\\0b\"], auth: none }", "NUL"),
            ("{ command: [x], environment: { 'A=B': c }, auth: none }", "`environment`"),
            ("{ command: [x], environment: { A: \"\\0\" }, auth: none }", "`environment`"),
            ("{ url: 'http://a/', environment: { A: b }, auth: none }", "belong to a `command`"),
            ("{ sse_url: 'http://a/', folder: x, auth: none }", "belong to a `command`"),
            ("{ command: [x], auth: exchange, audience: a }", "takes no tokens"),
        ] {
            let fault = read_text(text).unwrap_err();
            assert!(fault.contains(said), "{text}: {fault}");
        }
    }
}
