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
