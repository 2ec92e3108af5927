//! Binary content over the wire: by the rules' word, under its true type, and of an image the
//! picture alone.

use crate::support::upstream::{self, Upstream};
use crate::support::{Answer, Gate, modern, modern_headers, request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

const SECRET: &str = "Zoe Quill, SSN 536-90-4399";
const RULES: &str = "server: feed
tools:
  look:
    release: all
    text: detect
    profile: hipaa-safe-harbor
    blobs: { 'image/*': keep, 'text/*': text, application/pdf: keep }
  peek: { release: all, text: detect, profile: hipaa-safe-harbor }
resources:
  'feed://*': { release: all, profile: hipaa-safe-harbor, blobs: { 'image/*': keep } }
messages: { allow: [], profile: hipaa-safe-harbor }
";

/// One pixel.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const JPEG: &str = "/9j/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQEw8QEBD/yQALCAABAAEBAREA/8wABgAQEAX/2gAIAQEAAD8A0s8g/9k=";

fn bytes(base64: &str) -> Vec<u8> {
    STANDARD.decode(base64).unwrap()
}

fn written(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// CRC-32, as PNG ends each chunk.
fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

fn chunk(name: &[u8], data: &[u8]) -> Vec<u8> {
    let named = [name, data].concat();
    [&u32::try_from(data.len()).unwrap().to_be_bytes()[..], &named, &crc(&named).to_be_bytes()].concat()
}

/// The pixel with a comment, an EXIF block and what follows the end.
fn noisy_png() -> Vec<u8> {
    let mut png = bytes(PNG);
    let comment = chunk(b"tEXt", format!("Comment\0{SECRET}").as_bytes());
    let exif = chunk(b"eXIf", format!("MM\0*\0\0\0\x08{SECRET}").as_bytes());
    png.splice(33..33, [comment, exif].concat());
    png.extend(SECRET.as_bytes());
    png
}

fn noisy_jpeg() -> Vec<u8> {
    let segment = |marker: u8, head: &str| {
        let payload = format!("{head}{SECRET}");
        let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker], &length[..], payload.as_bytes()].concat()
    };
    let mut jpeg = bytes(JPEG);
    let noise = [
        segment(0xe1, "Exif\0\0MM\0*\0\0\0\x08"),
        segment(0xe1, "http://ns.adobe.com/xap/1.0/\0"),
        segment(0xed, "Photoshop 3.0\0"),
        segment(0xfe, ""),
    ];
    jpeg.splice(2..2, noise.concat());
    jpeg
}

fn pdf() -> Vec<u8> {
    b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\0\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n".to_vec()
}

/// Content, and what `look` makes of it: None for what is withheld.
fn cases() -> Vec<(Value, Option<Value>)> {
    let media =
        |kind: &str, of: &str, bytes: &[u8]| json!({"type": kind, "data": written(bytes), "mimeType": of});
    let file = |of: &str, bytes: &[u8]| {
        let resource = json!({"uri": "feed://file", "mimeType": of, "blob": written(bytes)});
        json!({"type": "resource", "resource": resource})
    };
    let (png, jpeg) = (bytes(PNG), bytes(JPEG));
    let text = |text: String| json!({"type": "text", "text": text});
    vec![
        (media("image", "image/png", &noisy_png()), Some(media("image", "image/png", &png))),
        (media("image", "IMAGE/JPEG; q=1", &noisy_jpeg()), Some(media("image", "IMAGE/JPEG; q=1", &jpeg))),
        (media("image", "image/jpeg", &noisy_png()), None),
        (media("image", "image/png", &pdf()), None),
        (media("image", "image/png", &noisy_png()[..60]), None),
        (media("image", "image/png", SECRET.as_bytes()), None),
        (media("audio", "audio/wav", b"RIFF\x04\0\0\0WAVE"), None),
        (file("application/pdf", &pdf()), Some(file("application/pdf", &pdf()))),
        (file("application/pdf", &noisy_jpeg()), None),
        (file("text/csv", b"id,ssn\n7,536904399\n"), Some(file("text/csv", b"id,ssn\n7,[US_SSN_1]\n"))),
        (file("text/plain", &png), None),
        (file("application/zip", b"PK\x03\x04\0\0"), None),
        (json!({"type": "resource", "resource": {"uri": "feed://x", "blob": written(&png)}}), None),
        (
            text(format!("as seen: ![x](data:image/png;base64,{})", written(&noisy_png()))),
            Some(text(format!("as seen: ![x](data:image/png;base64,{PNG})"))),
        ),
    ]
}

fn structure() -> Value {
    json!({
        "copy": written(&noisy_png()),
        "page": format!("data:image/jpeg;base64,{}", written(&noisy_jpeg())),
        "lie": format!("data:image/gif;base64,{}", written(&pdf())),
        "note": "data:text/plain;base64,d2F0ZXIgbGlsaWVz",
    })
}

struct World {
    gate: Gate,
    token: String,
    /// It ends when this does.
    _upstream: Upstream,
}

impl World {
    fn start(name: &str, result: Value) -> Self {
        let schema = json!({"type": "object"});
        let tools = json!([{"name": "look", "inputSchema": schema}, {"name": "peek", "inputSchema": schema}]);
        let upstream =
            Upstream::start(tools, move |message, stream| upstream::whole(stream, message, &result));
        let gate = Gate::start(name, &format!("feed: {{ url: '{}', auth: none }}", upstream.url), RULES);
        let token = gate.token("feed", "amara", "patient:read");
        Self { gate, token, _upstream: upstream }
    }

    fn ask(&self, method: &str, params: Value) -> Value {
        let name = params["name"].as_str().or(params["uri"].as_str()).map(str::to_owned);
        let message = modern(method, params);
        let authorization = format!("Bearer {}", self.token);
        let mut headers = modern_headers(&authorization, method).to_vec();
        headers.extend(name.as_deref().map(|name| ("Mcp-Name", name)));
        let mut stream = TcpStream::connect(&self.gate.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        stream
            .write_all(&request(&self.gate.address, "feed", &headers, message.to_string().as_bytes()))
            .unwrap();
        let answer = Answer::read(&mut stream);
        assert_eq!(answer.status, 200, "{answer:?}");
        let start = answer.body.find('{').unwrap();
        let mut values = serde_json::Deserializer::from_str(&answer.body[start..]).into_iter::<Value>();
        values.next().unwrap().unwrap()["result"].clone()
    }
}

/// What is shown instead of content that is withheld.
fn words(block: &Value) -> Value {
    let text = match block["type"].as_str().unwrap() {
        "image" => "[image withheld]",
        "audio" => "[audio withheld]",
        _ => "[binary resource withheld]",
    };
    json!({"type": "text", "text": text})
}

#[test]
fn binary_content_passes_by_the_rules_alone() {
    let (blocks, shown): (Vec<Value>, Vec<Option<Value>>) = cases().into_iter().unzip();
    let result = json!({"content": blocks, "structuredContent": structure(), "resultType": "complete"});
    let world = World::start("blobs", result);

    let look = world.ask("tools/call", json!({"name": "look", "arguments": {}}));
    for (at, (block, shown)) in blocks.iter().zip(shown).enumerate() {
        assert_eq!(look["content"][at], shown.unwrap_or_else(|| words(block)), "block {at}");
    }
    let kept = &look["structuredContent"];
    // It is declared to be two things, and so is none.
    assert_eq!(kept["copy"], "[REDACTED]");
    assert_eq!(kept["page"], format!("data:image/jpeg;base64,{JPEG}"));
    assert_eq!(kept["lie"], "[image withheld]");
    assert_eq!(kept["note"], structure()["note"]);

    let peek = world.ask("tools/call", json!({"name": "peek", "arguments": {}}));
    for (at, block) in blocks.iter().enumerate() {
        let text = json!({"type": "text", "text": "as seen: ![x]([image withheld])"});
        let expected = if block["type"] == "text" { text } else { words(block) };
        assert_eq!(peek["content"][at], expected, "block {at}");
    }
    let left = &peek["structuredContent"];
    assert_eq!(
        [&left["copy"], &left["page"], &left["lie"]],
        ["[REDACTED]", "[image withheld]", "[image withheld]"]
    );
}

#[test]
fn a_resource_obeys_the_same_rules() {
    let content = |of: &str, bytes: &[u8]| json!({"uri": "feed://a", "mimeType": of, "blob": written(bytes)});
    let contents = [content("image/png", &noisy_png()), content("image/webp", &noisy_png())];
    let world = World::start("blobs-resource", json!({"contents": contents, "resultType": "complete"}));
    let shown = world.ask("resources/read", json!({"uri": "feed://a"}));
    assert_eq!(shown["contents"][0], content("image/png", &bytes(PNG)));
    assert_eq!(shown["contents"][1]["text"], "[binary resource withheld]");
    assert_eq!(shown["contents"][1].get("blob"), None);
}
