import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import { parseAppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import { parseEpoch } from '#libs/contracts/bus/network-version.js';
import type { NetworkId } from '#libs/contracts/ids.js';
import { listOf, nullOr, parseObject, textUpTo } from '#libs/contracts/json-fields.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';
import type { Snapshot } from '#libs/policy/model.js';
import { parseDelta } from '#libs/policy/parse-delta.js';
import { parseSnapshot } from '#libs/policy/parse-snapshot.js';
import { applyDelta, diff } from '#libs/policy/snapshot-delta.js';
import { snapshotHash, treeOf } from '#libs/policy/snapshot-digest.js';
import { snapshotHashOfProtocol1 } from '#libs/policy/snapshot-text.js';
import { appendEntry, emptyJournal, type JournalEnd, readJournal } from '../state/journal-file.js';
import { moveAside, readStateContent, StateFileInvalidError, writeStateFile } from '../state/state-file.js';

/** A network as it was last applied, and what of it the control plane may not have heard yet. */
export interface LastGood {
  readonly held: HeldNetwork;
  readonly unanswered: readonly AppliedMessage[];
}

export interface CorruptFile {
  readonly path: string;
  readonly movedTo: string;
  readonly reason: string;
}

const SUFFIX = '.json';
const JOURNAL = '.journal';
const MOST_UNANSWERED = 1_000;

/** What is on disk of a network: a change is written as what leads on from it. */
interface Saved {
  readonly snapshot: Snapshot;
  readonly fileBytes: number;
  readonly end: JournalEnd;
}

/** A journal grows to the size of its file, and at least to this, before the file is written anew. */
const LEAST_JOURNAL_BYTES = 64 * 1_024;

/**
 * The networks' last-good versions: of each a file, and a journal of what changed since that was written, so that a
 * change costs what it touches on disk as well.
 */
export class LastGoodFiles {
  private readonly saved = new Map<NetworkId, Saved>();

  constructor(private readonly folder: string) {}

  /** On disk when it resolves. Errors: DiskFullError, or the system's. */
  async save(lastGood: LastGood): Promise<void> {
    const { snapshot } = lastGood.held;
    const { networkId } = snapshot;
    const before = this.saved.get(networkId);
    // What an attempt that fails leaves behind nobody knows: the next one writes the file.
    this.saved.delete(networkId);
    const isRoom = before !== undefined && before.end.bytes < Math.max(before.fileBytes, LEAST_JOURNAL_BYTES);
    this.saved.set(networkId, isRoom ? await this.append(before, lastGood) : await this.write(lastGood));
  }

  private async write({ held, unanswered }: LastGood): Promise<Saved> {
    const { snapshot } = held;
    const written = await writeStateFile(this.pathOf(`${snapshot.networkId}${SUFFIX}`), { ...held, unanswered });
    return { snapshot, fileBytes: written.bytes, end: emptyJournal(written.checksum) };
  }

  private async append(before: Saved, { held, unanswered }: LastGood): Promise<Saved> {
    const { epoch, hash, signature, snapshot } = held;
    const delta = diff(treeOf(before.snapshot), treeOf(snapshot));
    const path = this.pathOf(`${snapshot.networkId}${JOURNAL}`);
    const end = await appendEntry(path, before.end, { epoch, hash, signature, delta, unanswered });
    return { ...before, snapshot, end };
  }

  /** Everything that can be read. What cannot is moved aside and told of: the control plane sends it again. */
  async load(now: Date): Promise<{ readonly networks: readonly LastGood[]; readonly corrupt: readonly CorruptFile[] }> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const networks: LastGood[] = [];
    const corrupt: CorruptFile[] = [];
    for (const name of (await readdir(this.folder)).sort()) {
      const path = this.pathOf(name);
      if (name.endsWith('.new')) await rm(path);
      if (!name.endsWith(SUFFIX)) continue;
      try {
        networks.push(await this.read(name));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        corrupt.push({ path, movedTo: await moveAside(path, now), reason });
      }
    }
    return { networks, corrupt };
  }

  /** A journal that cannot be read makes its file useless too: it is older than what was acknowledged. */
  private async read(name: string): Promise<LastGood> {
    const path = this.pathOf(name);
    const file = await readStateContent(path);
    if (file === null) throw invalid(`${path} is gone`);
    let lastGood = readLastGood(file.value);
    const { networkId } = lastGood.held.snapshot;
    if (name !== `${networkId}${SUFFIX}`) throw invalid(`${path} holds another network`);
    const { entries, end } = await readJournal(this.pathOf(`${networkId}${JOURNAL}`), file.checksum);
    for (const entry of entries) lastGood = lastGoodAfter(lastGood, entry);
    this.saved.set(networkId, { snapshot: lastGood.held.snapshot, fileBytes: file.bytes, end });
    return lastGood;
  }

  private pathOf(name: string): string {
    return join(this.folder, name);
  }
}

function lastGoodAfter({ held }: LastGood, entry: unknown): LastGood {
  const { epoch, hash, signature, delta, unanswered } = parseObject(entry, 'journal');
  const snapshot = applyDelta(parseDelta(delta), held.snapshot);
  if (snapshotHash(snapshot) !== hash) throw invalid('a change does not lead to the hash it was sent with');
  return {
    held: {
      epoch: parseEpoch(epoch, 'epoch'),
      hash: snapshotHash(snapshot),
      signature: nullOr(textUpTo(256))(signature, 'signature'),
      snapshot,
    },
    unanswered: listOf(parseAppliedMessage, MOST_UNANSWERED)(unanswered, 'unanswered'),
  };
}

function readLastGood(value: unknown): LastGood {
  const { epoch, hash, signature, snapshot: kept, unanswered } = parseObject(value, 'last-good');
  const snapshot = parseSnapshot(kept);
  const presentHash = snapshotHash(snapshot);
  // The release before wrote the hash of protocol 1, and no signature: it is held on under the hash of today.
  if (hash !== presentHash && hash !== snapshotHashOfProtocol1(snapshot)) {
    throw invalid('the snapshot does not have the hash it was sent with');
  }
  const held: HeldNetwork = {
    epoch: parseEpoch(epoch, 'epoch'),
    hash: presentHash,
    signature: hash === presentHash ? nullOr(textUpTo(256))(signature ?? null, 'signature') : null,
    snapshot,
  };
  return { held, unanswered: listOf(parseAppliedMessage, MOST_UNANSWERED)(unanswered, 'unanswered') };
}

function invalid(message: string): StateFileInvalidError {
  return new StateFileInvalidError('STATE_FILE_INVALID', message);
}
