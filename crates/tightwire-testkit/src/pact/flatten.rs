//! A contract for tools that know one reply per request.

use super::model::{Interaction, Pact, SyncMessages};
use super::ws::XWs;

impl Pact {
    /// The same with one response in each interaction: a request with several answers becomes several interactions, whose
    /// descriptions and keys say which answer they are about. Their order, number and time are not said any more, so `x-ws`
    /// is left out there.
    #[must_use]
    pub fn flattened(&self) -> Self {
        let mut interactions = Vec::new();
        for interaction in &self.interactions {
            match interaction {
                Interaction::Sync(several) if several.response.len() > 1 => {
                    interactions
                        .extend((0..several.response.len()).map(|index| Interaction::Sync(one(several, index))));
                }
                other => interactions.push(other.clone()),
            }
        }
        Self { interactions, ..self.clone() }
    }
}

fn one(several: &SyncMessages, index: usize) -> SyncMessages {
    let mut one = several.clone();
    let (number, all) = (index + 1, several.response.len());
    one.about.key = Some(format!("{}-{number}", one.about.key.unwrap_or_else(|| several.about.derived_key())));
    one.about.description = format!("{} ({number} of {all})", several.about.description);
    one.about.comments.ws = XWs::default();
    one.response = vec![several.response[index].clone()];
    one
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::pact::model::{AsyncMessage, Contents};

    #[test]
    fn each_answer_becomes_an_interaction() {
        let response = |number: u8| Contents::json(json!({"number": number}));
        let mut several = SyncMessages { response: vec![response(1), response(2)], ..SyncMessages::default() };
        several.about.description = "asking".to_owned();
        several.about.key = Some("a".to_owned());
        several.about.comments.ws.deadline_ms = Some(100);
        let mut single = SyncMessages { response: vec![response(3)], ..several.clone() };
        single.about.key = Some("b".to_owned());
        let interactions = vec![
            Interaction::Sync(several),
            Interaction::Sync(single.clone()),
            Interaction::Async(AsyncMessage::default()),
        ];
        let flattened = Pact { interactions, ..Pact::default() }.flattened();
        let shown = flattened.interactions.iter().map(|interaction| match interaction {
            Interaction::Sync(own) => {
                let key = own.about.key.as_deref().unwrap();
                format!(
                    "{key}: {}, {} {:?}",
                    own.about.description, own.response[0].content, own.about.comments.ws.deadline_ms
                )
            }
            other => other.kind().to_owned(),
        });
        assert_eq!(
            shown.collect::<Vec<_>>(),
            [
                "a-1: asking (1 of 2), {\"number\":1} None",
                "a-2: asking (2 of 2), {\"number\":2} None",
                "b: asking, {\"number\":3} Some(100)",
                "Asynchronous/Messages",
            ]
        );
    }
}
