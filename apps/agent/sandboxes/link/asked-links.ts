import { Turns } from '#libs/async/turns.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import { moveAside, readStateFile, writeStateFile } from '../../state/state-file.js';
import { type LinkEntry, parseLinkList } from './link-entry.js';

/** The links of the local API cannot be written to the agent's state. */
export class LinksNotWrittenError extends CodedError {}

/**
 * The links that callers of the local API have put. They are kept in a file, from which the agent serves them after a
 * restart. A link is written to it once its rules and its route are in place; requests that wait share one write.
 */
export class AskedLinks {
  private readonly asked = new Map<SandboxId, LinkEntry>();
  /** As the file has them, or is to have them. */
  private readonly kept = new Map<SandboxId, LinkEntry>();
  private readonly writes = new Turns();
  private next: Promise<void> | null = null;
  private isFileBehind = false;

  constructor(
    private readonly path: string,
    private readonly onError: (error: unknown) => void,
  ) {}

  all(): readonly LinkEntry[] {
    return [...this.asked.values()];
  }

  /** From now on it is among those asked for, in place of another link of its sandbox. */
  ask(entry: LinkEntry): void {
    this.asked.set(entry.sandboxId, entry);
  }

  /** Puts back what is kept for its sandbox, unless another link was asked for since. */
  takeBack(entry: LinkEntry): void {
    const { sandboxId } = entry;
    if (this.asked.get(sandboxId) !== entry) return;
    const kept = this.kept.get(sandboxId);
    if (kept === undefined) this.asked.delete(sandboxId);
    else this.asked.set(sandboxId, kept);
  }

  /**
   * Resolves when it is in the file, or another link was asked for since. Error: LinksNotWrittenError, and it is not
   * kept.
   */
  async keep(entry: LinkEntry): Promise<void> {
    const { sandboxId } = entry;
    if (this.asked.get(sandboxId) !== entry) return;
    const before = this.kept.get(sandboxId);
    this.kept.set(sandboxId, entry);
    try {
      await this.write();
    } catch (error) {
      if (this.kept.get(sandboxId) === entry) {
        if (before === undefined) this.kept.delete(sandboxId);
        else this.kept.set(sandboxId, before);
      }
      throw error;
    }
  }

  /** False: nobody has asked for such a link, and the file does not have it either, so that nothing is to be done. */
  drop(sandboxId: SandboxId): boolean {
    const wasKept = this.kept.delete(sandboxId);
    return this.asked.delete(sandboxId) || wasKept || this.isFileBehind;
  }

  /** Resolves when the file has the links as they are now. Error: LinksNotWrittenError. */
  write(): Promise<void> {
    if (this.next !== null) return this.next;
    const next = this.writes.take(async () => {
      this.next = null;
      await this.writeNow();
    });
    this.next = next;
    return next;
  }

  /** Reads the file of the agent's last run. A file that cannot be read is moved aside and told of. */
  async restore(): Promise<void> {
    try {
      const kept = await readStateFile(this.path);
      if (!Array.isArray(kept)) return;
      for (const entry of parseLinkList(kept).links) {
        this.asked.set(entry.sandboxId, entry);
        this.kept.set(entry.sandboxId, entry);
      }
    } catch (error) {
      this.onError(error);
      await moveAside(this.path, new Date()).catch(() => {});
    }
  }

  /** Resolves when nothing is being written. */
  close(): Promise<void> {
    return this.writes.idle();
  }

  private async writeNow(): Promise<void> {
    const links = [...this.kept.values()].map(({ sandboxId, link, address }) => ({
      id: sandboxId,
      interface: link,
      address,
    }));
    try {
      await writeStateFile(this.path, links);
      this.isFileBehind = false;
    } catch (error) {
      this.isFileBehind = true;
      const reason = error instanceof Error ? error.message : String(error);
      const notWritten = new LinksNotWrittenError(
        'LINKS_NOT_WRITTEN',
        `the links cannot be written to ${this.path}: ${reason}`,
        'make room and let the agent write there, and send the request again',
      );
      this.onError(notWritten);
      throw notWritten;
    }
  }
}
