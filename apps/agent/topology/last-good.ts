import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import { parseAppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import { parseEpoch } from '#libs/contracts/bus/network-version.js';
import { listOf, nullOr, parseObject, textUpTo } from '#libs/contracts/json-fields.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';
import { parseSnapshot } from '#libs/policy/parse-snapshot.js';
import { snapshotHash } from '#libs/policy/snapshot-digest.js';
import { snapshotHashOfProtocol1 } from '#libs/policy/snapshot-text.js';
import { moveAside, readStateFile, StateFileInvalidError, writeStateFile } from '../state/state-file.js';

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
const MOST_UNANSWERED = 1_000;

/** The networks' last-good versions, one file each. */
export class LastGoodFiles {
  constructor(private readonly folder: string) {}

  async save({ held, unanswered }: LastGood): Promise<void> {
    await writeStateFile(join(this.folder, `${held.snapshot.networkId}${SUFFIX}`), { ...held, unanswered });
  }

  /** Everything that can be read. What cannot is moved aside and told of: the control plane sends it again. */
  async load(now: Date): Promise<{ readonly networks: readonly LastGood[]; readonly corrupt: readonly CorruptFile[] }> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const networks: LastGood[] = [];
    const corrupt: CorruptFile[] = [];
    for (const name of (await readdir(this.folder)).sort()) {
      const path = join(this.folder, name);
      if (name.endsWith('.new')) await rm(path);
      if (!name.endsWith(SUFFIX)) continue;
      try {
        const lastGood = readLastGood(await readStateFile(path));
        if (name !== `${lastGood.held.snapshot.networkId}${SUFFIX}`) throw invalid(`${path} holds another network`);
        networks.push(lastGood);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        corrupt.push({ path, movedTo: await moveAside(path, now), reason });
      }
    }
    return { networks, corrupt };
  }
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
