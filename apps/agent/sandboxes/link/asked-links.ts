import { Turns } from '#libs/async/turns.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import { moveAside, readStateFile, writeStateFile } from '../../state/state-file.js';
import { type LinkEntry, parseLinkList } from './link-entry.js';

/** The links of the local API could not be written to the agent's state folder. */
export class LinksNotWrittenError extends CodedError {}

/**
 * The links that callers of the local API put. They are kept in a file, from which the agent serves them after a
 * restart. A link is written once its rules and route are in place; waiting requests share one write.
 */
export class AskedLinks {
  private readonly asked = new Map<SandboxId, LinkEntry>();
  /** As in the file, or in the next write. */
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

  /** Adds a requested link, in place of another link of its sandbox. */
  ask(entry: LinkEntry): void {
    this.asked.set(entry.sandboxId, entry);
  }

  /** Restores what is kept for its sandbox, unless another link was requested since. */
  takeBack(entry: LinkEntry): void {
    const { sandboxId } = entry;
    if (this.asked.get(sandboxId) !== entry) return;
    const kept = this.kept.get(sandboxId);
    if (kept === undefined) this.asked.delete(sandboxId);
    else this.asked.set(sandboxId, kept);
  }

  /**
   * Resolves when the link is in the file, or another one was requested since. Error: LinksNotWrittenError; then it is
   * not kept.
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

  /** False: neither a request nor the file has such a link, so there is nothing to do. */
  drop(sandboxId: SandboxId): boolean {
    const wasKept = this.kept.delete(sandboxId);
    return this.asked.delete(sandboxId) || wasKept || this.isFileBehind;
  }

  /** Resolves when the file contains the current links. Error: LinksNotWrittenError. */
  write(): Promise<void> {
    if (this.next !== null) return this.next;
    const next = this.writes.take(async () => {
      this.next = null;
      await this.writeNow();
    });
    this.next = next;
    return next;
  }

  /** Reads the file of the agent's last run. An unusable file is moved aside and reported. */
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

  /** Resolves when no write is in progress. */
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
        'free space, or make the folder writable for the agent; then send the request again',
      );
      this.onError(notWritten);
      throw notWritten;
    }
  }
}
