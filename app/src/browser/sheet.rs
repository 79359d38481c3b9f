use super::dom;

/// Shows the side bar as a sheet over the page, on narrow screens; the page behind it is out of reach.
pub(super) fn open() {
    show(true);
    dom::focus(".sheet-close");
}

/// Puts the sheet away, and the focus back where it came from.
pub(super) fn close() {
    if dom::find("[data-sheet=open]").is_some() {
        put_away();
        dom::focus("#menu-button");
    }
}

/// Puts the sheet away because the page changes.
pub(super) fn put_away() {
    show(false);
}

fn show(is_open: bool) {
    if let (Some(shell), Some(frame)) = (dom::by_id("shell"), dom::by_id("frame")) {
        dom::set(&shell, "data-sheet", Some(if is_open { "open" } else { "closed" }));
        dom::set(&frame, "inert", is_open.then_some(""));
    }
}
