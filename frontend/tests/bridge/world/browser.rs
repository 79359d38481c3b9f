use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque};
use std::rc::{Rc, Weak};

use portico_frontend::{Channel, Lock, LockSignal, Tabs};
use wasm_bindgen::JsValue;

use super::sleep;

type OnMessage = Rc<dyn Fn(JsValue)>;

/// What tabs of one browser share, played: one lock and one channel, whatever they are called. Tabs can be frozen, which
/// holds back what they would hear, and deafened, which loses it.
#[derive(Default)]
pub(crate) struct FakeBrowser {
    next: Cell<u32>,
    members: RefCell<Vec<(u32, OnMessage)>>,
    /// Who holds the lock, then who waits for it: the tab, the request, whom to tell.
    lock: RefCell<VecDeque<Request>>,
    /// What is on its way, in order.
    mail: RefCell<VecDeque<(u32, Mail)>>,
    frozen: RefCell<BTreeSet<u32>>,
    deaf: RefCell<BTreeSet<u32>>,
    given_up: RefCell<BTreeSet<u32>>,
    closed: RefCell<BTreeSet<u32>>,
    is_delivering: Cell<bool>,
}

#[derive(Clone)]
struct Request {
    tab: u32,
    number: u32,
    on_signal: Rc<dyn Fn(LockSignal)>,
}

enum Mail {
    Message(JsValue),
    Lock(Request, LockSignal),
    /// A tab asks for the lock, or steals it.
    Ask(Request, bool),
}

struct Tab {
    browser: Weak<FakeBrowser>,
    number: u32,
}

struct Joined {
    browser: Weak<FakeBrowser>,
    tab: u32,
}

struct Requested {
    browser: Weak<FakeBrowser>,
    number: u32,
}

impl FakeBrowser {
    /// A new tab; they are numbered from 1.
    pub(crate) fn tab(self: &Rc<Self>) -> Rc<dyn Tabs> {
        Rc::new(Tab { browser: Rc::downgrade(self), number: self.number() })
    }

    /// The tab that holds the lock.
    pub(crate) fn leader(&self) -> Option<u32> {
        self.lock.borrow().front().map(|request| request.tab)
    }

    /// Holds back all that a tab would hear.
    pub(crate) fn freeze(&self, tab: u32) {
        self.frozen.borrow_mut().insert(tab);
    }

    /// Lets it hear what was held back.
    pub(crate) fn thaw(self: &Rc<Self>, tab: u32) {
        self.frozen.borrow_mut().remove(&tab);
        self.deliver();
    }

    /// Loses what a tab would hear on the channel, or not any more.
    pub(crate) fn deafen(&self, tab: u32, is_deaf: bool) {
        if is_deaf {
            self.deaf.borrow_mut().insert(tab)
        } else {
            self.deaf.borrow_mut().remove(&tab)
        };
    }

    /// Ends a tab: it leaves the channel and loses the lock.
    pub(crate) fn close(self: &Rc<Self>, tab: u32) {
        self.members.borrow_mut().retain(|(member, _)| *member != tab);
        self.mail.borrow_mut().retain(|(to, _)| *to != tab);
        self.closed.borrow_mut().insert(tab);
        let requests: Vec<u32> = self
            .lock
            .borrow()
            .iter()
            .filter(|request| request.tab == tab)
            .map(|request| request.number)
            .collect();
        requests.into_iter().for_each(|number| self.release(number));
    }

    /// The number that the next tab gets.
    pub(crate) fn next_tab(&self) -> u32 {
        self.next.get() + 1
    }

    /// Posts as some script of the origin.
    pub(crate) fn post_to_all(self: &Rc<Self>, message: &JsValue) {
        let members: Vec<u32> = self.members.borrow().iter().map(|(tab, _)| *tab).collect();
        members.into_iter().for_each(|tab| self.send(tab, Mail::Message(message.clone())));
    }

    /// Has the holder lose the lock to a tab that asked for it before.
    pub(crate) fn steal(self: &Rc<Self>, tab: u32) {
        let stolen_from = {
            let mut lock = self.lock.borrow_mut();
            let at = lock.iter().position(|request| request.tab == tab).filter(|at| *at > 0);
            let stolen_from = at.and_then(|_| lock.pop_front());
            if let Some(request) = at.and_then(|at| lock.remove(at - 1)) {
                lock.push_front(request);
            }
            stolen_from
        };
        if let Some(before) = stolen_from {
            self.send(before.tab, Mail::Lock(before, LockSignal::Stolen));
            self.grant();
        }
    }

    fn number(&self) -> u32 {
        self.next.set(self.next.get() + 1);
        self.next.get()
    }

    fn send(self: &Rc<Self>, tab: u32, mail: Mail) {
        self.mail.borrow_mut().push_back((tab, mail));
        self.deliver();
    }

    /// Hands out what is on its way, later and in order, as a browser does.
    fn deliver(self: &Rc<Self>) {
        if self.is_delivering.replace(true) {
            return;
        }
        let browser = Rc::clone(self);
        wasm_bindgen_futures::spawn_local(async move {
            sleep(0).await;
            browser.is_delivering.set(false);
            while let Some((tab, mail)) = browser.next_mail() {
                browser.hand_over(tab, mail);
            }
        });
    }

    fn next_mail(&self) -> Option<(u32, Mail)> {
        let mut mail = self.mail.borrow_mut();
        let frozen = self.frozen.borrow();
        let at = mail.iter().position(|(tab, _)| !frozen.contains(tab))?;
        mail.remove(at)
    }

    fn hand_over(self: &Rc<Self>, tab: u32, mail: Mail) {
        match mail {
            Mail::Message(message) if !self.deaf.borrow().contains(&tab) => {
                let member = self
                    .members
                    .borrow()
                    .iter()
                    .find(|(member, _)| *member == tab)
                    .map(|(_, on)| Rc::clone(on));
                if let Some(on_message) = member {
                    on_message(message);
                }
            }
            Mail::Message(_) => {}
            Mail::Ask(request, steal) if !self.given_up.borrow().contains(&request.number) => {
                self.ask(request, steal);
            }
            Mail::Ask(..) => {}
            Mail::Lock(request, signal) => {
                // Whoever gave a lock up hears no more of it.
                if self.given_up.borrow().contains(&request.number) {
                    return;
                }
                let holds = self.lock.borrow().front().is_some_and(|first| first.number == request.number);
                if holds == (signal == LockSignal::Granted) {
                    (request.on_signal)(signal);
                }
            }
        }
    }

    fn ask(self: &Rc<Self>, request: Request, steal: bool) {
        let number = request.number;
        let stolen_from = if steal { self.lock.borrow_mut().pop_front() } else { None };
        if let Some(before) = stolen_from {
            self.send(before.tab, Mail::Lock(before, LockSignal::Stolen));
        }
        let is_first = {
            let mut lock = self.lock.borrow_mut();
            if steal {
                lock.push_front(request);
            } else {
                lock.push_back(request);
            }
            lock.front().is_some_and(|first| first.number == number)
        };
        if is_first {
            self.grant();
        }
    }

    fn grant(self: &Rc<Self>) {
        let first = self.lock.borrow().front().cloned();
        if let Some(first) = first {
            self.send(first.tab, Mail::Lock(first, LockSignal::Granted));
        }
    }

    fn release(self: &Rc<Self>, number: u32) {
        let held = self.lock.borrow().front().is_some_and(|first| first.number == number);
        self.lock.borrow_mut().retain(|request| request.number != number);
        if held {
            self.grant();
        }
    }
}

impl Tabs for Tab {
    fn join(&self, _name: &str, on_message: Rc<dyn Fn(JsValue)>) -> Box<dyn Channel> {
        if let Some(browser) = self.browser.upgrade() {
            browser.members.borrow_mut().push((self.number, on_message));
        }
        Box::new(Joined { browser: Weak::clone(&self.browser), tab: self.number })
    }

    fn lock(&self, _name: &str, steal: bool, on_signal: Rc<dyn Fn(LockSignal)>) -> Box<dyn Lock> {
        let Some(browser) = self.browser.upgrade() else {
            return Box::new(Requested { browser: Weak::new(), number: 0 });
        };
        let request = Request { tab: self.number, number: browser.number(), on_signal };
        let number = request.number;
        if browser.closed.borrow().contains(&self.number) {
            return Box::new(Requested { browser: Weak::new(), number });
        }
        // What a frozen tab would do, it does when it goes on.
        browser.send(self.number, Mail::Ask(request, steal));
        Box::new(Requested { browser: Rc::downgrade(&browser), number })
    }
}

impl Channel for Joined {
    fn post(&self, message: &JsValue) {
        let Some(browser) = self.browser.upgrade() else { return };
        let others: Vec<u32> =
            browser.members.borrow().iter().map(|(tab, _)| *tab).filter(|tab| *tab != self.tab).collect();
        // A tab that was closed says nothing.
        if browser.members.borrow().iter().any(|(tab, _)| *tab == self.tab) {
            others.into_iter().for_each(|tab| browser.send(tab, Mail::Message(message.clone())));
        }
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        if let Some(browser) = self.browser.upgrade() {
            browser.members.borrow_mut().retain(|(tab, _)| *tab != self.tab);
        }
    }
}

impl Lock for Requested {}

impl Drop for Requested {
    fn drop(&mut self) {
        if let Some(browser) = self.browser.upgrade() {
            browser.given_up.borrow_mut().insert(self.number);
            browser.release(self.number);
        }
    }
}
