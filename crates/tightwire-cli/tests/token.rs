//! `tightwire token` from outside.

use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};

const SECRET: &str = "hunter2-hunter2-hunter2-hunter2-hunter2";

fn run(arguments: &[&str], secret: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tightwire"));
    command.arg("token").args(arguments).env_remove("AUTH_JWT_SECRET");
    command.envs(secret.map(|secret| ("AUTH_JWT_SECRET", secret))).output().expect("it starts")
}

/// The claims of the token that the arguments give, after its signature was verified. Its times are checked and taken out.
fn claims(arguments: &[&str], secret: Option<&str>, expires_in: u64) -> Value {
    let output = run(arguments, secret);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let token = String::from_utf8(output.stdout).expect("text");
    let (signed, signature) = token.trim_end().rsplit_once('.').expect("three parts");
    let (header, payload) = signed.split_once('.').expect("three parts");
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64url");
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    hmac::verify(&key, signed.as_bytes(), &bytes(signature)).expect("the signature is right");
    let header: Value = serde_json::from_slice(&bytes(header)).expect("JSON");
    assert_eq!(header, json!({"alg": "HS256", "typ": "JWT"}));
    let mut claims: Value = serde_json::from_slice(&bytes(payload)).expect("JSON");
    let mut time = |name: &str| claims.as_object_mut().expect("an object").remove(name).and_then(|time| time.as_u64());
    let (issued, expires) = (time("iat").expect("a time"), time("exp").expect("a time"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    assert!(now.abs_diff(issued) < 60 && expires - issued == expires_in, "{issued} {expires}");
    claims
}

#[test]
fn a_token_says_what_was_asked_for() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("{SECRET}\n")).expect("writable");
    let path = file.path().to_str().expect("UTF-8");
    assert_eq!(claims(&["--secret-file", path, "--sub", "ada"], None, 3600), json!({"sub": "ada"}));
    let all = [
        "--sub",
        "ada",
        "--aud",
        "chat",
        "--iss",
        "idp",
        "--roles",
        "operator,admin",
        "--topics",
        "thread:*,dashboard",
        "--expires-in",
        "60",
    ];
    let expected = json!({
        "sub": "ada", "aud": "chat", "iss": "idp", "roles": ["operator", "admin"], "topics": ["thread:*", "dashboard"],
    });
    assert_eq!(claims(&all, Some(SECRET), 60), expected);
    let apart = ["--secret", SECRET, "--sub", "ada", "--read", "thread:*", "--read", "dashboard"];
    let expected = json!({"sub": "ada", "topics": {"read": ["thread:*", "dashboard"], "write": []}});
    assert_eq!(claims(&apart, None, 3600), expected);
}

#[track_caller]
fn check_refused(arguments: &[&str], code: i32, expected: &str) {
    let output = run(arguments, None);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(code) && said.contains(expected), "{}: {said}", output.status);
    assert!(output.stdout.is_empty() && !said.contains("hunter2"), "{said}");
}

#[test]
fn what_is_missing_is_said() {
    check_refused(&["--sub", "ada"], 2, "--secret");
    check_refused(&["--secret-file", "/does/not/exist", "--sub", "ada"], 3, "/does/not/exist");
    check_refused(&["--secret", "hunter2", "--sub", "ada"], 2, "at least 32 bytes, and this one has 7");
    check_refused(&["--secret", SECRET], 2, "--sub");
    check_refused(&["--secret", SECRET, "--sub", "ada", "--topics", "a", "--read", "b"], 2, "--topics");
}

#[test]
fn help_does_not_show_the_secret() {
    let output = run(&["--help"], Some(SECRET));
    let help = String::from_utf8_lossy(&output.stdout);
    assert!(help.contains("AUTH_JWT_SECRET") && !help.contains("hunter2"), "{help}");
}
