//! Decodes frames with the generated modules and writes them again. Reads `[{module, direction, message, frame, valid}]`.
#![deny(warnings)]

use serde_json::Value;

/// What a direction of a protocol does with a frame.
struct Protocol {
    name: &'static str,
    decode: fn(&[u8]) -> Outcome,
    fast: fn(&[u8]) -> Outcome,
    reference: fn(&[u8]) -> Outcome,
}

/// The message that a frame is, and the frame as it is written again; or what is wrong with it.
type Outcome = Result<(&'static str, Value), String>;

macro_rules! protocol {
    ($name:literal, $frame:ty) => {
        Protocol {
            name: $name,
            decode: |bytes| <$frame>::decode(bytes).map(|inbound| seen(inbound.frame.message(), &inbound.frame)).map_err(said),
            fast: |bytes| {
                let inbound = <$frame>::decode_fast(bytes).ok_or("no fast path")?;
                Ok(seen(inbound.frame.message(), &inbound.frame))
            },
            reference: |bytes| {
                <$frame>::decode_reference(bytes).map(|inbound| seen(inbound.frame.message(), &inbound.frame)).map_err(said)
            },
        }
    };
}

include!("modules.rs");

fn seen(message: &'static str, frame: &impl serde::Serialize) -> (&'static str, Value) {
    (message, serde_json::to_value(frame).expect("a frame can be written"))
}

fn said(rejection: impl std::fmt::Debug) -> String {
    format!("{rejection:?}")
}

/// Whether two values are one to JSON: `1.0` is 1.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn main() {
    let frames = std::fs::read_to_string(std::env::args().nth(1).expect("a path")).expect("it can be read");
    let frames: Vec<Value> = serde_json::from_str(&frames).expect("it is JSON");
    let (mut fast, mut accepted, mut faults) = (0, 0, 0);
    for entry in &frames {
        let name = entry["protocol"].as_str().expect("a name");
        let frame = &entry["frame"];
        let bytes = frame.to_string().into_bytes();
        let protocol = PROTOCOLS.iter().find(|protocol| protocol.name == name).expect("it was generated");
        let reference = (protocol.reference)(&bytes);
        let mut fault = |what: String| {
            faults += 1;
            println!("{name} {}: {what}: {frame}", entry["message"]);
        };
        if let Ok(found) = (protocol.fast)(&bytes) {
            fast += 1;
            if reference.as_ref() != Ok(&found) {
                fault(format!("the fast path gives {found:?}, the reference {reference:?}"));
            }
        }
        if (protocol.decode)(&bytes) != reference {
            fault("decode is neither path".to_owned());
        }
        let example = entry["example"] == true && entry["odd"] != true;
        match &reference {
            Ok((message, written)) => {
                accepted += 1;
                if example && entry["message"] != *message {
                    fault(format!("is taken for {message}"));
                }
                // A frame that is taken for a less specific message has properties that this one does not name.
                if !same(written, frame) && entry["open"] != true && entry["message"] == *message {
                    fault(format!("is written as {written}"));
                }
            }
            Err(rejection) if example => fault(rejection.clone()),
            Err(rejection) if rejection.contains("cannot be represented") => fault(rejection.clone()),
            Err(_) => {}
        }
    }
    println!("{} frames, {accepted} accepted, {fast} on the fast path, {faults} faults", frames.len());
    std::process::exit(i32::from(faults > 0));
}
