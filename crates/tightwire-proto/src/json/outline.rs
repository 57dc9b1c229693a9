//! The outline of a frame: which members it has and of what kind. Enough to rule most messages out.

use super::{Cursor, Irregular, JsonKind, ensure};

/// Frames with more members than this are left to the reference path.
const MAX_MEMBERS: usize = 64;

/// What a look at a frame tells without looking into its members.
#[derive(Clone, Debug)]
pub struct Outline<'a> {
    kind: JsonKind,
    members: Vec<Member<'a>>,
}

#[derive(Clone, Copy, Debug)]
struct Member<'a> {
    name: &'a str,
    kind: JsonKind,
    /// Of a string without escapes.
    text: Option<&'a str>,
}

impl Outline<'_> {
    /// What kind of value the frame is.
    #[must_use]
    pub const fn kind(&self) -> JsonKind {
        self.kind
    }

    /// Whether the frame has a member of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.member(name).is_some()
    }

    /// Whether the frame has no members but these.
    #[must_use]
    pub fn has_only(&self, names: &[&str]) -> bool {
        self.members.iter().all(|member| names.contains(&member.name))
    }

    /// The kind of a member, if the frame has it.
    #[must_use]
    pub fn kind_of(&self, name: &str) -> Option<JsonKind> {
        self.member(name).map(|member| member.kind)
    }

    /// The text of a member, if it is a string that is written without escapes.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.member(name).and_then(|member| member.text)
    }

    fn member(&self, name: &str) -> Option<&Member<'_>> {
        self.members.iter().find(|member| member.name == name)
    }
}

impl<'a> Cursor<'a> {
    /// The outline of the value that comes next.
    ///
    /// # Errors
    /// [`Irregular`] if it is not well-formed or has very many members.
    pub fn outline(&self) -> Result<Outline<'a>, Irregular> {
        let mut ahead = self.clone();
        let kind = ahead.peek()?;
        let mut members = Vec::new();
        if kind == JsonKind::Object {
            let mut key = ahead.first_key()?;
            while let Some(name) = key {
                ensure(members.len() < MAX_MEMBERS)?;
                let kind = ahead.peek()?;
                let text = if kind == JsonKind::String { ahead.clone().plain_string().ok() } else { None };
                ahead.skip_value()?;
                members.push(Member { name, kind, text });
                key = ahead.next_key()?;
            }
        }
        Ok(Outline { kind, members })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_names_the_members() {
        let outline = Cursor::of(r#"{"a": "x", "b": [1], "c": null, "d": "\u0041"}"#).outline().expect("well-formed");
        assert_eq!(outline.kind(), JsonKind::Object);
        assert!(outline.has("c") && !outline.has("x"));
        assert!(outline.has_only(&["a", "b", "c", "d"]) && !outline.has_only(&["a", "b", "c"]));
        assert_eq!((outline.kind_of("b"), outline.kind_of("x")), (Some(JsonKind::Array), None));
        assert_eq!((outline.text("a"), outline.text("b"), outline.text("d")), (Some("x"), None, None));
        assert_eq!(Cursor::of("[1]").outline().map(|outline| outline.kind()), Ok(JsonKind::Array));
        assert!(Cursor::of(r#"{"a" 1}"#).outline().is_err());
    }
}
