/** A token that the provider issued, as the admin listener's ledger has it. */
export interface IssuedToken {
  /** `id`, `access`, `exchanged`, `refresh` or `logout`. */
  kind: string;
  value: string;
  /** The one audience of an exchanged token. */
  audience?: string;
}

/** Something a browser got, kept or said. */
export interface Trace {
  /** Where it was: `response body https://…`, `localStorage`, `console`. */
  place: string;
  text: string;
}

export interface Finding {
  token: IssuedToken;
  place: string;
}

/** Shorter pieces would be found by chance. */
const SHORTEST = 20;
/** How much of a needle is looked up before the rest is compared. */
const KEY = 12;

/**
 * Looks for tokens in what a browser got: whole or in part (the claims or the signature of a JWT alone), plain,
 * percent-encoded or in base64.
 */
export class TokenScanner {
  readonly #needles = new Map<string, { text: string; token: IssuedToken }[]>();

  constructor(tokens: readonly IssuedToken[]) {
    for (const token of tokens) for (const text of disguises(token.value)) this.#add(text, token);
  }

  /** Every token in every trace; the same token once per place. */
  scan(traces: readonly Trace[]): Finding[] {
    return traces.flatMap(({ place, text }) => {
      const plain = decoded(text);
      const found = new Set([...this.#in(text), ...(plain === text ? [] : this.#in(plain))]);
      return [...found].map((token) => ({ token, place }));
    });
  }

  #add(text: string, token: IssuedToken): void {
    const key = text.slice(0, KEY);
    const bucket = this.#needles.get(key) ?? [];
    bucket.push({ text, token });
    this.#needles.set(key, bucket);
  }

  /** One walk over the text, however many tokens there are. */
  *#in(text: string): Generator<IssuedToken> {
    for (let at = 0; at + KEY <= text.length; at += 1) {
      const bucket = this.#needles.get(text.slice(at, at + KEY));
      for (const needle of bucket ?? []) if (text.startsWith(needle.text, at)) yield needle.token;
    }
  }
}

/** A token in the forms it may be hidden in. The first part of a JWT is the same for all and tells nothing. */
function disguises(value: string): string[] {
  const parts = value.split(".");
  const plain = [value, ...(parts.length > 1 ? parts.slice(1) : [])].filter((text) => text.length >= SHORTEST);
  return [...plain, ...plain.flatMap(inBase64)];
}

/** Base64 of a longer text around it, at each of the three offsets it may have; the ends depend on the neighbours. */
function inBase64(text: string): string[] {
  const encoded = [0, 1, 2].map((shift) => {
    const whole = Buffer.from(" ".repeat(shift) + text).toString("base64").replace(/=+$/, "");
    return whole.slice(shift === 0 ? 0 : 4, -4);
  });
  return [...new Set([...encoded, ...encoded.map((one) => one.replaceAll("+", "-").replaceAll("/", "_"))])];
}

function decoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll("%", ""), "hex").toString("latin1"));
}
