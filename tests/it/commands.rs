//! The command line, as people and scripts use it.

use crate::support::{Demo, PROGRAM, folder};
use std::io::{BufRead as _, BufReader, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

pub(crate) fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(PROGRAM)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn check(arguments: &[&str], input: &str, code: i32, expected: &str) {
    let output = run(arguments, input);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        (output.status.code(), stdout.as_ref()),
        (Some(code), expected),
        "{arguments:?} {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn redact_filters_standard_input() {
    let patient = r#"{"id":"p-1","birthDate":"1980-02-03","ssn":"536-90-4399"}"#;
    let tool = |scopes| ["redact", "--tool", "clinic.getPatient", "--scopes", scopes];
    check(&tool("patient:read"), patient, 0, r#"{"id":"p-1","birthDate":"1980"}"#);
    check(
        &tool("patient:read phi:read"),
        patient,
        0,
        r#"{"id":"p-1","birthDate":"1980","ssn":"[US_SSN_1]"}"#,
    );
    check(&tool("other"), patient, 3, "");
    check(&["redact", "--profile", "pci-dss"], "card 4111 1111 1111 1111\n", 0, "card ****1111\n");
    check(&["redact", "--profile", "pci-dss"], r#"{"a":1,"a":2}"#, 3, "");
    let both = ["redact", "--profile", "pci-dss", "--profile", "hipaa-safe-harbor"];
    check(&both, r#"{"pan":"4111111111111111","ssn":"1"}"#, 0, r#"{"pan":"[PAN_1]","ssn":"[US_SSN_1]"}"#);
}

#[test]
fn redact_reads_a_whole_tool_result_as_what_it_is() {
    let result = r#"{"content":[{"type":"text","text":"{\"id\":\"p-1\",\"ssn\":\"536-90-4399\"}"}],"structuredContent":{"id":"p-1","ssn":"536-90-4399"},"_meta":{"ssn":"536-90-4399"}}"#;
    let expected =
        r#"{"content":[{"type":"text","text":"{\"id\":\"p-1\"}"}],"structuredContent":{"id":"p-1"}}"#;
    check(&["redact", "--tool", "clinic.getPatient", "--scopes", "patient:read"], result, 0, expected);
}

#[test]
fn mistakes_are_answered_with_what_to_do() {
    for (arguments, code, said) in [
        (vec!["redact"], 2, "--tool for those of one tool, such as --tool clinic.getPatient"),
        (vec!["redact"], 2, "`gdpr`, `glba`"),
        (vec!["redact", "--profile", "hippa"], 2, "there is no profile `hippa`; there are `gdpr`, `glba`"),
        (vec!["redact", "--tool", "clinic"], 2, "SERVER.TOOL"),
        (vec!["redact", "--tool", "clinic.getPatien"], 2, "did you mean `clinic.getPatient`?"),
        (vec!["redact", "--tool", "x.y"], 2, "without --rules, which names a folder of your own, there are"),
        (vec!["redact", "--profile", "gdpr"], 2, "standard input is empty"),
        (vec!["detect", "--profile", "gdrp"], 2, "did you mean `gdpr`?"),
        (vec!["serve", "--config", "/nonexistent.yaml"], 1, "/nonexistent.yaml: there is no such file"),
        (vec!["check", "--config", "/"], 1, "/: it is a folder: name a file in it"),
        (vec!["audit", "verify", "/nonexistent"], 2, "read the journal"),
        (vec!["frobnicate"], 2, "unrecognized"),
    ] {
        let output = run(&arguments, "");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {stderr}");
        assert!(stderr.contains(said), "{arguments:?} {stderr}");
    }
}

#[test]
fn check_names_every_fault_with_its_place() {
    let folder = folder("check");
    let config = folder.join("portcullis.yaml");
    let text = "listen: here\npublic_url: http://gate.example\nstate_dir: .\nissuers: []\nupstreams:\n  x: { url: nonsense, auth: none }\n";
    std::fs::write(&config, text).unwrap();
    let output = run(&["check", "--config", config.to_str().unwrap()], "");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains("portcullis.yaml:1:9: `listen` must be"), "{stderr}");
    std::fs::write(&config, text.replace("listen: here", "listen: 127.0.0.1:0")).unwrap();
    let output = run(&["check", "--config", config.to_str().unwrap()], "");
    let stderr = String::from_utf8_lossy(&output.stderr);
    for said in [
        ":2:13: `public_url`: https is required",
        "`issuers` must name",
        "`url` must be a URL",
        "there are no tool rules for `x`",
    ] {
        assert!(stderr.contains(said), "{said}: {stderr}");
    }
}

#[test]
fn the_demos_own_configuration_is_checked_and_explained() {
    let demo = Demo::start("check-demo");
    let config = demo.state.join("portcullis.yaml");
    let output = run(&["check", "--config", config.to_str().unwrap()], "");
    // The demo's tool rules are built in; a configuration of one's own names a folder.
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("add rules/tools/clinic.yaml"));
}

#[test]
fn what_became_of_each_value_is_explained() {
    let patient = r#"{"id":"p-1","birthDate":"1980-02-03","ssn":"536-90-4399","name":[{"family":"Lee","given":["Ann"]}],
        "conditions":[{"code":"I10","display":"x"}],"note":"Ann called (212) 555-0142","other":"seen:Ann","meta":{"a":1,"b":"c"}}"#;
    let explained = |scopes: &str| {
        let arguments = ["redact", "--tool", "clinic.getPatient", "--scopes", scopes, "--explain"];
        String::from_utf8(run(&arguments, patient).stderr).unwrap()
    };
    let rules = include_str!("../../rules/tools/clinic.yaml");
    let line_of = |text: &str| 1 + rules.lines().position(|line| line.contains(text)).unwrap();
    let released = line_of("[$.resourceType, $.id");
    let narrow = explained("patient:read");
    for said in [
        format!("$.id                     released  for patient:read  rules/tools/clinic.yaml:{released}"),
        format!(
            "$.birthDate              year      by getPatient.redact[0]  rules/tools/clinic.yaml:{}",
            released + 3
        ),
        "$.ssn                    dropped   phi:read would release it, through replace\n".to_owned(),
        "$.name                   dropped   phi:read would release it, through replace (2 values)".to_owned(),
        "\n11 values: 2 unchanged, 1 changed, 8 dropped\n".to_owned(),
        "1 data subject counts against the caller's budget".to_owned(),
    ] {
        assert!(narrow.contains(&said), "{said}\n{narrow}");
    }
    let wide = explained("patient:read phi:read");
    for said in [
        "$.ssn                    replace   US_SSN by its key, us-ssn  rules/detectors/pii-us/us-ssn.yaml",
        "$.note                   replace   PERSON by its shape, person-in-text",
        "person-in-text.yaml; PHONE by its shape, phone",
        "$.other                  changed   something in it: a hidden spelling",
    ] {
        assert!(wide.contains(said), "{said}\n{wide}");
    }
    let nothing = run(&["redact", "--tool", "clinic.getPatient", "--explain"], patient);
    assert_eq!(nothing.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("patient:read or phi:read would release it"));
}

#[test]
fn the_effective_plan_of_a_tool_is_explained_for_scopes() {
    let demo = Demo::start("check-explain");
    let config = demo.state.join("own.yaml");
    let text = std::fs::read_to_string(demo.state.join("portcullis.yaml")).unwrap();
    let tools = demo.state.join("own-rules/tools");
    std::fs::create_dir_all(&tools).unwrap();
    for file in ["clinic.yaml", "ledger.yaml"] {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/tools").join(file);
        std::fs::copy(shipped, tools.join(file)).unwrap();
    }
    std::fs::write(&config, format!("{text}\nrules: own-rules\n")).unwrap();
    let explained = |scopes: &[&str]| {
        let mut arguments =
            vec!["check", "--config", config.to_str().unwrap(), "--explain", "clinic.getPatient"];
        arguments.extend(scopes);
        let output = run(&arguments, "");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let narrow = explained(&["--scopes", "patient:read"]);
    for said in [
        "call      needs patient:read",
        "shows     $.birthDate",
        "hides     $ ",
        "year      $.birthDate",
        "replace",
        "US_SSN",
    ] {
        assert!(narrow.contains(said), "{said}\n{narrow}");
    }
    let without = explained(&["--scopes", "phi:read"]);
    assert!(without.contains("refused: needs patient:read, and patient:read is not held"), "{without}");
    assert!(without.contains("shows     $ ") && explained(&[]).contains("shows     $ "), "{without}");
}

/// A configuration of one upstream, `clinic`, with a folder of rules beside it.
pub(crate) fn configured(name: &str, more: &str, tools: &str) -> std::path::PathBuf {
    let folder = folder(name);
    std::fs::create_dir_all(folder.join("rules/tools")).unwrap();
    std::fs::write(folder.join("rules/tools/clinic.yaml"), tools).unwrap();
    let text = format!(
        "public_url: https://gate.example\nstate_dir: state\nrules: rules\n\
         issuers: [{{ issuer: 'https://as.example' }}]\n{more}"
    );
    std::fs::write(folder.join("portcullis.yaml"), text).unwrap();
    folder
}

fn checked(folder: &Path, more: &[&str]) -> (Option<i32>, String) {
    let config = folder.join("portcullis.yaml");
    let mut arguments = vec!["check", "--config", config.to_str().unwrap()];
    arguments.extend(more);
    let output = run(&arguments, "");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

pub(crate) const RULES: &str = "server: clinic\ntools:\n  read: { release: all }\n";

#[test]
fn what_others_on_the_network_may_read_is_noted() {
    let quiet = "listen: 127.0.0.1:8700\nmetrics: 127.0.0.1:9464\nupstreams:\n  clinic: { url: 'http://127.0.0.1:9/mcp', auth: none }\n";
    let (code, said) = checked(&configured("check-quiet", quiet, RULES), &[]);
    assert!(code == Some(0) && !said.contains("portcullis.yaml:"), "{said}");
    let loud = quiet.replace("127.0.0.1:8700", "0.0.0.0:8700").replace("127.0.0.1:9464", "'[::]:9464'");
    let loud = loud.replace("http://127.0.0.1:9", "http://clinic.internal");
    let (code, said) = checked(&configured("check-loud", &loud, RULES), &[]);
    assert_eq!(code, Some(0), "{said}");
    for note in [
        "portcullis.yaml:5:9: `listen`: plain HTTP on an address that others can reach",
        "portcullis.yaml:6:10: `metrics`: whoever can reach this address",
        "portcullis.yaml:8:11: `clinic`: plain HTTP to another machine",
        "portcullis.yaml:8:11: `clinic`: it is asked without a token",
    ] {
        assert!(said.contains(note), "{note}: {said}");
    }
}

#[test]
fn rules_of_a_misnamed_server_are_told_with_the_names_there_are() {
    let upstreams = "listen: 127.0.0.1:8700\nupstreams:\n  clinic: { command: [serve], auth: none }\n";
    let folder = configured("check-misnamed", upstreams, &RULES.replace("clinic", "clinics"));
    let (code, said) = checked(&folder, &[]);
    assert_eq!(code, Some(1), "{said}");
    for fault in [
        "if those for `clinics` are meant, write `server: clinic` at ",
        "rules/tools/clinic.yaml:1:1: these rules do nothing here: the configuration has no server `clinics`; it has \
         `clinic`; did you mean `clinic`?",
    ] {
        assert!(said.contains(fault), "{fault}: {said}");
    }
    // With rules of its own it is served; the others may be those of another gate.
    std::fs::write(folder.join("rules/tools/own.yaml"), RULES).unwrap();
    let (code, said) = checked(&folder, &[]);
    assert!(code == Some(0) && said.contains("note ") && said.contains("has no server `clinics`"), "{said}");
    let (code, said) = checked(&folder, &["--explain", "clinc.read"]);
    assert!(
        code == Some(2) && said.contains("has no server `clinc`; it has `clinic`; did you mean"),
        "{said}"
    );
    let (code, said) = checked(&folder, &["--explain", "clinic.raed"]);
    assert!(code == Some(2) && said.contains("it is not served; did you mean `read`?"), "{said}");
}

#[test]
fn a_copy_of_the_shipped_rules_is_one_fault() {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let (path, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
            if path.is_dir() {
                copy(&path, &to);
            } else {
                std::fs::copy(path, to).unwrap();
            }
        }
    }
    let folder = folder("rules-copied");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules"), &folder);
    let output = run(&["rules", "test", folder.to_str().unwrap()], "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(
        said.contains("files that ship with the gate and are loaded anyway") && said.contains("remove them"),
        "{said}"
    );
}

/// Its folder has keys in it.
#[test]
fn the_demo_leaves_nothing_behind_when_it_is_cut_short() {
    let folder = folder("demo-cut");
    let start = |more: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(["demo", "--port", "0"]).args(more).env("TMPDIR", &folder);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let left = || std::fs::read_dir(&folder).unwrap().count();
    let first_line = |child: &mut Child| {
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(left(), 1);
    };
    let mut unread = start(&[]);
    first_line(&mut unread);
    let output = unread.wait_with_output().unwrap();
    assert_eq!((output.status.code(), left()), (Some(0), 0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    let mut ended = start(&["--quiet", "--json"]);
    first_line(&mut ended);
    let killed = Command::new("kill").arg(ended.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert_eq!((ended.wait().unwrap().code(), left()), (Some(0), 0));
    let mut begun = Command::new(PROGRAM);
    assert_eq!(cut_short("demo-begun", begun.args(["demo", "--quiet", "--port", "0"])), Some(0));
}

/// Ends a command as soon as it has a folder of its own, of which nothing may stay; says its
/// exit code.
pub(crate) fn cut_short(name: &str, command: &mut Command) -> Option<i32> {
    let folder = folder(name);
    command.env("TMPDIR", &folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let own = loop {
        assert_eq!(child.try_wait().unwrap(), None, "{name}: it ended by itself");
        if let Some(own) = std::fs::read_dir(&folder).unwrap().next() {
            break own.unwrap().path();
        }
        std::thread::yield_now();
    };
    let mode = std::fs::metadata(own).unwrap().permissions().mode();
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    let code = child.wait().unwrap().code();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "{name}");
    assert_eq!(mode & 0o777, 0o700, "{name}");
    code
}

/// Whatever is wrong with an argument, it is not repeated if it is a key or a token.
#[test]
fn a_key_in_the_place_of_a_path_is_not_repeated() {
    let key = "-----BEGIN PRIVATE KEY-----\nMIGHhunter2hunter2==\n-----END PRIVATE KEY-----";
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.aHVudGVyMmh1bnRlcjI";
    let long = "hunter2".repeat(100);
    for secret in [key, token, long.as_str()] {
        let inner = secret.get(30..50).unwrap();
        let flag = format!("--config={secret}");
        for arguments in [
            vec!["check", &flag],
            vec!["check", "--config", secret],
            vec!["token", "explain", secret],
            vec!["rules", "test", secret],
            vec!["audit", "verify", "--", secret],
            vec!["demo", "--port", secret],
            vec![secret],
        ] {
            let output = run(&arguments, "");
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{arguments:?} {stderr}");
            let place = format!("argument {} looks like the text of a key", arguments.len());
            assert!(stderr.contains(&place) && !stderr.contains(inner), "{arguments:?} {stderr}");
        }
    }
}

#[test]
fn the_decision_matrix_is_the_committed_one() {
    let output = run(&["policy", "matrix"], "");
    let now = String::from_utf8(output.stdout).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/matrix.txt");
    if std::env::var_os("UPDATE_MATRIX").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(now, committed, "run with UPDATE_MATRIX=1 and review the difference");
}

#[test]
fn the_demo_needs_no_trust_roots() {
    let output = Command::new(PROGRAM)
        .args(["demo", "--once", "--json"])
        .envs([("SSL_CERT_FILE", "/nonexistent"), ("SSL_CERT_DIR", "/nonexistent")])
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{stdout}");
    assert!(stdout.contains("\"failed\":0"), "{stdout}");
}
