//! Secrets in the forms that their issuers publish, and things that only look like them.
//!
//! A form is text with fields in angle brackets, each an alphabet and a length: `ghp_<b36>`.

use super::Value;
use crate::model::chance::Chance;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Kinds by name. Where a secret has no form of its own, it is what stands behind its key.
const KINDS: [(&str, &str); 70] = [
    ("age", "AGE-SECRET-KEY-1<c58>"),
    ("airtable", "pat<b14>.<h64>"),
    ("anthropic", "sk-ant-api03-<w93>AA"),
    ("atlassian", "ATATT3xFfGF0<w172>=<H8>"),
    ("aws", "AKIA<u16>"),
    ("aws-secret", "<B40>"),
    ("aws-session", "ASIA<u16>"),
    ("azure-client", "<b3>8Q~<w34>"),
    ("azure-storage", "<B86>=="),
    ("bcrypt", "$2b$12$<b53>"),
    ("clojars", "CLOJARS_<h60>"),
    ("cratesio", "cio<b32>"),
    ("databricks", "dapi<h32>"),
    ("datadog", "<h32>"),
    ("digitalocean", "dop_v1_<h64>"),
    ("discord", "M<b25>.<w6>.<w38>"),
    ("discord-webhook", "https://discord.com/api/webhooks/1<d18>/<w68>"),
    ("docker", "dckr_pat_<w27>"),
    ("doppler", "dp.pt.<b43>"),
    ("dropbox", "sl.u.<w136>"),
    ("dynatrace", "dt0c01.<u24>.<u64>"),
    ("figma", "figd_<w40>"),
    ("github", "ghp_<b36>"),
    ("github-app", "ghs_<b36>"),
    ("github-fine", "github_pat_11<u20>_<b59>"),
    ("github-oauth", "gho_<b36>"),
    ("gitlab", "glpat-<w20>"),
    ("gitlab-deploy", "gldt-<w20>"),
    ("gitlab-runner", "glrt-<w20>"),
    ("google-api", "AIzaSy<w33>"),
    ("google-oauth", "GOCSPX-<w28>"),
    ("grafana", "glsa_<b32>_<h8>"),
    ("groq", "gsk_<b52>"),
    ("huggingface", "hf_<a34>"),
    ("linear", "lin_api_<b40>"),
    ("mailchimp", "<h32>-us12"),
    ("mailgun", "key-<h32>"),
    ("netlify", "nfp_<b36>"),
    ("newrelic", "NRAK-<k27>"),
    ("notion", "ntn_<d11><b35>"),
    ("npm", "npm_<b36>"),
    ("okta", "00<w40>"),
    ("openai", "sk-proj-<w74>T3BlbkFJ<w74>"),
    ("password", "<b6>!<b5>#<d2>"),
    ("perplexity", "pplx-<b48>"),
    ("planetscale", "pscale_tkn_<w43>"),
    ("postman", "PMAK-<h24>-<h34>"),
    ("pulumi", "pul-<h40>"),
    ("pypi", "pypi-AgEIcHlwaS5vcmcC<w85>"),
    ("replicate", "r8_<b37>"),
    ("rubygems", "rubygems_<h48>"),
    ("sendgrid", "SG.<w22>.<w43>"),
    ("sentry", "sntryu_<h64>"),
    ("shopify", "shpat_<h32>"),
    ("slack-app", "xapp-1-A<k10>-<d13>-<h64>"),
    ("slack-bot", "xoxb-<d12>-<d13>-<b24>"),
    ("slack-user", "xoxp-<d12>-<d12>-<d13>-<h32>"),
    ("slack-webhook", "https://hooks.slack.com/services/T<k10>/B<k10>/<b24>"),
    ("square", "EAAA<w60>"),
    ("stripe", "sk_live_<b24>"),
    ("stripe-restricted", "rk_live_<b99>"),
    ("stripe-webhook", "whsec_<b32>"),
    ("supabase", "sbp_<h40>"),
    ("tailscale", "tskey-auth-k<b11>CNTRL-<b32>"),
    ("telegram", "<n1><d9>:AA<w33>"),
    ("terraform", "<b14>.atlasv1.<w67>"),
    ("twilio", "SK<h32>"),
    ("vault", "hvs.<w95>"),
    ("wireguard", "<B43>="),
    ("xai", "xai-<b80>"),
];

/// A value, or None if the slot is none of these. `kind` is what stands behind the slot's dot.
pub(super) fn value(slot: &str, kind: Option<&str>, chance: &mut Chance) -> Option<Value> {
    let secret = |text: String| Some((text, Some("SECRET")));
    match (slot, kind) {
        ("secret", Some("pem")) => secret(pem(chance)),
        ("secret", Some("jwt")) => secret(jwt(chance)),
        ("secret", Some("basic")) => secret(STANDARD.encode(filled("svc-<l6>:<b16>", chance))),
        ("secret", Some(kind)) => {
            let (_, form) = KINDS.iter().find(|(name, _)| *name == kind)?;
            secret(filled(form, chance))
        }
        _ => harmless(slot, chance).map(|text| (text, None)),
    }
}

/// What scanners that judge by entropy or length take for a secret.
fn harmless(slot: &str, chance: &mut Chance) -> Option<String> {
    const PNG: [u8; 16] = *b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    Some(match slot {
        // An expression that a CI server fills in.
        "expression" => "${{ secrets.DEPLOY_TOKEN }}".to_owned(),
        "picture" => {
            let mut bytes = PNG.to_vec();
            bytes.extend(filled("<b180>", chance).bytes());
            format!("data:image/png;base64,{}", STANDARD.encode(bytes))
        }
        "integrity" => filled("sha512-<B86>==", chance),
        "etag" => filled("W/\"<h32>\"", chance),
        "traceparent" => filled("00-<h32>-<h16>-01", chance),
        "ulid" => filled("01<k24>", chance),
        "objectid" => filled("<h24>", chance),
        "publickey" => filled("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI<B43> deploy@build", chance),
        "lockhash" => filled("h1:<B43>=", chance),
        _ => return None,
    })
}

/// A form with its fields filled in.
fn filled(form: &str, chance: &mut Chance) -> String {
    let (mut out, mut rest) = (String::new(), form);
    while let Some((before, (field, behind))) =
        rest.split_once('<').and_then(|(before, rest)| Some((before, rest.split_once('>')?)))
    {
        out.push_str(before);
        let (name, count) = field.split_at(1);
        out.push_str(&chance.letters(alphabet(name), count.parse().unwrap_or(0)));
        rest = behind;
    }
    out.push_str(rest);
    out
}

fn alphabet(name: &str) -> &'static str {
    match name {
        "a" => "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "b" => "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "w" => "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_",
        "B" => "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/",
        "l" => "abcdefghijklmnopqrstuvwxyz0123456789",
        "k" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        // Base32, and the alphabet of bech32 in capitals.
        "u" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        "c" => "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
        "h" => "0123456789abcdef",
        "H" => "0123456789ABCDEF",
        "d" => "0123456789",
        "n" => "123456789",
        _ => "",
    }
}

/// PKCS#8 in RFC 7468's form, of the length of a P-256 key.
fn pem(chance: &mut Chance) -> String {
    let body = format!("MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg{}", filled("<B136>", chance));
    let lines: Vec<&str> =
        body.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", lines.join("\n"))
}

/// A signed token (RFC 7519) whose signature is noise.
fn jwt(chance: &mut Chance) -> String {
    let payload = filled(r#"{"sub":"svc-<l8>","aud":"ledger","exp":19<d8>}"#, chance);
    let encode = |part: &str| URL_SAFE_NO_PAD.encode(part);
    format!("{}.{}.{}", encode(r#"{"alg":"ES256","typ":"JWT"}"#), encode(&payload), filled("<w86>", chance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_form_of_its_own() {
        assert!(KINDS.is_sorted(), "by name");
        let mut chance = Chance::new(3);
        for (kind, form) in KINDS {
            let (one, other) = (filled(form, &mut chance), filled(form, &mut chance));
            assert!(one.len() >= 14 && !one.contains(['<', '>']) && one != other, "{kind}: {one}");
        }
    }

    #[test]
    fn a_slot_that_is_none_of_these_draws_nothing() {
        let mut chance = Chance::new(1);
        assert_eq!(value("order", None, &mut chance), None);
        assert_eq!(chance.digits(8), Chance::new(1).digits(8));
    }

    #[test]
    fn keys_are_pem_and_tokens_have_three_parts() {
        let mut chance = Chance::new(4);
        let key = pem(&mut chance);
        assert!(key.lines().all(|line| line.len() <= 64) && key.lines().count() == 5, "{key}");
        assert_eq!(jwt(&mut chance).split('.').count(), 3);
    }
}
