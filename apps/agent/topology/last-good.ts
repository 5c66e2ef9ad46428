import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import { parseAppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import { parseEpoch } from '#libs/contracts/bus/network-version.js';
import { type NetworkId, parseFlowId, parseRuleId } from '#libs/contracts/ids.js';
import { listOf, nullOr, parseObject, textUpTo } from '#libs/contracts/json-fields.js';
import type { FlowCutAtEnd } from '#libs/data-plane/data-plane.js';
import { MOST_CUT_AT_END } from '#libs/data-plane/flows/ended-rules.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';
import type { Snapshot } from '#libs/policy/model.js';
import { parseDelta } from '#libs/policy/parse-delta.js';
import { parseSnapshot } from '#libs/policy/parse-snapshot.js';
import { applyDelta, diff } from '#libs/policy/snapshot-delta.js';
import { snapshotHash, treeOf } from '#libs/policy/snapshot-digest.js';
import { snapshotHashOfProtocol1 } from '#libs/policy/snapshot-text.js';
import { JournaledFile, STATE_SUFFIX } from '../state/journaled-file.js';
import { StateFileInvalidError } from '../state/state-file.js';

/** A network as it was last applied, and what of it the control plane may not have heard yet. */
export interface LastGood {
  readonly held: HeldNetwork;
  readonly unanswered: readonly AppliedMessage[];
  /** Flows cut when a rule ended, which are reported with the version without it. */
  readonly cutAtEnd: readonly FlowCutAtEnd[];
}

export interface CorruptFile {
  readonly path: string;
  readonly movedTo: string;
  readonly reason: string;
}

const MOST_UNANSWERED = 1_000;

/** A network's file and the snapshot it holds: the next change is written as a delta from that. */
interface Saved {
  readonly file: JournaledFile;
  readonly snapshot: Snapshot;
}

/**
 * The networks' last-good versions: of each a file, and a journal of what changed since that was written, so that a
 * change costs what it touches on disk as well.
 */
export class LastGoodFiles {
  private readonly saved = new Map<NetworkId, Saved>();

  constructor(private readonly folder: string) {}

  /** On disk when it resolves. Errors: DiskFullError, or the system's. */
  async save({ held, unanswered, cutAtEnd }: LastGood): Promise<void> {
    const { epoch, hash, signature, snapshot } = held;
    const { networkId } = snapshot;
    const before = this.saved.get(networkId);
    const file = before?.file ?? new JournaledFile(this.pathOf(`${networkId}${STATE_SUFFIX}`));
    await file.save(
      () => ({ ...held, unanswered, cutAtEnd }),
      () => ({
        epoch,
        hash,
        signature,
        delta: diff(treeOf(before?.snapshot ?? snapshot), treeOf(snapshot)),
        unanswered,
        cutAtEnd,
      }),
    );
    this.saved.set(networkId, { file, snapshot });
  }

  /** Everything that can be read. What cannot is moved aside and told of: the control plane sends it again. */
  async load(now: Date): Promise<{ readonly networks: readonly LastGood[]; readonly corrupt: readonly CorruptFile[] }> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const networks: LastGood[] = [];
    const corrupt: CorruptFile[] = [];
    for (const name of (await readdir(this.folder)).sort()) {
      const path = this.pathOf(name);
      if (name.endsWith('.new')) await rm(path);
      if (!name.endsWith(STATE_SUFFIX)) continue;
      const file = new JournaledFile(path);
      try {
        networks.push(await this.read(name, file));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        corrupt.push({ path, movedTo: await file.moveAside(now), reason });
      }
    }
    return { networks, corrupt };
  }

  /** A journal that cannot be read makes its file useless too: it is older than what was acknowledged. */
  private async read(name: string, file: JournaledFile): Promise<LastGood> {
    const path = this.pathOf(name);
    const content = await file.load();
    if (content === null) throw invalid(`${path} is gone`);
    const lastGood = content.changes.reduce<LastGood>(lastGoodAfter, readLastGood(content.value));
    const { snapshot } = lastGood.held;
    if (name !== `${snapshot.networkId}${STATE_SUFFIX}`) throw invalid(`${path} holds another network`);
    this.saved.set(snapshot.networkId, { file, snapshot });
    return lastGood;
  }

  private pathOf(name: string): string {
    return join(this.folder, name);
  }
}

function lastGoodAfter({ held }: LastGood, entry: unknown): LastGood {
  const { epoch, hash, signature, delta, unanswered, cutAtEnd } = parseObject(entry, 'journal');
  const snapshot = applyDelta(parseDelta(delta), held.snapshot);
  if (snapshotHash(snapshot) !== hash) throw invalid('a saved change does not give the hash that it was sent with');
  return {
    held: {
      epoch: parseEpoch(epoch, 'epoch'),
      hash: snapshotHash(snapshot),
      signature: nullOr(textUpTo(256))(signature, 'signature'),
      snapshot,
    },
    unanswered: listOf(parseAppliedMessage, MOST_UNANSWERED)(unanswered, 'unanswered'),
    cutAtEnd: readCutAtEnd(cutAtEnd),
  };
}

function readLastGood(value: unknown): LastGood {
  const { epoch, hash, signature, snapshot: kept, unanswered, cutAtEnd } = parseObject(value, 'last-good');
  const snapshot = parseSnapshot(kept);
  const presentHash = snapshotHash(snapshot);
  // The release before wrote the hash of protocol 1, and no signature: it is held on under the hash of today.
  if (hash !== presentHash && hash !== snapshotHashOfProtocol1(snapshot)) {
    throw invalid('the saved snapshot does not have the hash that it was sent with');
  }
  const held: HeldNetwork = {
    epoch: parseEpoch(epoch, 'epoch'),
    hash: presentHash,
    signature: hash === presentHash ? nullOr(textUpTo(256))(signature ?? null, 'signature') : null,
    snapshot,
  };
  return {
    held,
    unanswered: listOf(parseAppliedMessage, MOST_UNANSWERED)(unanswered, 'unanswered'),
    cutAtEnd: readCutAtEnd(cutAtEnd),
  };
}

/** The release before wrote none. */
function readCutAtEnd(value: unknown): readonly FlowCutAtEnd[] {
  return listOf((item, field): FlowCutAtEnd => {
    const { flowId, ruleId } = parseObject(item, field);
    return { flowId: parseFlowId(flowId, `${field}.flowId`), ruleId: parseRuleId(ruleId, `${field}.ruleId`) };
  }, MOST_CUT_AT_END)(value ?? [], 'cutAtEnd');
}

function invalid(message: string): StateFileInvalidError {
  return new StateFileInvalidError('STATE_FILE_INVALID', message);
}
