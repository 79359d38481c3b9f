// Generated from the Rust types in contracts/src: UPDATE=1 cargo test -p portico-contracts

/** Ends what `mount` began: removes what it added and stops what it started. */
export type Unmount = () => void | Promise<void>;

/** What a remote's entry exports. `mount` may have another name where the manifest says so. */
export interface Remote {
  mount(el: HTMLElement, ctx: PlatformContext): Unmount | Promise<Unmount>;
}

/** What the shell hands to a remote. It is frozen, and lives until the remote is unmounted. */
export interface PlatformContext {
  readonly remote: {
    readonly name: string;
    readonly version: string;
    /** The export that was mounted. */
    readonly mount: string;
  };
  readonly shell: {
    readonly version: string;
    /** The path this mount answers for, such as `/todos`. */
    readonly basePath: string;
    /** BCP 47, such as `en`. */
    readonly locale: string;
    readonly theme: "light" | "dark";
  };
  readonly user: { readonly sub: string; readonly name: string; readonly email?: string };
  /** The organization (tenant) this session acts for. */
  readonly orgId: string;
  /** The session's entitlements. */
  readonly permissions: readonly string[];
  /** Such as `/bff/acme.todos`. */
  readonly apiBaseUrl: string;
  /** Token mode only: audience-scoped and short-lived. */
  readonly accessToken?: string;
  /** Token mode only: always fresh. Rejects in proxy mode. */
  getAccessToken(): Promise<string>;
  /** `fetch` below `apiBaseUrl`, with the anti-forgery headers. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  readonly events: {
    /** Resolves once the event log has acknowledged the event. Only for declared types. */
    publish(type: string, data: unknown): Promise<{ id: string }>;
    /** Only for declared types. Returns the function that ends the subscription. */
    subscribe(type: string, handler: (event: CloudEvent) => void): () => void;
  };
  /** Goes to a path of the portal. */
  navigate(path: string): void;
  /** Told of every navigation while mounted. Returns the function that ends that. */
  onNavigate(handler: (path: string) => void): () => void;
  readonly flags: Readonly<Record<string, boolean>>;
  /** Reports an error that the remote handled itself. */
  reportError(error: unknown): void;
  /** Aborted at unmount. */
  readonly signal: AbortSignal;
}

/** A remote that a session may load, resolved to one version: an item of `GET /api/platform/applications`. */
export interface Application {
  /** Cards it offers to slots. */
  cards: ApplicationCard[];
  /** Origins of services that it calls past the portal, where the operator granted that. */
  direct?: string[];
  /** What people call it. */
  displayName: string;
  /** The URL of the entry: a path on this portal or an absolute URL. */
  entry: string;
  /** Feature flags for this session. */
  flags?: Record<string, boolean>;
  /** How the entry is mounted; `esm` is the native form. */
  format: string;
  /** `scope.name`, used in paths. */
  id: string;
  /** The entry's hash (Subresource Integrity), `sha384-…`. */
  integrity: string;
  /** `shadow` (the default) or `none`. */
  isolation: string;
  /** Further script URLs and their hashes, for the import map. */
  modules?: Record<string, string>;
  /** `@scope/name`. */
  name: string;
  /** The team that answers for it. */
  owner: string;
  /** Event types this session may publish through it. */
  publishes?: ApplicationEvent[];
  /** Pages it answers for. */
  routes: ApplicationRoute[];
  /** Style sheets to adopt inside its root. */
  styles?: Style[];
  /** Event types this session may subscribe to through it. */
  subscribes?: ApplicationEvent[];
  /** Whether the remote is in token mode: its context then carries audience-scoped access tokens. */
  tokenMode: boolean;
  /** The resolved version (SemVer 2.0). */
  version: string;
}

/** A card of a remote. */
export interface ApplicationCard {
  /** The height that its skeleton reserves, in CSS pixels, so that nothing jumps when it arrives. */
  height?: number;
  /** The export with the `mount` signature. */
  mount: string;
  /** `home:top`, `home:left` or `home:right`. */
  slot: string;
  /** The card's heading. */
  title?: string;
}

/** An event type a session may use through a remote. */
export interface ApplicationEvent {
  /** The CloudEvent's `type`; contains a dot. */
  type: string;
}

/** A page of a remote. The remote answers for `path` and everything below it. */
export interface ApplicationRoute {
  /** The export with the `mount` signature. */
  mount: string;
  /** Where the navigation shows it; none keeps it out of the navigation. */
  nav?: Nav;
  /** Absolute path in the portal, such as `/todos`. */
  path: string;
  /** The page's title and the navigation entry's text. */
  title: string;
}

/** The service behind the portal that a remote's calls reach. What it asks for is bounded by the operator's grants. */
export interface Backend {
  /** The audience of the token that the portal exchanges for it (RFC 8693). */
  audience: string;
  /** How often an idempotent call is tried again when the connection fails. */
  retries?: number;
  /** The calls that may be made. A call nobody declared is refused. */
  routes?: BackendRoute[];
  /** The scopes of that token. */
  scopes?: string[];
  /** How long until its answer must begin, in milliseconds. */
  timeoutMs?: number;
  /** Whether the remote gets access tokens in the browser. Without it no token reaches the browser. */
  tokenMode?: boolean;
  /** Where it is: `http` or `https`, without credentials, query or fragment. */
  url: string;
  /** Several calls that the browser makes in one. */
  views?: BackendView[];
}

/** Calls that a remote may make. */
export interface BackendRoute {
  /** How the portal may keep the answers to `GET`; nothing is kept without it. */
  cache?: RouteCache;
  /** Where all of these hold. */
  conditions?: RouteCondition[];
  /** With one of these methods. */
  methods: Method[];
  /** To this path below `url`: literal segments, `*` or `{name}` for one segment, `**` at the end for any number. */
  path: string;
  /** By people who hold all of these. */
  permissions?: string[];
  /** Whether people without a session may make the call too. Its answer is then the same for everyone: the service is told nothing of who asks. The operator must have granted it. */
  public?: boolean;
  /** How long until its answer must begin, in milliseconds; the back end's `timeoutMs` otherwise. */
  timeoutMs?: number;
  /** Protocols that the call may switch to, as `Upgrade` names them: `websocket`. The connection ends with its session. */
  upgrades?: string[];
}

/** Several `GET` calls to the back end that a browser makes in one: they run in parallel and come back together. Each is authorised as it would be alone. */
export interface BackendView {
  /** The calls. */
  legs: ViewLeg[];
  /** Where it is asked for, below `/bff/{remote}`: literal segments and `{name}` for a parameter. */
  path: string;
  /** By people who hold all of these. */
  permissions?: string[];
  /** Names of the query parameters that it takes; any other is refused. */
  query?: string[];
  /** How long all of it may take, in milliseconds; without it as long as one call. */
  timeoutMs?: number;
}

/** Whom a kept answer is for. Organization and permission set always count. */
export type CacheScope = "person" | "organization";

/** A CloudEvent in structured JSON form (CloudEvents 1.0.2, JSON event format). `data` is kept as the sender wrote it: key order, big numbers and duplicate keys survive. */
export interface CloudEvent {
  /** The payload, untouched. */
  data?: unknown;
  /** `application/json` when absent. */
  datacontenttype?: string;
  /** Unique together with `source`. */
  id: string;
  /** Extension attribute: the organization the event belongs to. */
  orgid?: string;
  /** The remote's name, `@scope/name`, for events published through the portal. */
  source: string;
  /** `1.0`. */
  specversion: string;
  /** What the event is about. */
  subject?: string;
  /** RFC 3339. */
  time?: string;
  /** Extension attribute: W3C Trace Context of the action that caused it. */
  traceparent?: string;
  /** Contains a dot, such as `chat.message`. */
  type: string;
  /** Extension attribute: the person it is for; absent means everyone in the organization who may subscribe. */
  userid?: string;
}

/** A service that the browser calls by itself. No token, no policy, no limit and no audit line of the portal's covers it. */
export interface DirectOrigin {
  /** Where it is: it is added to `connect-src` of pages that load this remote. */
  origin: string;
  /** Why it cannot go through the portal, for those who review it. */
  reason: string;
}

/** One event type and the Kafka topic that carries it. */
export interface EventDeclaration {
  /** What a person needs; all of these. */
  permissions?: string[];
  /** The Kafka topic. */
  topic: string;
  /** The CloudEvent's `type`; contains a dot. */
  type: string;
}

/** The events a remote takes part in. */
export interface Events {
  /** What it publishes. */
  publish?: EventDeclaration[];
  /** What it subscribes to. */
  subscribe?: EventDeclaration[];
}

/** What is wrong with one field of a request. The value that was found there is not repeated. */
export interface FieldError {
  /** What is wrong and what is expected. */
  detail: string;
  /** `path`, `query`, `header` or `body`. */
  in: string;
  /** The field, as a JSON pointer in a URI fragment: `#/title`. */
  pointer: string;
}

/** How an entry is mounted. All of them are adapted onto `mount(el, ctx)`. */
export type Format = "esm" | "custom-element" | "single-spa" | "module-federation" | "iife" | "iframe" | "fragment" | "backstage";

/** What the browser loads. Paths are relative to the manifest. */
export interface Frontend {
  /** All script that one route needs, in bytes after gzip. */
  bundleSize?: number;
  /** Cards it offers to slots. */
  cards?: ManifestCard[];
  /** The tag that `custom-element` defines; only with that format. */
  element?: string;
  /** The file that is loaded first. */
  entry: string;
  /** The exposed module, such as `./App`; only with `module-federation`. */
  expose?: string;
  /** Every further file the remote loads, with its hash: scripts, wasm, images, fonts. */
  files?: Record<string, string>;
  /** How the entry is mounted. */
  format?: Format;
  /** The global that the script assigns; only with `iife`. */
  global?: string;
  /** The entry's hash (Subresource Integrity), `sha384-…`. Only `iframe` and `fragment` go without. */
  integrity?: string;
  /** Where the remote's markup lives. */
  isolation?: Isolation;
  /** Pages it answers for. */
  routes?: ManifestRoute[];
  /** Modules it would share with other remotes, by package name. */
  shared?: Record<string, SharedModule>;
  /** Style sheets that the shell adopts inside the remote's root. */
  styles?: ManifestStyle[];
}

/** Where a remote's markup lives. */
export type Isolation = "shadow" | "none";

/** What a remote team publishes about one version of its remote: `remote.json`. An unknown field is an error. */
export interface Manifest {
  /** Where the JSON Schema of this file is, for editors. The portal ignores it. */
  $schema?: string;
  /** The service behind the portal that its calls reach. */
  backend?: Backend;
  /** What people call it. */
  displayName: string;
  /** What it publishes and subscribes to. */
  events?: Events;
  /** What the browser loads. */
  frontend: Frontend;
  /** `@scope/name`: lower case, digits, hyphens. Its id, used in paths, is `scope.name`. */
  name: string;
  /** The OpenAPI document of its back end, relative to the manifest; its hash stands in `frontend.files`. Calls are held against it before they are forwarded. */
  openapi?: string;
  /** The team that answers for it. */
  owner: string;
  /** What a person needs to see it. */
  permissions?: Permissions;
  /** What it asks the browser to allow. */
  security?: Security;
  /** The shell versions it works with: a range as npm writes it, such as `^1.0.0`. */
  shell: string;
  /** This version (SemVer 2.0). */
  version: string;
}

/** A card of a remote. */
export interface ManifestCard {
  /** The height that its skeleton reserves, in CSS pixels. */
  height?: number;
  /** The export with the `mount` signature. */
  mount?: string;
  /** `home:top`, `home:left` or `home:right`. */
  slot: string;
  /** The card's heading; the remote's display name without it. */
  title?: string;
}

/** A navigation entry's place. */
export interface ManifestNav {
  /** Ascending within the section. */
  order?: number;
  /** The section's heading. */
  section: string;
}

/** A page of a remote, which answers for `path` and everything below it. */
export interface ManifestRoute {
  /** The export with the `mount` signature. */
  mount?: string;
  /** Where the navigation shows it; none keeps it out of the navigation. */
  nav?: ManifestNav;
  /** Absolute path in the portal, such as `/todos`. */
  path: string;
  /** The page's title and the navigation entry's text. */
  title: string;
}

/** A style sheet of a remote. */
export interface ManifestStyle {
  /** Where it is, relative to the manifest. */
  href: string;
  /** Its hash, `sha384-…`. */
  integrity: string;
}

/** An HTTP method that a remote may use (RFC 9110, section 9.3; RFC 5789). */
export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";

/** A navigation entry's place. */
export interface Nav {
  /** Ascending within the section. */
  order: number;
  /** The section's heading. */
  section: string;
}

/** An organization (tenant) that a person belongs to. */
export interface Organization {
  /** The `org_id` claim: stable, opaque, used in keys and headers. */
  id: string;
  /** What people call it. */
  name: string;
}

/** What a person needs to see a remote. */
export interface Permissions {
  /** Every one of these; none means everyone who is signed in. */
  required?: string[];
}

/** An error as `application/problem+json` (RFC 9457), with the trace id that also stands in the log. */
export interface Problem {
  /** This occurrence: what was wrong and what to do. */
  detail: string;
  /** The fields that the problem is about, where it is about some. */
  errors?: FieldError[];
  /** The path of the request. */
  instance: string;
  /** The HTTP status. */
  status: number;
  /** The kind in words; the same for every occurrence. */
  title: string;
  /** The request's trace id (W3C Trace Context), 32 hex digits. */
  traceId: string;
  /** A stable URI reference for this kind of problem, such as `/problems/forbidden`. */
  type: string;
}

/** How the portal may keep the answers of a route (RFC 9111, RFC 5861). Whatever stands here, what the service marks `no-store` is not kept. Times are in seconds, as in `Cache-Control`. */
export interface RouteCache {
  /** How long the browser uses an answer without asking the portal; without it the browser asks each time, and is told that nothing has changed. */
  browserSeconds?: number;
  /** How long an answer is fresh. Without it the service's `Cache-Control` says so. */
  maxAgeSeconds?: number;
  /** Whom an answer may be given to besides the person it was made for. */
  scope?: CacheScope;
  /** How long after that it is given where the service fails. Without it the service's directive counts. */
  staleIfErrorSeconds?: number;
  /** How long after that it is still given, while a new one is fetched. Without it the service's directive counts. */
  staleWhileRevalidateSeconds?: number;
}

/** What must hold of a call besides permissions: that an attribute of it is a text, one of several, or the same as another attribute. Exactly one of `equals`, `oneOf` and `equalsAttribute` is given. An attribute that is missing fits nothing. */
export interface RouteCondition {
  /** `organization`, `subject`, `path.<parameter>`, `query.<parameter>` or `claims.<claim>`. */
  attribute: string;
  /** It is this text. */
  equals?: string;
  /** It is what this attribute is. */
  equalsAttribute?: string;
  /** It is one of these texts. */
  oneOf?: string[];
}

/** What a remote asks the browser to allow. */
export interface Security {
  /** Origins to add to `img-src`, `font-src`, `media-src`, `connect-src` and `frame-src`: no keywords, no wildcards. */
  csp?: Record<string, string[]>;
  /** Services of others that the browser calls itself, past the portal: every exception says why. */
  direct?: DirectOrigin[];
  /** Origins that it exchanges messages with. */
  trustedDomains?: string[];
}

/** What the browser may know of a session: the answer of `GET /api/platform/session`. Never a token. */
export interface Session {
  /** The person's e-mail address, where the provider gave one. */
  email?: string;
  /** `permissions` that the organization's plan includes, sorted; all authorisation uses these. */
  entitlements: string[];
  /** When the session ends whatever happens: RFC 3339, absolute. */
  expiresAt: string;
  /** The person's display name. */
  name: string;
  /** The organization this session acts for. */
  orgId: string;
  /** Every organization the person may switch to, this one included. */
  organizations: Organization[];
  /** What the person's roles give, sorted. */
  permissions: string[];
  /** The subject at the issuer (OpenID Connect Core, section 5.1). */
  sub: string;
}

/** A module that a remote would share. */
export interface SharedModule {
  /** The versions it works with: a range as npm writes it. */
  requiredVersion: string;
  /** Whether the page may hold only one. */
  singleton?: boolean;
}

/** A style sheet of a remote. */
export interface Style {
  /** Its URL. */
  href: string;
  /** Its hash, `sha384-…`. */
  integrity: string;
}

/** One call of a view. */
export interface ViewLeg {
  /** What its answer is called. */
  name: string;
  /** What is asked for below `url`, which a route must declare. `{name}` as a whole segment, or as the whole value of a query parameter, is the view's parameter of that name; a query parameter that was not given is left out. */
  path: string;
  /** Whether the view fails with it. Without that, the view says that it is incomplete. */
  required?: boolean;
}
