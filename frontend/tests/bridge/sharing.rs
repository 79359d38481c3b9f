//! Several tabs of one browser, and the one stream that they share.

use std::rc::Rc;

use portico_app::bridge::Connection::{self, Ended, Live, Offline};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::world::{FakeBrowser, FakeLog, Outlet, Remote, World, sleep, until};

/// A tab with one remote that notes the number of every event it hears, in order.
struct Tab {
    number: u32,
    world: World,
    remote: Remote,
    _outlet: Outlet,
    /// How many events there were before the stream was known to be open: whatever came after must have been heard.
    since: usize,
    connections: Rc<std::cell::RefCell<Vec<Connection>>>,
}

/// A browser, and the portal's event log.
struct Place {
    browser: Rc<FakeBrowser>,
    log: FakeLog,
    leader_silence: u32,
}

fn listener(kind: &str) -> Remote {
    Remote::of(&format!(
        "export function mount(el, ctx) {{
           here.ctx = ctx; here.heard = []; here.resets = 0;
           ctx.events.subscribe('{kind}', (event) => here.heard.push(event.data));
           ctx.events.subscribe('reset', () => {{ here.resets += 1; }});
           return () => {{}};
         }}"
    ))
    .subscribes(kind)
}

impl Place {
    fn new() -> Self {
        Self { browser: Rc::default(), log: FakeLog::new(), leader_silence: 400 }
    }

    /// Where nobody doubts a leader for being silent.
    fn of_patient_tabs() -> Self {
        Self { leader_silence: 60_000, ..Self::new() }
    }

    /// Opens a tab whose remote needs one type, and waits until events reach it.
    async fn tab(&self, kind: &str) -> Tab {
        let tab = self.opening(kind).await;
        let told = Rc::clone(&tab.connections);
        until("the tab has a stream", || told.borrow().last() == Some(&Live)).await;
        Tab { since: self.log.len(), ..tab }
    }

    async fn opening(&self, kind: &str) -> Tab {
        let number = self.browser.next_tab();
        let world = World::tab_with_log(&self.browser, self.log.of_tab(number), self.leader_silence);
        let connections = world.connections();
        let remote = listener(kind);
        let outlet = world.mounted(&remote.application()).await;
        Tab { number, world, remote, _outlet: outlet, since: usize::MAX, connections }
    }

    fn close(&self, tab: &Tab) {
        self.browser.close(tab.number);
        self.log.close(tab.number);
    }

    /// Waits until every tab has been told of a stream, so that what is appended from then on reaches all.
    async fn settled(&self, tabs: &[Tab]) {
        for tab in tabs {
            tab.world.bridge.woke_up();
        }
        for tab in tabs {
            until("it has a stream", || tab.connections.borrow().last() == Some(&Live)).await;
        }
        self.log.caught_up().await;
    }

    fn append(&self, kind: &str, count: usize) {
        (0..count).for_each(|_| self.log.append(kind));
    }
}

impl Tab {
    fn heard(&self) -> Vec<usize> {
        let heard = js_sys::Array::from(&self.remote.left("heard"));
        heard.iter().filter_map(|number| number.as_f64()).map(|number| number as usize).collect()
    }

    fn resets(&self) -> usize {
        self.remote.left("resets").as_f64().unwrap_or_default() as usize
    }

    /// Waits for the log's last event, and makes sure that it heard each since its beginning once and in order.
    async fn heard_everything(&self, log: &FakeLog) {
        let last = log.len() - 1;
        until(&format!("tab {} has heard event {last}", self.number), || self.heard().last() == Some(&last))
            .await;
        let heard = self.heard();
        let first = heard[0];
        assert_eq!(self.resets(), 0, "tab {} was told that it missed something", self.number);
        assert!(first <= self.since, "tab {} missed events from {} to {first}", self.number, self.since);
        assert_eq!(heard, (first..=last).collect::<Vec<_>>(), "tab {}", self.number);
    }
}

#[wasm_bindgen_test]
async fn many_tabs_have_one_stream_and_each_hears_everything_once() {
    let place = Place::new();
    let mut tabs = Vec::new();
    for _ in 0..7 {
        tabs.push(place.tab("chat.reply").await);
        place.append("chat.reply", 3);
    }
    for tab in &tabs {
        tab.heard_everything(&place.log).await;
    }
    assert_eq!((place.log.open_now(), place.log.opened()), (1, 1));
}

#[wasm_bindgen_test]
async fn the_stream_carries_what_all_tabs_need_and_is_opened_anew_only_for_more() {
    let place = Place::new();
    let first = place.tab("chat.reply").await;
    assert_eq!(place.log.types(), ["chat.reply"]);
    place.append("chat.reply", 5);
    let second = place.tab("todo.changed").await;
    until("the stream carries both", || place.log.types() == ["chat.reply", "todo.changed"]).await;
    place.append("chat.reply", 1);
    first.heard_everything(&place.log).await;
    place.append("todo.changed", 1);
    until("the other type arrives", || second.heard() == [6]).await;
    assert_eq!(first.heard(), (0..6).collect::<Vec<_>>());
    let _third = place.tab("chat.reply").await;
    assert_eq!((place.log.open_now(), place.log.opened()), (1, 2));
}

#[wasm_bindgen_test]
async fn when_the_leading_tab_is_closed_another_goes_on_where_it_stood() {
    let place = Place::new();
    let (first, second, third) =
        (place.tab("chat.reply").await, place.tab("chat.reply").await, place.tab("chat.reply").await);
    place.append("chat.reply", 20);
    second.heard_everything(&place.log).await;
    place.append("chat.reply", 20);
    place.close(&first);
    place.append("chat.reply", 20);
    for tab in [&second, &third] {
        tab.heard_everything(&place.log).await;
    }
    assert_eq!((place.browser.leader(), place.log.open_now()), (Some(second.number), 1));
}

#[wasm_bindgen_test]
async fn a_leader_that_falls_silent_is_replaced_and_gives_way_when_it_wakes() {
    let place = Place::new();
    let (first, second) = (place.tab("chat.reply").await, place.tab("chat.reply").await);
    place.browser.freeze(first.number);
    place.log.stall(first.number, true);
    place.append("chat.reply", 10);
    second.heard_everything(&place.log).await;
    assert_eq!(place.browser.leader(), Some(second.number));
    place.log.stall(first.number, false);
    place.browser.thaw(first.number);
    place.append("chat.reply", 10);
    for tab in [&first, &second] {
        tab.heard_everything(&place.log).await;
    }
    until("one stream is left", || place.log.open_now() == 1).await;
}

#[wasm_bindgen_test]
async fn a_tab_that_is_frozen_leaves_the_lead_at_once_and_has_everything_when_it_goes_on() {
    // Nobody would notice that it is silent: it may still hear the others, and its stream stands still.
    let place = Place::of_patient_tabs();
    let (first, second) = (place.tab("chat.reply").await, place.tab("chat.reply").await);
    place.append("chat.reply", 10);
    first.heard_everything(&place.log).await;
    first.world.bridge.freezes();
    until("the other tab leads", || place.browser.leader() == Some(second.number)).await;
    place.append("chat.reply", 10);
    second.heard_everything(&place.log).await;
    assert_eq!((first.heard().len(), place.log.open_now()), (10, 1));
    first.world.bridge.woke_up();
    place.append("chat.reply", 10);
    for tab in [&first, &second] {
        tab.heard_everything(&place.log).await;
    }
    assert_eq!((place.browser.leader(), place.log.open_now()), (Some(second.number), 1));
    // And nobody else is there.
    place.close(&second);
    place.settled(std::slice::from_ref(&first)).await;
    first.world.bridge.freezes();
    place.append("chat.reply", 10);
    first.world.bridge.woke_up();
    first.heard_everything(&place.log).await;
}

#[wasm_bindgen_test]
async fn a_new_tab_does_not_wait_for_a_leader_that_does_not_answer() {
    let place = Place::new();
    let first = place.tab("chat.reply").await;
    place.browser.freeze(first.number);
    place.log.stall(first.number, true);
    let second = place.tab("chat.reply").await;
    place.append("chat.reply", 2);
    until("it hears what comes", || second.heard() == [0, 1]).await;
    assert_eq!(second.resets(), 1, "it waited, and is told that it may have missed something meanwhile");
}

#[wasm_bindgen_test]
async fn what_a_follower_did_not_get_over_the_channel_the_leader_has_at_hand() {
    let place = Place::of_patient_tabs();
    let (_first, second) = (place.tab("chat.reply").await, place.tab("chat.reply").await);
    place.append("chat.reply", 5);
    second.heard_everything(&place.log).await;
    place.browser.deafen(second.number, true);
    place.append("chat.reply", 100);
    place.log.caught_up().await;
    place.browser.deafen(second.number, false);
    place.append("chat.reply", 5);
    second.heard_everything(&place.log).await;
    assert_eq!(place.log.opened(), 1);
}

#[wasm_bindgen_test]
async fn a_follower_that_lacks_more_than_that_gets_it_from_the_log_and_nobody_gets_it_twice() {
    let place = Place::of_patient_tabs();
    let (first, second, third) =
        (place.tab("chat.reply").await, place.tab("chat.reply").await, place.tab("chat.reply").await);
    place.append("chat.reply", 5);
    second.heard_everything(&place.log).await;
    place.browser.deafen(second.number, true);
    place.append("chat.reply", 1_000);
    first.heard_everything(&place.log).await;
    place.browser.deafen(second.number, false);
    let late = place.tab("chat.reply").await;
    place.append("chat.reply", 5);
    for tab in [&first, &second, &third, &late] {
        tab.heard_everything(&place.log).await;
    }
    assert!(late.heard()[0] >= 1_005, "a tab is not told what was before it");
    assert_eq!(place.log.open_now(), 1);
}

#[wasm_bindgen_test]
async fn a_follower_that_lacks_too_much_is_told_so_and_the_others_are_not() {
    let place = Place::of_patient_tabs();
    let (first, second) = (place.tab("chat.reply").await, place.tab("chat.reply").await);
    place.append("chat.reply", 5);
    second.heard_everything(&place.log).await;
    place.browser.deafen(second.number, true);
    place.append("chat.reply", 3_000);
    first.heard_everything(&place.log).await;
    place.browser.deafen(second.number, false);
    place.append("chat.reply", 1);
    until("it is told", || second.resets() == 1).await;
    place.append("chat.reply", 1);
    first.heard_everything(&place.log).await;
    until("it goes on", || second.heard().last() == Some(&3_006)).await;
    assert_eq!(first.resets(), 0);
}

#[wasm_bindgen_test]
async fn a_tab_that_leads_anew_begins_where_another_stands() {
    let place = Place::new();
    let (first, second) = (place.tab("chat.reply").await, place.tab("chat.reply").await);
    place.append("chat.reply", 5);
    second.heard_everything(&place.log).await;
    // Neither of the two is heard of, and a third takes the lead without having followed either.
    for tab in [&first, &second] {
        place.browser.freeze(tab.number);
        place.log.stall(tab.number, true);
    }
    place.append("chat.reply", 5);
    let third = place.opening("chat.reply").await;
    until("the new tab leads", || place.browser.leader() == Some(third.number)).await;
    mend(&place, second.number);
    second.heard_everything(&place.log).await;
    place.append("chat.reply", 5);
    second.heard_everything(&place.log).await;
}

#[wasm_bindgen_test]
async fn every_tab_shows_how_the_shared_stream_fares() {
    let place = Place::new();
    let (first, second) = (place.tab("chat.reply").await, place.tab("chat.reply").await);
    place.log.is_down.set(true);
    place.log.cut();
    for tab in [&first, &second] {
        until("it is shown", || tab.connections.borrow().last() == Some(&Offline)).await;
    }
    place.append("chat.reply", 3);
    place.log.is_down.set(false);
    for tab in [&first, &second] {
        tab.heard_everything(&place.log).await;
        until("it is shown", || tab.connections.borrow().last() == Some(&Live)).await;
    }
}

#[wasm_bindgen_test]
async fn a_network_that_comes_back_is_noticed_by_followers_too() {
    let place = Place::new();
    let (first, second) = (place.tab("chat.reply").await, place.tab("chat.reply").await);
    for tab in [&first, &second] {
        tab.world.bridge.network_changed(false);
        assert_eq!(tab.connections.borrow().last(), Some(&Offline));
    }
    place.append("chat.reply", 3);
    for tab in [&first, &second] {
        tab.world.bridge.network_changed(true);
        tab.heard_everything(&place.log).await;
        until("it is shown", || tab.connections.borrow().last() == Some(&Live)).await;
    }
}

#[wasm_bindgen_test]
async fn a_session_that_ends_ends_in_every_tab_and_none_waits_for_the_lock_any_more() {
    let place = Place::new();
    let tabs = [place.tab("chat.reply").await, place.tab("chat.reply").await, place.tab("chat.reply").await];
    for tab in &tabs {
        tab.world.portal.organization.replace(None);
    }
    place.log.dismiss("signed_out");
    for tab in &tabs {
        until("it is shown", || tab.connections.borrow().last() == Some(&Ended)).await;
    }
    until("the lock is free", || place.browser.leader().is_none()).await;
    assert_eq!(place.log.open_now(), 0);
}

#[wasm_bindgen_test]
async fn a_replaced_session_is_looked_into_by_every_tab() {
    let place = Place::new();
    let tabs = [place.tab("chat.reply").await, place.tab("chat.reply").await];
    for tab in &tabs {
        tab.world.portal.organization.replace(Some("globex".into()));
    }
    place.log.dismiss("replaced");
    for tab in &tabs {
        until("it reloads", || tab.world.portal.reloads.get() > 0).await;
    }
}

#[wasm_bindgen_test]
async fn what_is_no_message_of_a_tab_is_passed_over() {
    let place = Place::new();
    let tabs = [place.tab("chat.reply").await, place.tab("chat.reply").await];
    let code = "return [null, 7, 'x', {}, [], ['leads'], ['frame', 'e', -1, 'k', 'i', 'd'], ['hello', 1], ['beat', 'live', 'e', 1e300, ''], ['welcome', 'x', 0.5]]";
    let strange = js_sys::Array::from(
        &js_sys::Function::new_no_args(code).call0(&wasm_bindgen::JsValue::UNDEFINED).expect("an array"),
    );
    for message in strange.iter() {
        place.browser.post_to_all(&message);
    }
    place.append("chat.reply", 2);
    for tab in &tabs {
        tab.heard_everything(&place.log).await;
    }
    assert_eq!(place.log.opened(), 1);
}

/// Xorshift: the same schedule for the same seed.
struct Dice(u32);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % sides
    }
}

/// What browsers and portals do to tabs, in whatever order. The first tab is the one that is looked at: it is never
/// frozen.
async fn faults(seed: u32) -> (Place, Vec<Tab>) {
    let place = Place::new();
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9));
    let mut tabs = vec![place.tab("chat.reply").await];
    for _ in 0..40 {
        place.append("chat.reply", dice.roll(12) as usize);
        let any = dice.roll(tabs.len() as u32) as usize;
        let number = tabs[any].number;
        match dice.roll(7) {
            0 | 1 if tabs.len() < 7 => tabs.push(place.tab("chat.reply").await),
            2 if any > 0 => place.close(&tabs.swap_remove(any)),
            3 if any > 0 => {
                place.browser.freeze(number);
                place.log.stall(number, true);
            }
            4 => place.log.cut(),
            5 => place.browser.steal(number),
            _ => mend(&place, number),
        }
        sleep(dice.roll(30) as i32).await;
    }
    tabs.iter().for_each(|tab| mend(&place, tab.number));
    place.settled(&tabs).await;
    place.append("chat.reply", 1);
    (place, tabs)
}

/// Tabs that come, go, freeze, and take the lead from each other while streams end. A tab that was frozen while all whom
/// it knew went away may be told that it missed something; the others may not.
#[wasm_bindgen_test]
async fn whatever_happens_to_tabs_each_hears_everything_once_and_in_order_or_is_told() {
    let (mut complete, mut told) = (0, 0);
    for seed in 1..=8 {
        let (place, tabs) = faults(seed).await;
        let last = place.log.len() - 1;
        for tab in &tabs {
            until("the last event is heard", || tab.heard().last() == Some(&last)).await;
            let heard = tab.heard();
            if heard[0] <= tab.since && heard == (heard[0]..=last).collect::<Vec<_>>() {
                complete += 1;
            } else {
                told += 1;
                assert!(tab.resets() > 0, "tab {} of {seed} lost events unsaid: {heard:?}", tab.number);
            }
            let different: std::collections::BTreeSet<_> = heard.iter().collect();
            assert_eq!(different.len(), heard.len(), "tab {} of {seed}: {heard:?}", tab.number);
        }
        until("one stream is left", || place.log.open_now() == 1).await;
        tabs.iter().for_each(|tab| place.close(tab));
    }
    assert!(complete > 4 * told, "{complete} complete, {told} told");
}

fn mend(place: &Place, tab: u32) {
    place.log.stall(tab, false);
    place.browser.deafen(tab, false);
    place.browser.thaw(tab);
}
