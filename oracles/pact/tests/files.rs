//! The contracts of this repository, read by Pact's own models.

use std::path::PathBuf;

use pact_matching::{CoreMatchingContext, DiffConfig, match_message_contents};
use pact_models::PactSpecification;
use pact_models::matchingrules::MatchingRuleCategory;
use pact_models::pact::read_pact;
use pact_models::v4::message_parts::MessageContents;
use serde_json::Value;

/// `contracts/*.json`.
fn files() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    files.sort();
    assert!(!files.is_empty(), "there are no contracts in {folder}");
    files
}

#[test]
fn pact_reads_and_writes_them_without_loss() {
    for path in files() {
        let text: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let pact = read_pact(&path).unwrap();
        assert_eq!(pact.specification_version(), PactSpecification::V4, "{}", path.display());
        assert_eq!(pact.consumer().name, text["consumer"]["name"]);
        assert_eq!(pact.provider().name, text["provider"]["name"]);
        assert_eq!(pact.interactions().len(), text["interactions"].as_array().unwrap().len());
        let written = pact.to_json(PactSpecification::V4).unwrap();
        assert_eq!(written["interactions"], text["interactions"], "{}", path.display());
        println!("{}: {} interactions", path.display(), pact.interactions().len());
    }
}

/// A consumer that sent other frames than these examples would not be the one whose tests have written them.
#[tokio::test]
async fn every_example_fulfils_its_own_rules() {
    let mut examples = 0;
    for path in files() {
        let pact = read_pact(&path).unwrap().as_v4_pact().unwrap();
        for interaction in &pact.interactions {
            let contents: Vec<MessageContents> =
                match (interaction.as_v4_sync_message(), interaction.as_v4_async_message()) {
                    (Some(own), _) => std::iter::once(own.request).chain(own.response).collect(),
                    (_, Some(own)) => vec![own.contents],
                    _ => panic!("{}: neither a request nor a message", interaction.description()),
                };
            for own in contents {
                let mut actual = own.clone();
                actual.matching_rules = Default::default();
                let rules =
                    own.matching_rules.rules_for_category("body").unwrap_or(MatchingRuleCategory::empty("body"));
                let context = CoreMatchingContext::new(DiffConfig::NoUnexpectedKeys, &rules);
                let found = match_message_contents(&own, &actual, &context).await;
                assert!(found.is_ok(), "{}, {}: {found:?}", path.display(), interaction.description());
                examples += 1;
            }
        }
    }
    println!("{examples} examples");
}
