//! Shortening text by its middle: the head and the tail that fit a limit, as dogwrap shows long output.

/// What is shown of a text: all of it, or its ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Excerpt {
    Whole(String),
    Ends { head: String, tail: String },
}

/// How many code points of the head and of the tail are shown of a text that is longer than `limit`: a third of the
/// limit, and two thirds of it.
pub fn share(limit: usize) -> (usize, usize) {
    (limit / 3, 2 * limit / 3)
}

impl Excerpt {
    /// The excerpt of `text` with at most `limit` code points of it.
    pub fn of(text: &str, limit: usize) -> Self {
        if is_within(text, limit) {
            return Self::Whole(text.to_owned());
        }
        let (head, tail) = share(limit);
        Self::Ends { head: first(text, head).to_owned(), tail: last(text, tail).to_owned() }
    }

    /// Whether there is nothing to show, and nothing was left out.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Whole(text) if text.is_empty())
    }

    /// The excerpt as Markdown: a code block, or two with a note between them. The fences are longer than any in the
    /// text, so that nothing in it can end a block.
    pub fn code_block(&self) -> String {
        match self {
            Self::Whole(text) => {
                let fence = fence_for(&[text]);
                format!("{fence}\n{text} \n{fence}\n")
            }
            Self::Ends { head, tail } => {
                let fence = fence_for(&[head, tail]);
                format!("{fence}\n{head}\n{fence}\n*...trimmed...*\n{fence}\n{tail}\n \n{fence}\n")
            }
        }
    }
}

/// The first `count` code points of `text`.
pub fn first(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(end, _)| &text[..end])
}

/// The last `count` code points of `text`.
pub fn last(text: &str, count: usize) -> &str {
    match count.checked_sub(1) {
        None => "",
        Some(before) => text.char_indices().rev().nth(before).map_or(text, |(start, _)| &text[start..]),
    }
}

fn is_within(text: &str, limit: usize) -> bool {
    text.chars().nth(limit).is_none()
}

/// The shortest fence of at least three backticks that is longer than every run of backticks in `texts`.
fn fence_for(texts: &[&str]) -> String {
    let longest = texts.iter().flat_map(|text| text.split(|character| character != '`')).map(str::len).max();
    "`".repeat(longest.unwrap_or(0).max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_within_the_limit_is_whole() {
        assert_eq!(Excerpt::of("é漢", 2), Excerpt::Whole("é漢".to_owned()));
        assert_eq!(Excerpt::of("", 0), Excerpt::Whole(String::new()));
    }

    #[test]
    fn a_longer_text_shows_a_third_of_its_head_and_two_thirds_of_its_tail() {
        let ends = Excerpt::Ends { head: "é".to_owned(), tail: "de".to_owned() };
        assert_eq!(Excerpt::of("é漢de", 3), ends);
        assert_eq!(Excerpt::of("a", 0), Excerpt::Ends { head: String::new(), tail: String::new() });
    }

    #[test]
    fn a_fence_is_longer_than_any_in_the_text() {
        assert_eq!(Excerpt::Whole("a``b".to_owned()).code_block(), "```\na``b \n```\n");
        assert_eq!(Excerpt::Whole("```\nb".to_owned()).code_block(), "````\n```\nb \n````\n");
        let ends = Excerpt::Ends { head: "a".to_owned(), tail: "````".to_owned() };
        assert_eq!(ends.code_block(), "`````\na\n`````\n*...trimmed...*\n`````\n````\n \n`````\n");
    }
}
