//! A table as Markdown has it; one that only arranges a page is none.

use super::render::Renderer;
use super::tree::Id;

const MOST_COLUMNS: usize = 40;
/// A cell with more words holds a part of a page.
const LONGEST_CELL: usize = 120;

/// `None`: what stands in it is to be written as if there were no table.
pub fn render(page: &Renderer<'_>, table: Id) -> Option<String> {
    let rows = rows(page, table)?;
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    if !(2..=MOST_COLUMNS).contains(&columns) || rows.len() < 2 {
        return None;
    }
    let mut lines = Vec::with_capacity(rows.len() + 1);
    for (n, row) in rows.iter().enumerate() {
        let mut line = String::from("|");
        for column in 0..columns {
            line.push(' ');
            line.push_str(row.get(column).map_or("", String::as_str));
            line.push_str(" |");
        }
        lines.push(line);
        if n == 0 {
            lines.push(format!("|{}", " --- |".repeat(columns)));
        }
    }
    let caption = children(page, table, &["caption"])
        .first()
        .map(|caption| page.inline.line(&[*caption]));
    let caption = caption.filter(|caption| !caption.is_empty());
    Some(caption.map_or_else(String::new, |caption| format!("{caption}\n\n")) + &lines.join("\n"))
}

fn rows(page: &Renderer<'_>, table: Id) -> Option<Vec<Vec<String>>> {
    let mut rows = Vec::new();
    for part in children(page, table, &["thead", "tbody", "tfoot", "tr"]) {
        let in_part = match &*page.tree.nodes[part].name {
            "tr" => vec![part],
            _ => children(page, part, &["tr"]),
        };
        for row in in_part {
            let mut cells = Vec::new();
            for cell in children(page, row, &["td", "th"]) {
                if holds_a_page(page, cell) {
                    return None;
                }
                cells.push(page.inline.line(&[cell]).replace("  \n", " ").replace('|', "\\|"));
                let span = page.tree.nodes[cell]
                    .attribute("colspan")
                    .and_then(|span| span.parse::<usize>().ok());
                let more = span.unwrap_or(1).clamp(1, MOST_COLUMNS) - 1;
                cells.extend(std::iter::repeat_n(String::new(), more));
            }
            if cells.iter().any(|cell| !cell.is_empty()) {
                rows.push(cells);
            }
        }
    }
    Some(rows)
}

fn children(page: &Renderer<'_>, of: Id, names: &[&str]) -> Vec<Id> {
    let all = page.tree.nodes[of].children.iter().copied();
    all.filter(|id| names.contains(&&*page.tree.nodes[*id].name) && !page.own.left_out[*id])
        .collect()
}

fn holds_a_page(page: &Renderer<'_>, cell: Id) -> bool {
    let mut waiting = vec![cell];
    while let Some(id) = waiting.pop() {
        let node = &page.tree.nodes[id];
        if matches!(&*node.name, "table" | "h1" | "h2" | "h3" | "pre") {
            return true;
        }
        waiting.extend(&node.children);
    }
    page.inline.plain(cell).split_whitespace().count() > LONGEST_CELL
}
