/// How long each thing may take, in milliseconds, and how often it may fail. Tests shorten them.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Fetching and evaluating a remote's modules and styles. Ten seconds is a 200 KB remote on throttled 3G, twice
    /// over; whoever waited longer has given up.
    pub load: u32,
    /// From the call of `mount(el, ctx)` until it settles. A remote that shows data should resolve before the data is
    /// there; ten seconds only catches one that never will.
    pub mount: u32,
    /// From the call of the unmount function until it settles; the page has already moved on.
    pub unmount: u32,
    /// How long a token-mode remote's mount waits for its first token: the token is a convenience in
    /// `ctx.accessToken`, and `getAccessToken()` waits for the real thing.
    pub token: u32,
    /// After so many failures in a row, a remote is skipped on this page (circuit breaker).
    pub failures: u32,
    /// How long it is skipped before one probe.
    pub probe: u32,
    /// Silence on the event stream after which it is opened again: the server pings every 15 s, so two were missed.
    pub silence: u32,
    /// Silence of the tab that leads after which the others ask whether it is still there: it passes on every ping.
    pub leader_silence: u32,
    /// How long it may take to answer before another tab takes the lead.
    pub leader_answer: u32,
    /// The first pause before a refused stream is opened again; doubles up to 32 times itself, half of it random, so
    /// that a restarted server is not met by everyone at once.
    pub backoff: u32,
    /// How long an event that got no answer, or found the log away, is sent again before its remote is told.
    pub publish: u32,
    /// The least time between two questions to the portal whether the session stands.
    pub calm: u32,
    /// How long a page that a person is leaving waits before it reloads or says that the session has ended.
    pub leave: u32,
    /// The least time between two looks for new versions; one is taken when the tab comes to the front.
    pub updates: u32,
    /// How long measurements are gathered before they are sent together.
    pub report: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            load: 10_000,
            mount: 10_000,
            unmount: 3_000,
            token: 3_000,
            failures: 3,
            probe: 30_000,
            silence: 40_000,
            leader_silence: 20_000,
            leader_answer: 5_000,
            backoff: 1_000,
            publish: 20_000,
            calm: 1_000,
            leave: 5_000,
            updates: 300_000,
            report: 2_000,
        }
    }
}
