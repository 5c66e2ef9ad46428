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

/** The rules that keep sandboxes apart were not in force as they were loaded. */
export class LinkRulesChangedError extends CodedError {}

/** So soon a change of the rules by another program is noticed. */
const LOOK_EVERY_MS = 5_000;
/** A fault is told for so long after it was mended: a program that flushes rules tends to do so again. */
const HELD_FOR_MS = 15_000;

export interface KeptRulesPorts {
  /** Hears of a change by another program, and of what hinders loading the rules again: each once while it lasts. */
  readonly failed: (error: unknown) => void;
  /** `fault` is another than before. */
  readonly changed: () => void;
  /** What the rules that are in force let sandboxes reach. */
  readonly reach: () => SandboxReach;
}

/**
 * The agent's nftables rules. A sandbox that comes or goes adds or deletes elements of sets, at the same cost however
 * many there are; any other change replaces the tables. They are looked at again and again, and loaded anew when
 * another program removed or changed them (`nft flush ruleset`, a restart of the host's firewall).
 */
export class KeptRules {
  private wanted: readonly TableRules[] | null = null;
  /** What the kernel showed of the tables right after they were loaded, without the elements of their sets. */
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

  /** Why sandboxes are not kept apart, or were not a moment ago; null: the rules are in force as they were loaded. */
  fault(): CodedError | null {
    return this.found;
  }

  /** Puts the rules in force in place of those before. Error: NftCommandError, and then those before stay. */
  load(rules: readonly TableRules[]): Promise<void> {
    return this.turns.take(async () => {
      if (this.wanted === null) await this.put(rules);
      else if (!(await this.changeElements(this.wanted, rules))) this.tell(await this.renew(this.wanted, rules));
      this.wanted = rules;
    });
  }

  /** Whether all tables are there, from an earlier run of the agent. Error: NftCommandError. */
  async areInForce(): Promise<boolean> {
    const there = await Promise.all(this.tables.map(({ family, name }) => hasTable(family, name)));
    return there.every(Boolean);
  }

  /** Looks now, and mends what is found. */
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

  /** Stops looking; the rules stay in force. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    await this.turns.idle();
  }

  /** Takes the rules away, after `close`. Error: NftCommandError. */
  async remove(): Promise<void> {
    await loadRules(this.tables.map(noTable).join('\n'));
  }

  /** False: that is not enough, or the kernel does not have the sets as they were left. */
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

  /** The rules `after` are in force afterwards; resolves with what was wrong before. Error: NftCommandError. */
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
      'let the program that loads the firewall of this host replace its own tables only, without `flush ruleset`',
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
