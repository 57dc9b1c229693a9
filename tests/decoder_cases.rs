//! Every contract case on both paths of the generated decoder, and as a view.

mod decoder;

use std::collections::BTreeMap;

use decoder::{Case, cases};

/// The case's verdict on the reference path, and on the fast path that it accepts exactly what it is meant to.
#[track_caller]
fn check(case: &Case) {
    let Case { name, direction, accept, irregular, keyword, pointer, text } = case;
    let fast = direction.fast(text.as_bytes());
    assert_eq!(direction.view(text.as_bytes()), fast, "{name}: the view differs on {text}");
    match direction.reference(text.as_bytes()) {
        Ok(decoded) => {
            assert!(accept, "{name}: the reference path accepts {text}");
            if *irregular {
                assert_eq!(fast, None, "{name}: no longer irregular; take it off the list in the generator");
            } else {
                assert_eq!(fast, Some(decoded), "{name}: the fast path differs on {text}");
            }
        }
        Err(rejection) => {
            assert!(!accept, "{name}: the reference path refuses {text}: {rejection:#?}");
            assert_eq!(fast, None, "{name}: the fast path accepts {text}");
            // An unknown `type` has no schema: the reference path has a keyword of its own for that.
            let found = rejection.violations.iter().any(|violation| {
                violation.pointer == *pointer && (violation.keyword == *keyword || pointer == "/type")
            });
            assert!(found, "{name}: no violation of `{keyword}` at {pointer:?} in {rejection:#?}");
        }
    }
}

#[test]
fn both_paths_judge_every_case_as_the_contract_does() {
    for case in cases() {
        check(&case);
    }
}

#[test]
fn every_message_has_accepted_and_rejected_cases() {
    let mut verdicts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for case in cases() {
        let message = case.name.split(':').next().unwrap_or_default().to_owned();
        let (accepted, rejected) = verdicts.entry(message).or_default();
        *(if case.accept { accepted } else { rejected }) += 1;
    }
    assert_eq!(verdicts.len(), 28, "one file per message of the contract");
    for (message, (accepted, rejected)) in verdicts {
        assert!(accepted >= 3 && rejected >= 20, "{message}: {accepted} accepted, {rejected} rejected");
    }
}

#[test]
fn every_bound_has_cases_on_both_sides() {
    const BOUNDS: [&str; 12] = [
        "enum",
        "format",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "pattern",
        "uniqueItems",
    ];
    let mut sides: BTreeMap<(String, String, String), (bool, bool)> = BTreeMap::new();
    for case in cases().into_iter().filter(|case| BOUNDS.contains(&case.keyword.as_str())) {
        let message = case.name.split(':').next().unwrap_or_default().to_owned();
        let (accepted, rejected) = sides.entry((message, case.pointer, case.keyword)).or_default();
        *(if case.accept { accepted } else { rejected }) = true;
    }
    let one_sided: Vec<_> = sides.iter().filter(|(_, (accepted, rejected))| *rejected && !accepted).collect();
    assert!(one_sided.is_empty(), "{one_sided:#?}");
    assert!(sides.len() > 250, "{}", sides.len());
}

#[test]
fn few_proper_frames_are_irregular() {
    let (irregular, accepted): (Vec<Case>, Vec<Case>) =
        cases().into_iter().filter(|case| case.accept).partition(|case| case.irregular);
    // Numbers written like 1.0 or 1e3, and an escaped key: four ways per message.
    assert_eq!(irregular.len(), 4 * 28);
    assert!(accepted.len() > 700, "{}", accepted.len());
}

#[test]
fn a_rejection_never_repeats_a_value() {
    const SECRET: &str = "hunter2-8f14e45f";
    for case in cases().into_iter().filter(|case| case.accept && !case.irregular) {
        let frame: serde_json::Value = serde_json::from_str(&case.text).expect("accepted, so JSON");
        for key in ["id", "topic", "type", "ts", "correlation_id"] {
            let mut changed = frame.clone();
            changed[key] = SECRET.into();
            if let Err(rejection) = case.direction.reference(changed.to_string().as_bytes()) {
                assert!(!format!("{rejection:?}").contains(SECRET), "{}: {rejection:#?}", case.name);
            }
        }
    }
}
