//! Maps in a view: checked once, member by member, and read again where somebody asks for the members.

use std::collections::HashSet;
use std::fmt;

use super::skip::{Keys, MAX_KEYS};
use super::{Cursor, Irregular, ensure};

/// Reads a member's value.
type Read<'a, T> = fn(&mut Cursor<'a>) -> Result<T, Irregular>;

/// An object of any members as it stands in a frame. All of it has been checked; the values are made while iterating.
pub struct Members<'a, T> {
    /// At the object.
    cursor: Cursor<'a>,
    len: usize,
    read: Read<'a, T>,
}

impl<'a, T> Members<'a, T> {
    /// Reads an object without repeated keys, each of whose values `read` accepts.
    ///
    /// # Errors
    /// [`Irregular`] if something else comes.
    #[inline]
    pub fn read(cursor: &mut Cursor<'a>, read: Read<'a, T>) -> Result<Self, Irregular> {
        let start = cursor.clone();
        let mut len = 0;
        let mut key = cursor.first_key()?;
        if key.is_some() {
            let mut keys = Keys::default();
            // Few objects have so many members that it takes an allocation to find a repeated one.
            let mut many = None;
            while let Some(name) = key {
                if len < MAX_KEYS {
                    keys.add(name)?;
                } else {
                    let many = many.get_or_insert_with(|| keys.iter().collect::<HashSet<&str>>());
                    ensure(many.insert(name))?;
                }
                read(cursor)?;
                len += 1;
                key = cursor.next_key()?;
            }
        }
        Ok(Self { cursor: start, len, read })
    }

    /// How many members there are.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The members, in the order of the frame.
    #[must_use]
    pub fn iter(&self) -> Entries<'a, T> {
        let mut cursor = self.cursor.clone();
        let key = cursor.first_key().unwrap_or_default();
        Entries { cursor, key, left: self.len, read: self.read }
    }

    /// The value of a member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<T> {
        self.iter().find_map(|(key, value)| (key == name).then_some(value))
    }
}

impl<T> Clone for Members<'_, T> {
    fn clone(&self) -> Self {
        Self { cursor: self.cursor.clone(), ..*self }
    }
}

impl<T: fmt::Debug> fmt::Debug for Members<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self).finish()
    }
}

/// In any order, as with other maps.
impl<T: PartialEq> PartialEq for Members<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().all(|(key, value)| other.get(key).is_some_and(|other| value == other))
    }
}

impl<'a, T> IntoIterator for &Members<'a, T> {
    type Item = (&'a str, T);
    type IntoIter = Entries<'a, T>;

    fn into_iter(self) -> Entries<'a, T> {
        self.iter()
    }
}

/// The members of a [`Members`].
pub struct Entries<'a, T> {
    cursor: Cursor<'a>,
    /// That of the next member.
    key: Option<&'a str>,
    left: usize,
    read: Read<'a, T>,
}

impl<T> fmt::Debug for Entries<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Entries").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<'a, T> Iterator for Entries<'a, T> {
    type Item = (&'a str, T);

    fn next(&mut self) -> Option<(&'a str, T)> {
        let key = self.key?;
        // The same was read without complaint before.
        let value = (self.read)(&mut self.cursor).ok()?;
        self.key = self.cursor.next_key().ok()?;
        self.left = self.left.saturating_sub(1);
        Some((key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> ExactSizeIterator for Entries<'_, T> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Members<'_, u64>, Irregular> {
        let mut cursor = Cursor::of(text);
        let members = Members::read(&mut cursor, Cursor::unsigned)?;
        cursor.end()?;
        Ok(members)
    }

    #[track_caller]
    fn check(text: &str, expected: &[(&str, u64)]) {
        let members = read(text).expect("an object");
        assert_eq!(members.iter().collect::<Vec<_>>(), expected);
        let len = expected.len();
        assert_eq!((members.len(), members.is_empty(), members.iter().len()), (len, len == 0, len));
        for (key, value) in expected {
            assert_eq!(members.get(key), Some(*value));
        }
        assert_eq!(members.get("no such key"), None);
    }

    #[test]
    fn members_are_given_as_often_as_asked() {
        check("{}", &[]);
        check(" { } ", &[]);
        check(r#"{"a":1}"#, &[("a", 1)]);
        check(r#"{"b": 2 , "a":1, "": 3}"#, &[("b", 2), ("a", 1), ("", 3)]);
        assert_eq!(read(r#"{"a":1,"b":2}"#), read(r#"{"b":2,"a":1}"#));
        assert_ne!(read(r#"{"a":1,"b":2}"#), read(r#"{"b":1,"a":2}"#));
        assert_ne!(read(r#"{"a":1}"#), read(r#"{"b":1}"#));
    }

    #[test]
    fn a_repeated_key_is_found_among_many() {
        let object = |last: &str| {
            let members: String = (0..40).map(|number| format!("\"{number}\":0,")).collect();
            format!("{{{members}\"{last}\":0}}")
        };
        assert_eq!(read(&object("40")).map(|members| members.len()), Ok(41));
        for repeated in ["0", "15", "16", "39"] {
            assert_eq!(read(&object(repeated)), Err(Irregular), "{repeated}");
        }
    }

    #[test]
    fn what_is_no_such_object_is_irregular() {
        for text in ["", "[]", "{", r#"{"a"}"#, r#"{"a":-1}"#, r#"{"a":1,"b":2,"a":1}"#, r#"{"\u0061":1}"#] {
            assert_eq!(read(text), Err(Irregular), "{text}");
        }
    }
}
