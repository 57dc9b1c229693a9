//! Smaller values: edits of a value that its schemas still accept.

mod edits;

use std::cmp::Ordering;

use serde_json::Value;

use self::edits::edited;
use crate::plans::Plans;
use crate::shape::PlanId;

/// How far the edits of a value have been tried.
#[derive(Debug, Default)]
pub(crate) struct Shrinking {
    next: usize,
    progressed: bool,
}

impl Shrinking {
    /// The value was taken that was suggested last.
    pub(crate) fn progressed(&mut self) {
        // The same edit may do again, in what is left.
        self.next = self.next.saturating_sub(1);
        self.progressed = true;
    }

    /// A smaller value of the plan; `None` if there is none that an edit makes.
    pub(crate) fn next(&mut self, plans: &Plans, plan: PlanId, value: &Value) -> Option<Value> {
        loop {
            let mut number = self.next;
            self.next += 1;
            match edited(plans, Some(plan), value, &mut number) {
                Some(Some(smaller)) if Self::is_smaller(&smaller, value) && plans.accepts(plan, &smaller) => {
                    return Some(smaller);
                }
                Some(_) => {}
                // Once more from the beginning, if anything was taken since.
                None if self.progressed => *self = Self::default(),
                None => {
                    self.next -= 1;
                    return None;
                }
            }
        }
    }

    /// Whether a value is smaller: its text is shorter, or as long and plainer.
    pub(crate) fn is_smaller(one: &Value, another: &Value) -> bool {
        let length = |value: &Value| value.to_string().len();
        match length(one).cmp(&length(another)) {
            Ordering::Less => true,
            Ordering::Equal => oddity(one) < oddity(another),
            Ordering::Greater => false,
        }
    }
}

/// How far from plain a value is.
fn oddity(value: &Value) -> f64 {
    match value {
        Value::Null | Value::Bool(false) => 0.0,
        Value::Bool(true) => 1.0,
        Value::Number(number) => number.as_f64().unwrap_or_default().abs(),
        Value::String(text) => text.chars().map(|character| f64::from(u32::from(character).abs_diff('a'.into()))).sum(),
        Value::Array(items) => items.iter().map(oddity).sum(),
        Value::Object(members) => members.values().map(oddity).sum(),
    }
}
