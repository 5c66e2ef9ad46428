import { Turns } from '#libs/async/turns.js';
import { CodedError } from '#libs/contracts/errors.js';
import { hasTable, listTable, loadRules, NftCommandError } from './nft-command.js';
import { cutStrays, type SandboxReach } from './strays.js';
import {
  changedElements,
  hasElements,
  noTable,
  parseTable,
  type TableName,
  type TableRules,
  wholeTables,
} from './table-rules.js';

/** The isolation rules were not in force as they had been loaded. */
export class LinkRulesChangedError extends CodedError {}

/** How soon a change of the rules by another program is noticed. */
const LOOK_EVERY_MS = 5_000;
/** A fault is reported this long after its repair: a program that flushes rules is likely to do so again. */
const HELD_FOR_MS = 15_000;

export interface KeptRulesPorts {
  /**
   * Called with a change by another program, and with an error of reloading the rules: once for each while it lasts.
   */
  readonly failed: (error: unknown) => void;
  /** Called when `fault` changed. */
  readonly changed: () => void;
  /** What the rules in force let sandboxes reach. */
  readonly reach: () => SandboxReach;
}

/**
 * The agent's nftables rules. A sandbox that comes or goes adds or deletes elements of sets, at a cost that does not
 * depend on their number; any other change replaces the tables. The rules are checked regularly and reloaded when
 * another program removed or changed them (`nft flush ruleset`, a restart of the host's firewall).
 */
export class KeptRules {
  private wanted: readonly TableRules[] | null = null;
  /** The kernel's listing of the tables right after they were loaded, without the elements of sets. */
  private frames: readonly string[] = [];
  private found: CodedError | null = null;
  private foundAtMs = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | null = null;
  private readonly turns = new Turns();
  private closed = false;

  constructor(
    private readonly tables: readonly TableName[],
    private readonly ports: KeptRulesPorts,
  ) {}

  /** Why sandboxes are not isolated, or were not a moment ago; null: the rules are in force as loaded. */
  fault(): CodedError | null {
    return this.found;
  }

  /** Replaces the rules in force. Error: NftCommandError; then the former rules stay. */
  load(rules: readonly TableRules[]): Promise<void> {
    return this.turns.take(async () => {
      if (this.wanted === null) await this.put(rules);
      else if (!(await this.changeElements(this.wanted, rules))) this.tell(await this.renew(this.wanted, rules));
      this.wanted = rules;
    });
  }

  /** Whether all tables exist, from an earlier run of the agent. Error: NftCommandError. */
  async areInForce(): Promise<boolean> {
    const there = await Promise.all(this.tables.map(({ family, name }) => hasTable(family, name)));
    return there.every(Boolean);
  }

  /** Checks now, and repairs what it finds. */
  look(): Promise<void> {
    return this.turns.take(async () => {
      const rules = this.wanted;
      if (rules === null || this.closed) return;
      const fault = await this.renew(rules, rules).catch((error: unknown) => {
        if (error instanceof CodedError) return error;
        throw error;
      });
      this.tell(fault);
    });
  }

  /** Stops checking; the rules stay in force. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    await this.turns.idle();
  }

  /** Removes the rules; call it after `close`. Error: NftCommandError. */
  async remove(): Promise<void> {
    await loadRules(this.tables.map(noTable).join('\n'));
  }

  /** False: elements are not all that changed, or the kernel's sets are not as they were left. */
  private async changeElements(before: readonly TableRules[], after: readonly TableRules[]): Promise<boolean> {
    const commands = changedElements(before, after);
    if (commands === null) return false;
    try {
      if (commands !== '') await loadRules(commands);
      return true;
    } catch (error) {
      if (error instanceof NftCommandError) return false;
      throw error;
    }
  }

  /** Puts the rules `after` in force. Resolves with what was wrong before. Error: NftCommandError. */
  private async renew(before: readonly TableRules[], after: readonly TableRules[]): Promise<CodedError | null> {
    const wasIntact = await this.isAsLoaded(before);
    if (wasIntact && after === before) return null;
    await this.put(after);
    if (wasIntact) return null;
    await cutStrays(this.ports.reach()).catch(this.ports.failed);
    const names = this.tables.map(({ family, name }) => `${family} ${name}`).join(' and ');
    return new LinkRulesChangedError(
      'LINK_RULES_CHANGED',
      `another program removed or changed the nftables table ${names}, and sandboxes could reach services of the host; the agent has loaded it again`,
      'let the program that loads the firewall of this host replace only its own tables, without `flush ruleset`',
    );
  }

  private tell(fault: CodedError | null): void {
    const now = performance.now();
    if (fault === null && now - this.foundAtMs < HELD_FOR_MS) return;
    const isAnother = fault?.code !== this.found?.code;
    this.found = fault;
    if (fault !== null) this.foundAtMs = now;
    if (!isAnother) return;
    if (fault !== null) this.ports.failed(fault);
    this.ports.changed();
  }

  private async put(rules: readonly TableRules[]): Promise<void> {
    await loadRules(wholeTables(rules));
    this.frames = (await this.listed()).map(({ frame }) => frame);
    if (this.timer === null && !this.closed) this.lookLater();
  }

  private async isAsLoaded(rules: readonly TableRules[]): Promise<boolean> {
    const listed = await this.listed();
    return listed.every((table, place) => {
      const loaded = rules[place];
      return table.frame === this.frames[place] && loaded !== undefined && hasElements(table, loaded);
    });
  }

  private async listed() {
    const listings = await Promise.all(this.tables.map(({ family, name }) => listTable(family, name)));
    return listings.map(parseTable);
  }

  private lookLater(): void {
    this.timer = setTimeout(() => {
      void this.look()
        .catch(this.ports.failed)
        .then(() => {
          if (!this.closed) this.lookLater();
        });
    }, LOOK_EVERY_MS);
    this.timer.unref();
  }
}
