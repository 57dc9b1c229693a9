//! Lists in a view: checked once, item by item, and read again where somebody asks for the items.

use std::fmt;

use super::{Cursor, Irregular, ensure};

/// Reads an item.
type Read<'a, T> = fn(&mut Cursor<'a>) -> Result<T, Irregular>;

/// A list as it stands in a frame. All of it has been checked; the items are made while iterating.
pub struct List<'a, T> {
    /// At the list.
    cursor: Cursor<'a>,
    len: usize,
    read: Read<'a, T>,
}

impl<'a, T> List<'a, T> {
    /// Reads a list of at most `max` items, each of which `read` accepts.
    ///
    /// # Errors
    /// [`Irregular`] if something else comes.
    #[inline]
    pub fn read(cursor: &mut Cursor<'a>, max: usize, read: Read<'a, T>) -> Result<Self, Irregular> {
        let start = cursor.clone();
        let mut len = 0;
        let mut more = cursor.first_item()?;
        while more {
            ensure(len < max)?;
            read(cursor)?;
            len += 1;
            more = cursor.next_item()?;
        }
        Ok(Self { cursor: start, len, read })
    }

    /// How many items there are.
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

    /// The items, in their order.
    #[must_use]
    pub fn iter(&self) -> Items<'a, T> {
        let mut cursor = self.cursor.clone();
        let left = if cursor.first_item() == Ok(true) { self.len } else { 0 };
        Items { cursor, left, read: self.read }
    }
}

impl<T> Clone for List<'_, T> {
    fn clone(&self) -> Self {
        Self { cursor: self.cursor.clone(), ..*self }
    }
}

impl<T: fmt::Debug> fmt::Debug for List<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self).finish()
    }
}

impl<T: PartialEq> PartialEq for List<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other)
    }
}

impl<'a, T> IntoIterator for &List<'a, T> {
    type Item = T;
    type IntoIter = Items<'a, T>;

    fn into_iter(self) -> Items<'a, T> {
        self.iter()
    }
}

/// The items of a [`List`].
pub struct Items<'a, T> {
    cursor: Cursor<'a>,
    left: usize,
    read: Read<'a, T>,
}

impl<T> fmt::Debug for Items<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Items").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<T> Iterator for Items<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.left = self.left.checked_sub(1)?;
        // The same was read without complaint before.
        let item = (self.read)(&mut self.cursor).ok()?;
        self.cursor.next_item().ok()?;
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> ExactSizeIterator for Items<'_, T> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, max: usize) -> Result<List<'_, u64>, Irregular> {
        let mut cursor = Cursor::of(text);
        let list = List::read(&mut cursor, max, Cursor::unsigned)?;
        cursor.end()?;
        Ok(list)
    }

    #[track_caller]
    fn check(text: &str, expected: &[u64]) {
        let list = read(text, 3).expect("a list");
        assert_eq!(list.iter().collect::<Vec<_>>(), expected);
        assert_eq!((list.len(), list.is_empty(), list.iter().len()), (expected.len(), expected.is_empty(), list.len()));
        assert_eq!(format!("{list:?}"), format!("{expected:?}"));
    }

    #[test]
    fn a_list_gives_its_items_as_often_as_asked() {
        check("[]", &[]);
        check(" [ ]", &[]);
        check("[1]", &[1]);
        check("[ 1 , 2,3 ] ", &[1, 2, 3]);
        assert_eq!(read("[1, 2]", 2), read("[1,2]", 3));
        assert_ne!(read("[1, 2]", 2), read("[2, 1]", 2));
    }

    #[test]
    fn what_is_no_such_list_is_irregular() {
        for text in ["", "1", "[", "[1", "[1,]", "[1 2]", "[-1]", "[1,\"\"]", "[1,2,3,4]"] {
            assert_eq!(read(text, 3), Err(Irregular), "{text}");
        }
    }
}
