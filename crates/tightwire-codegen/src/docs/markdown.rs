//! Descriptions are Markdown (CommonMark, with tables). HTML in them is text, and links lead to the web or nowhere.

use maud::{Markup, PreEscaped, html};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use tightwire_spec::ir::Docs;

/// Summary and description. Many a description says again what the summary says.
pub(super) fn docs(docs: &Docs) -> Markup {
    let description = docs.description.as_deref().unwrap_or_default().trim();
    let summary = docs.summary.as_deref().unwrap_or_default().trim();
    let is_new = !summary.is_empty() && !description.starts_with(summary.trim_end_matches('.'));
    html! {
        @if is_new { p { (summary) } }
        (blocks(description))
    }
}

/// The text as blocks: paragraphs, lists, code.
pub(super) fn blocks(text: &str) -> Markup {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut links = Vec::new();
    let events = Parser::new_ext(text.trim(), options).flat_map(|event| harmless(event, &mut links));
    let mut markup = String::with_capacity(text.len() * 5 / 4);
    pulldown_cmark::html::push_html(&mut markup, events);
    PreEscaped(markup)
}

/// What an event becomes. `links` are those that are open: whether each is kept.
fn harmless<'text>(event: Event<'text>, links: &mut Vec<bool>) -> Vec<Event<'text>> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => vec![Event::Text(text)],
        Event::Start(Tag::HtmlBlock) => vec![Event::Start(Tag::Paragraph)],
        Event::End(TagEnd::HtmlBlock) => vec![Event::End(TagEnd::Paragraph)],
        // The page has its own order of headings.
        Event::Start(Tag::Heading { .. }) => vec![Event::Start(Tag::Paragraph), Event::Start(Tag::Strong)],
        Event::End(TagEnd::Heading(_)) => vec![Event::End(TagEnd::Strong), Event::End(TagEnd::Paragraph)],
        Event::Start(Tag::Link { ref dest_url, .. }) => {
            links.push(leads_to_the_web(dest_url));
            if links.last() == Some(&true) { vec![event] } else { Vec::new() }
        }
        Event::End(TagEnd::Link) => {
            if links.pop() == Some(true) {
                vec![event]
            } else {
                Vec::new()
            }
        }
        // The page loads nothing from elsewhere; what an image says instead of itself stays.
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => Vec::new(),
        other => vec![other],
    }
}

fn leads_to_the_web(url: &str) -> bool {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| ["http", "https", "mailto"].contains(&scheme.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(blocks(text).into_string().replace('\n', ""), expected, "{text}");
    }

    #[test]
    fn markdown_is_laid_out() {
        check("One `a < b`.\n\n* two", "<p>One <code>a &lt; b</code>.</p><ul><li>two</li></ul>");
        check("# Title\ntext", "<p><strong>Title</strong></p><p>text</p>");
        check("[there](https://example.com/?a&b)", "<p><a href=\"https://example.com/?a&amp;b\">there</a></p>");
    }

    #[test]
    fn nothing_is_markup_that_markdown_did_not_make() {
        check("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>");
        check("a <b onclick=x>b</b>", "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>");
        check("[x](javascript:alert(1)) [y](JaVaScRiPt:z) [z](data:text/html,q)", "<p>x y z</p>");
        check("[x](&#106;avascript:z) [y](/local) [z](#here)", "<p>x y z</p>");
        check("<javascript:alert(1)>", "<p>javascript:alert(1)</p>");
        check("![picture](https://example.com/x.png)", "<p>picture</p>");
        check(
            "[a](https://example.com/\"onmouseover=x)",
            "<p><a href=\"https://example.com/%22onmouseover=x\">a</a></p>",
        );
    }
}
