use js_sys::Array;
use portico_app::bridge::Connection;
use wasm_bindgen::{JsCast, JsValue};

use super::trail::{Place, Trail};

/// An event as the stream carried it, to be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::events) struct Frame {
    /// `event:`, a type or `reset`.
    pub(in crate::events) kind: String,
    /// `id:`
    pub(in crate::events) id: String,
    /// `data:`
    pub(in crate::events) data: String,
}

/// A type that the stream carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Carried {
    pub(super) kind: String,
    /// Whoever has this frame has everything of the type that came before, or was told `reset`.
    pub(super) since: u32,
}

/// What tabs say to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// A tab says which types it needs, of which of them it has everything up to where it is, and which way it came, the
    /// latest place last. The leader answers, with the question's number.
    Hello { tab: String, question: u32, types: Vec<String>, held: Vec<String>, trail: Trail },
    /// The leader's answer to one tab.
    Welcome(Welcome),
    /// A tab leads, in an epoch of its own; the others say hello.
    Lead { term: u32 },
    /// An event.
    Frame { epoch: String, seq: u32, frame: Frame },
    /// The leader is alive, here, and its stream fares like this.
    Beat { at: Place, connection: Connection, carried: Vec<Carried> },
    /// The session may have ended.
    Doubt,
}

/// What a leader answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Welcome {
    pub(super) tab: String,
    pub(super) question: u32,
    /// Which leader's answer it is.
    pub(super) term: u32,
    /// The frame up to which the tab has everything that the leader had; none for a tab that begins here.
    pub(super) from: Option<u32>,
    /// Which way the leader came; the tab's own way from now on.
    pub(super) trail: Trail,
    pub(super) carried: Vec<Carried>,
    /// The earliest frame after which a stream that is opened anew would carry the same again.
    pub(super) repeats_from: u32,
    pub(super) connection: Connection,
    /// Whether there is something that the tab lacks and cannot get.
    pub(super) has_missed: bool,
    /// What it lacks, with the numbers.
    pub(super) frames: Vec<(u32, Frame)>,
}

impl Message {
    /// As an array of text and numbers, which a channel can carry.
    pub(super) fn encode(&self) -> JsValue {
        let fields = Writer(Array::new());
        match self {
            Self::Hello { tab, question, types, held, trail } => {
                fields.text("hello").text(tab).number(*question).text(&types.join(",")).text(&held.join(","));
                trail.0.iter().for_each(|place| _ = fields.place(place));
            }
            Self::Welcome(welcome) => {
                fields.text("welcome").text(&welcome.tab).number(welcome.question).number(welcome.term);
                fields.text(welcome.connection.code()).number(u32::from(welcome.has_missed));
                fields.number(u32::from(welcome.from.is_some())).number(welcome.from.unwrap_or_default());
                fields.number(welcome.repeats_from).number(welcome.trail.0.len() as u32);
                welcome.trail.0.iter().for_each(|place| _ = fields.place(place));
                fields.number(welcome.carried.len() as u32);
                welcome.carried.iter().for_each(|one| fields.carried(one));
                welcome.frames.iter().for_each(|(seq, frame)| fields.number(*seq).frame(frame));
            }
            Self::Lead { term } => {
                fields.text("lead").number(*term);
            }
            Self::Frame { epoch, seq, frame } => fields.text("frame").text(epoch).number(*seq).frame(frame),
            Self::Beat { at, connection, carried } => {
                fields.text("beat").text(connection.code()).place(at);
                carried.iter().for_each(|one| fields.carried(one));
            }
            Self::Doubt => {
                fields.text("doubt");
            }
        }
        fields.0.into()
    }

    /// None for what is no message: every script of the origin may post here.
    pub(super) fn decode(value: &JsValue) -> Option<Self> {
        let mut fields = Reader { array: value.dyn_ref::<Array>()?, next: 0 };
        Some(match fields.text()?.as_str() {
            "hello" => Self::Hello {
                tab: fields.text()?,
                question: fields.number()?,
                types: split(&fields.text()?),
                held: split(&fields.text()?),
                trail: Trail(fields.rest(Reader::place)?),
            },
            "welcome" => Self::Welcome(Welcome {
                tab: fields.text()?,
                question: fields.number()?,
                term: fields.number()?,
                connection: fields.connection()?,
                has_missed: fields.number()? == 1,
                from: fields.optional_number()?,
                repeats_from: fields.number()?,
                trail: Trail(fields.list(Reader::place)?),
                carried: fields.list(Reader::carried)?,
                frames: fields.rest(|fields| Some((fields.number()?, fields.frame()?)))?,
            }),
            "lead" => Self::Lead { term: fields.number()? },
            "frame" => Self::Frame { epoch: fields.text()?, seq: fields.number()?, frame: fields.frame()? },
            "beat" => Self::Beat {
                connection: fields.connection()?,
                at: fields.place()?,
                carried: fields.rest(Reader::carried)?,
            },
            "doubt" => Self::Doubt,
            _ => return None,
        })
    }
}

/// Writes an array.
struct Writer(Array);

impl Writer {
    fn text(&self, text: &str) -> &Self {
        self.0.push(&text.into());
        self
    }

    fn number(&self, number: u32) -> &Self {
        self.0.push(&number.into());
        self
    }

    fn place(&self, at: &Place) -> &Self {
        self.text(&at.epoch).number(at.seq).text(&at.id)
    }

    fn carried(&self, one: &Carried) {
        self.text(&one.kind).number(one.since);
    }

    fn frame(&self, frame: &Frame) {
        self.text(&frame.kind).text(&frame.id).text(&frame.data);
    }
}

/// Reads an array from its beginning.
struct Reader<'a> {
    array: &'a Array,
    next: u32,
}

impl Reader<'_> {
    fn take(&mut self) -> JsValue {
        let value = self.array.get(self.next);
        self.next += 1;
        value
    }

    fn text(&mut self) -> Option<String> {
        self.take().as_string()
    }

    fn number(&mut self) -> Option<u32> {
        let number = self.take().as_f64()?;
        (number >= 0.0 && number < f64::from(u32::MAX)).then_some(number as u32)
    }

    /// Whether there is one, and then the number.
    fn optional_number(&mut self) -> Option<Option<u32>> {
        let is_there = self.number()? == 1;
        let number = self.number()?;
        Some(is_there.then_some(number))
    }

    /// How many there are, and then each.
    fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        (0..self.number()?).map(|_| read(self)).collect()
    }

    fn place(&mut self) -> Option<Place> {
        Some(Place { epoch: self.text()?, seq: self.number()?, id: self.text()? })
    }

    fn carried(&mut self) -> Option<Carried> {
        Some(Carried { kind: self.text()?, since: self.number()? })
    }

    fn frame(&mut self) -> Option<Frame> {
        Some(Frame { kind: self.text()?, id: self.text()?, data: self.text()? })
    }

    /// Everything that is left.
    fn rest<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut all = Vec::new();
        while self.next < self.array.length() {
            all.push(read(self)?);
        }
        Some(all)
    }

    fn connection(&mut self) -> Option<Connection> {
        let code = self.text()?;
        [Connection::Connecting, Connection::Live, Connection::Offline]
            .into_iter()
            .find(|one| one.code() == code)
    }
}

fn split(types: &str) -> Vec<String> {
    types.split(',').filter(|kind| !kind.is_empty()).map(str::to_owned).collect()
}
