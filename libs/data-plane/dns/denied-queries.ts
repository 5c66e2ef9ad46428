/** How often one client asked for a name outside that no rule allows it. */
export interface DeniedQuery {
  /** The client's address. */
  readonly source: string;
  readonly name: string;
  readonly count: number;
}

const TOLD_EVERY_MS = 1_000;
/** Of a client that asks for more names within a second, only the first are reported. */
const NAMES_PER_CLIENT = 50;
/** RFC 1035 section 2.3.4, in dotted form. */
const MOST_CHARACTERS = 253;

/** Collects the queries for names that no rule allows, and reports them to the main thread once a second. */
export class DeniedQueries {
  private readonly counts = new Map<string, Map<string, number>>();
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly tell: (denied: readonly DeniedQuery[]) => void) {}

  add(source: string, name: string): void {
    const names = this.counts.get(source) ?? new Map<string, number>();
    const count = names.get(name);
    if (name.length > MOST_CHARACTERS || (count === undefined && names.size >= NAMES_PER_CLIENT)) return;
    this.counts.set(source, names.set(name, (count ?? 0) + 1));
    if (this.timer !== null) return;
    this.timer = setTimeout(() => this.flush(), TOLD_EVERY_MS);
    this.timer.unref();
  }

  private flush(): void {
    this.timer = null;
    const denied = [...this.counts].flatMap(([source, names]) =>
      [...names].map(([name, count]) => ({ source, name, count })),
    );
    this.counts.clear();
    this.tell(denied);
  }
}
