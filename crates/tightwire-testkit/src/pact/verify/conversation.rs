//! One interaction with the server under test, from its provider states to its last frame.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::Verifier;
use super::belonging::{Belonging, Stray};
use super::exchange::Exchange;
use super::expectation::Expectation;
use super::finding::Finding;
use super::request;
use super::search::Search;
use super::session::{Came, Received, Session};
use super::states::States;
use crate::connection::Closed;
use crate::pact::Interaction;
use crate::pact::model::About;

/// How much longer than allowed a frame is waited for, to say how late it was.
const LATE: Duration = Duration::from_secs(1);

/// What came of an interaction.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) findings: Vec<Finding>,
    /// What went over the connection.
    pub(super) transcript: String,
}

/// Has the conversation that the interaction describes.
pub(super) async fn hold(verifier: &Verifier, interaction: &Interaction, about: &About) -> Held {
    let expectation = match Expectation::of(interaction, &verifier.names, verifier.patience) {
        Ok(expectation) => expectation,
        Err(why) => {
            let finding = Finding::new("pact", "an interaction that can be verified", format!("{why} verified"));
            return Held { findings: vec![finding], ..Held::default() };
        }
    };
    let mut states = States::new(verifier.states.as_deref());
    let mut held = match set_up(&mut states, about).await {
        Ok(()) => connect(verifier, interaction, &expectation, &mut states).await,
        Err(finding) => Held { findings: vec![finding], ..Held::default() },
    };
    held.findings.extend(states.tear_down().await);
    held
}

async fn set_up(states: &mut States<'_>, about: &About) -> Result<(), Finding> {
    for state in &about.provider_states {
        states.set_up(state).await?;
    }
    Ok(())
}

async fn connect(
    verifier: &Verifier,
    interaction: &Interaction,
    expectation: &Expectation<'_>,
    states: &mut States<'_>,
) -> Held {
    let link = match verifier.connect().await {
        Ok(link) => link,
        Err(error) => {
            let finding = Finding::new("connection", "a WebSocket connection", error.to_string());
            return Held { findings: vec![finding], ..Held::default() };
        }
    };
    let is_enveloped = example(interaction).is_some_and(|frame| verifier.names.is_enveloped(&frame));
    let mut session = Session::new(link, &verifier.names, is_enveloped);
    let mut conversation = Conversation { verifier, interaction, expectation, session: &mut session, is_enveloped };
    let mut findings = conversation.run(states).await.unwrap_or_else(|finding| vec![finding]);
    let (more, transcript) = session.end().await;
    findings.extend(more);
    Held { findings, transcript }
}

/// A frame of the interaction, as an example.
fn example(interaction: &Interaction) -> Option<Value> {
    match interaction {
        Interaction::Sync(interaction) => interaction.request.value(),
        Interaction::Async(interaction) => interaction.contents.value(),
        Interaction::Other(_) => None,
    }
}

struct Conversation<'a, 'n> {
    verifier: &'a Verifier,
    interaction: &'a Interaction,
    expectation: &'a Expectation<'a>,
    session: &'a mut Session<'n>,
    is_enveloped: bool,
}

/// The frames that are expected, as far as they have come.
enum Progress<'a> {
    Exchange(Exchange<'a>),
    Search(Search<'a>),
}

impl Conversation<'_, '_> {
    /// The findings; the error is one that nothing can be said after.
    async fn run(&mut self, states: &mut States<'_>) -> Result<Vec<Finding>, Finding> {
        let patience = self.verifier.patience;
        if !states.has_handler() {
            for state in self.interaction.about().map_or(&[][..], |about| &about.provider_states) {
                self.session.note(&format!("nobody is told, so it is taken for granted: {}", state.name));
            }
        }
        let mut early: Vec<Received> = self.session.greeting(patience).await?.into_iter().collect();
        early.extend(self.session.subscribe(&self.topics(), patience).await?);
        if let Some(trigger) = &self.expectation.ws.trigger {
            self.session.note(&format!("the server is told: {}", trigger.name));
            if !states.has_handler() {
                let expected = format!("a hook that makes the server send the frame (\"{}\")", trigger.name);
                return Err(Finding::new("state", expected, "none is given"));
            }
            states.set_up(trigger).await?;
        }
        let mut request = None;
        if let Interaction::Sync(interaction) = self.interaction {
            early.clear();
            let frame = request::prepare(&interaction.request, self.is_enveloped, states.values());
            request = Some(frame.ok_or_else(|| Finding::new("pact", "a request of JSON", "another content"))?);
        }
        let began = Instant::now();
        if let Some(request) = &request {
            self.session.send(request).await?;
        }
        Ok(self.listen(request.as_ref(), early, began).await)
    }

    /// The topics that the consumer is subscribed to: those that it says; where something comes unasked, that of the frame.
    fn topics(&self) -> Vec<String> {
        let said = &self.expectation.ws.subscribe;
        let is_unasked = matches!(self.interaction, Interaction::Async(_));
        if !said.is_empty() || !is_unasked || !self.is_enveloped {
            return said.clone();
        }
        let topic = example(self.interaction).and_then(|frame| frame["topic"].as_str().map(str::to_owned));
        topic.filter(|topic| topic != "system").into_iter().collect()
    }

    /// Takes what comes until all is there, or it is too late.
    async fn listen(&mut self, request: Option<&Value>, early: Vec<Received>, began: Instant) -> Vec<Finding> {
        let expectation = self.expectation;
        let belonging = Belonging::of(expectation, request, self.is_enveloped);
        let mut progress = if expectation.is_search {
            Progress::Search(Search::new(expectation))
        } else {
            Progress::Exchange(Exchange::new(expectation, request))
        };
        let (mut findings, mut strange, mut closed) = (Vec::new(), None, None);
        let give_up = began + expectation.deadline + LATE;
        let mut last = Instant::now();
        let mut early = early.into_iter();
        loop {
            let until = match progress.is_complete() && expectation.ws.close.is_none() {
                true => last + self.verifier.quiet,
                false => give_up,
            };
            let came = match early.next() {
                Some(received) => Came::Frame(received),
                None => self.session.next(until).await,
            };
            match came {
                Came::Frame(received) if belonging.includes(&received) => {
                    last = Instant::now();
                    findings.extend(belonging.wrong(&received));
                    progress.take(&received, received.at.saturating_duration_since(began));
                }
                Came::Frame(received) => match belonging.stray(&received) {
                    Some(Stray::Wrong(finding)) => findings.push(finding),
                    Some(Stray::Other(what)) => strange = strange.or(Some(what)),
                    None => {}
                },
                Came::Closed(at, how) => {
                    closed = Some((at.saturating_duration_since(began), how));
                    break;
                }
                Came::Nothing => break,
            }
        }
        findings.extend(self.closing(progress.is_complete(), closed.as_ref()));
        let instead = closed.map(|(_, closed)| closed.to_string()).or(strange).unwrap_or_else(|| "nothing".to_owned());
        findings.extend(progress.finish(&instead));
        findings
    }

    /// Whether the connection ended as it should.
    fn closing(&self, is_complete: bool, closed: Option<&(Duration, Closed)>) -> Option<Finding> {
        let code = self.expectation.ws.close.filter(|_| is_complete)?;
        let deadline = self.expectation.deadline;
        let expected = format!("close {code} within {deadline:?}");
        let actual = match closed {
            Some((after, closed)) if closed.code == Some(code) && *after <= deadline => return None,
            Some((after, closed)) if *after > deadline => format!("{closed} after {after:?}"),
            Some((_, closed)) => closed.to_string(),
            None => "the connection stays open".to_owned(),
        };
        Some(Finding::new("close", expected, actual))
    }
}

impl Progress<'_> {
    fn take(&mut self, received: &Received, after: Duration) {
        match self {
            Self::Exchange(exchange) => {
                let name = received.name.as_deref().unwrap_or("a frame that nobody knows");
                exchange.take(name, &received.frame, after);
            }
            Self::Search(search) => search.take(&received.frame, after),
        }
    }

    fn is_complete(&self) -> bool {
        match self {
            Self::Exchange(exchange) => exchange.is_complete(),
            Self::Search(search) => search.is_complete(),
        }
    }

    fn finish(self, instead: &str) -> Vec<Finding> {
        match self {
            Self::Exchange(exchange) => exchange.finish(instead),
            Self::Search(search) => search.finish(instead),
        }
    }
}
