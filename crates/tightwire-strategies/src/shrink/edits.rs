//! Edits of a value, by number: those of the value itself, and then those of what it holds.

use serde_json::{Map, Value};

use crate::plans::Plans;
use crate::shape::PlanId;

/// Objects with more members are not rid of two at a time.
const MAX_PAIRS: usize = 16;

/// The value after the edit of that number: `None` if there are fewer, `Some(None)` if that edit does nothing.
#[allow(clippy::option_option, reason = "an edit that does nothing is not the last")]
pub(super) fn edited(plans: &Plans, plan: Option<PlanId>, value: &Value, number: &mut usize) -> Option<Option<Value>> {
    if let Some(plan) = plan {
        if *number == 0 {
            return Some(plans.plan(plan).smallest.clone());
        }
        *number -= 1;
    }
    match value {
        Value::Null => None,
        Value::Bool(_) => numbered(number, 1, |_| Some(Value::Bool(false))),
        Value::Number(found) => numbered(number, 4, |edit| smaller_number(found, edit)),
        Value::String(text) => numbered(number, 5, |edit| Some(Value::String(smaller_text(text, edit)))),
        Value::Array(items) => numbered(number, items.len() + 1, |edit| {
            let mut items = items.clone();
            match edit.checked_sub(1) {
                None => items.truncate(items.len() / 2),
                Some(index) => drop(items.remove(index)),
            }
            Some(Value::Array(items))
        })
        .or_else(|| in_items(plans, plan, items, number)),
        Value::Object(members) => {
            let smallest = plan.and_then(|plan| plans.plan(plan).smallest.as_ref());
            let count = members.len();
            let pairs = if count <= MAX_PAIRS { count * count } else { 0 };
            numbered(number, 1 + count + pairs, |edit| {
                let stays = |index: usize, name: &str| match edit {
                    0 => smallest.is_some_and(|smallest| smallest.get(name).is_some()),
                    edit if edit <= count => index != edit - 1,
                    edit => {
                        let pair = edit - 1 - count;
                        index != pair / count && index != pair % count
                    }
                };
                let left = members.iter().enumerate().filter(|(index, (name, _))| stays(*index, name));
                let left = left.map(|(_, (name, member))| (name.clone(), member.clone())).collect();
                Some(Value::Object(left))
            })
            .or_else(|| in_members(plans, plan, members, number))
        }
    }
}

/// The edit of that number, of so many; otherwise the number goes on with those that follow.
#[allow(clippy::option_option, reason = "an edit that does nothing is not the last")]
fn numbered(number: &mut usize, count: usize, edit: impl FnOnce(usize) -> Option<Value>) -> Option<Option<Value>> {
    if *number < count {
        return Some(edit(*number));
    }
    *number -= count;
    None
}

#[allow(clippy::option_option, reason = "an edit that does nothing is not the last")]
fn in_items(plans: &Plans, plan: Option<PlanId>, items: &[Value], number: &mut usize) -> Option<Option<Value>> {
    let shape = plan.and_then(|plan| plans.plan(plan).shapes.first());
    for (index, item) in items.iter().enumerate() {
        if let Some(edited) = edited(plans, shape.map(|shape| shape.array.at(index)), item, number) {
            return Some(edited.map(|edited| {
                let mut items = items.to_vec();
                items[index] = edited;
                Value::Array(items)
            }));
        }
    }
    None
}

#[allow(clippy::option_option, reason = "an edit that does nothing is not the last")]
fn in_members(
    plans: &Plans,
    plan: Option<PlanId>,
    members: &Map<String, Value>,
    number: &mut usize,
) -> Option<Option<Value>> {
    let shapes = plan.map_or(&[][..], |plan| &plans.plan(plan).shapes);
    for (name, member) in members {
        let mut properties = shapes.iter().flat_map(|shape| &shape.object.properties);
        let plan = properties.find(|property| property.name == *name).map(|property| property.plan);
        if let Some(edited) = edited(plans, plan, member, number) {
            return Some(edited.map(|edited| {
                let mut members = members.clone();
                members.insert(name.clone(), edited);
                Value::Object(members)
            }));
        }
    }
    None
}

fn smaller_number(number: &serde_json::Number, edit: usize) -> Option<Value> {
    let toward = |whole: i64| match edit {
        0 => Some(0),
        1 => Some(whole / 2),
        2 => Some(whole / 10),
        _ => Some(whole - whole.signum()),
    };
    if let Some(whole) = number.as_i64() {
        return toward(whole).map(Value::from);
    }
    if let Some(whole) = number.as_u64() {
        return toward(i64::try_from(whole / 2).ok()?).map(Value::from);
    }
    let float = number.as_f64()?;
    #[allow(clippy::cast_possible_truncation, reason = "what is too large becomes the largest there is")]
    match edit {
        0 => Some(Value::from(0)),
        1 => Some(Value::from(float as i64)),
        2 => Some(Value::from((float * 2.0).trunc() / 2.0)),
        _ => Some(Value::from((float * 10.0).trunc() / 10.0)),
    }
}

fn smaller_text(text: &str, edit: usize) -> String {
    let length = text.chars().count();
    match edit {
        0 => String::new(),
        1 => text.chars().take(length / 2).collect(),
        2 => text.chars().take(length.saturating_sub(1)).collect(),
        3 => text.chars().skip(1).collect(),
        _ => "a".repeat(length),
    }
}
