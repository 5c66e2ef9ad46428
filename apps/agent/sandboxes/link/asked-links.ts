import { Turns } from '#libs/async/turns.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import { moveAside, readStateFile, writeStateFile } from '../../state/state-file.js';
import { type LinkEntry, parseLinkList } from './link-entry.js';

/** The links that the local API was asked to serve, kept in a file for the agent's next start. */
export class AskedLinks {
  private readonly entries = new Map<SandboxId, LinkEntry>();
  private readonly writes = new Turns();

  constructor(
    private readonly path: string,
    private readonly onError: (error: unknown) => void,
  ) {}

  all(): readonly LinkEntry[] {
    return [...this.entries.values()];
  }

  /** Returns a call that puts back what was asked for this sandbox before. */
  set(entry: LinkEntry): () => void {
    const { sandboxId } = entry;
    const before = this.entries.get(sandboxId);
    this.entries.set(sandboxId, entry);
    return () => {
      if (before === undefined) this.entries.delete(sandboxId);
      else this.entries.set(sandboxId, before);
    };
  }

  /** False: it was not there. */
  delete(sandboxId: SandboxId): boolean {
    return this.entries.delete(sandboxId);
  }

  /** Reads the file of the agent's last run. A file that cannot be read is moved aside and told of. */
  async restore(): Promise<void> {
    try {
      const kept = await readStateFile(this.path);
      if (!Array.isArray(kept)) return;
      for (const entry of parseLinkList(kept).links) this.entries.set(entry.sandboxId, entry);
    } catch (error) {
      this.onError(error);
      await moveAside(this.path, new Date()).catch(() => {});
    }
  }

  /** Writes the links as they are when the write begins. Error: the file system's, which is told as well. */
  save(): Promise<void> {
    const written = this.writes.take(() =>
      writeStateFile(
        this.path,
        this.all().map(({ sandboxId, link, address }) => ({ id: sandboxId, interface: link, address })),
      ),
    );
    written.catch(this.onError);
    return written;
  }

  /** Resolves when nothing is being written. */
  close(): Promise<void> {
    return this.writes.idle();
  }
}
