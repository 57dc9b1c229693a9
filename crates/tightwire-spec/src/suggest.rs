//! "Did you mean …?": the known name that is nearest to an unknown one.

/// The nearest of the known names, if it is near enough to be a typing error.
pub(crate) fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (unknown.chars().count() / 3).clamp(1, 4);
    let candidates = known.into_iter().map(|name| (distance(unknown, name), name));
    candidates.filter(|&(distance, _)| distance <= most).min_by_key(|&(distance, _)| distance).map(|(_, name)| name)
}

/// Adds the suggestion to a help text.
pub(crate) fn did_you_mean<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(unknown, known).map(|name| format!("did you mean `{name}`?"))
}

/// How many characters must be added, removed, changed or swapped with their neighbour. Case counts half: it is
/// ignored, and equal names in another case are one apart.
fn distance(a: &str, b: &str) -> usize {
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<Vec<_>>();
    let (x, y) = (lower(a), lower(b));
    if x == y {
        return usize::from(a != b);
    }
    // Names are short; anything longer is not a typing error worth a quadratic search.
    if x.len().abs_diff(y.len()) > 4 || x.len() > 100 {
        return usize::MAX;
    }
    let width = y.len() + 1;
    let mut table = vec![0; (x.len() + 1) * width];
    for i in 0..=x.len() {
        for j in 0..=y.len() {
            table[i * width + j] = if i == 0 || j == 0 {
                i + j
            } else {
                let change = table[(i - 1) * width + j - 1] + usize::from(x[i - 1] != y[j - 1]);
                let remove = table[(i - 1) * width + j] + 1;
                let add = table[i * width + j - 1] + 1;
                let swapped = i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1];
                let swap = if swapped { table[(i - 2) * width + j - 2] + 1 } else { usize::MAX };
                change.min(remove).min(add).min(swap)
            };
        }
    }
    table[x.len() * width + y.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(unknown: &str, known: &[&str], expected: Option<&str>) {
        assert_eq!(nearest(unknown, known.iter().copied()), expected, "{unknown}");
    }

    #[test]
    fn typing_errors_and_other_words() {
        let known = ["description", "title", "address", "messages", "minLength"];
        check("descripton", &known, Some("description"));
        check("adress", &known, Some("address"));
        check("tilte", &known, Some("title"));
        check("minlength", &known, Some("minLength"));
        check("message", &known, Some("messages"));
        check("bindings", &known, None);
        check("", &known, None);
        check("x", &["y"], Some("y"));
    }
}
