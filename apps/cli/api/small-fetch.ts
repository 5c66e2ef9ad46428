/**
 * The parts of Headers, Request and Response (Fetch Standard) that the generated client uses with JSON. The first use
 * of Node's own loads its whole HTTP client with HTTP/2 and TLS, a third of the CPU time of a command that only reads
 * (docs/adr/0079).
 */
export function installSmallFetch(): void {
  // Assigned and not defined: redefining such a property makes the engine create the original first.
  Object.assign(globalThis, { Headers: SmallHeaders, Request: SmallRequest, Response: SmallResponse });
}

type HeadersGiven = Iterable<readonly [string, string]> | Readonly<Record<string, string>>;

export class SmallHeaders {
  private readonly values = new Map<string, string>();

  constructor(given: HeadersGiven = {}) {
    const entries = Symbol.iterator in given ? [...given] : Object.entries(given);
    for (const [name, value] of entries) this.append(name, value);
  }

  append(name: string, value: string): void {
    const before = this.get(name);
    this.set(name, before === null ? value : `${before}, ${value}`);
  }

  set(name: string, value: string): void {
    this.values.set(name.toLowerCase(), String(value));
  }

  get(name: string): string | null {
    return this.values.get(name.toLowerCase()) ?? null;
  }

  has(name: string): boolean {
    return this.values.has(name.toLowerCase());
  }

  delete(name: string): void {
    this.values.delete(name.toLowerCase());
  }

  forEach(tell: (value: string, name: string) => void): void {
    this.values.forEach(tell);
  }

  [Symbol.iterator](): Iterator<[string, string]> {
    return this.values[Symbol.iterator]();
  }
}

/** A text body, or none. */
class SmallBody {
  readonly headers: SmallHeaders;

  constructor(
    private readonly content: string | null,
    headers: HeadersGiven | undefined,
  ) {
    this.headers = new SmallHeaders(headers);
  }

  async text(): Promise<string> {
    return this.content ?? '';
  }
}

interface RequestGiven {
  readonly method?: string;
  readonly headers?: HeadersGiven;
  readonly body?: string | null;
}

export class SmallRequest extends SmallBody {
  readonly url: string;
  readonly method: string;

  constructor(address: string | URL, given: RequestGiven = {}) {
    super(given.body ?? null, given.headers);
    this.url = String(address);
    this.method = given.method ?? 'GET';
  }
}

export class SmallResponse extends SmallBody {
  readonly status: number;
  readonly ok: boolean;

  constructor(content: string | null, given: { readonly status?: number; readonly headers?: HeadersGiven } = {}) {
    super(content, given.headers);
    this.status = given.status ?? 200;
    this.ok = this.status >= 200 && this.status <= 299;
  }
}
