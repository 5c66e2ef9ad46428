import type { Check } from '#libs/contracts/bus/checks.js';
import { fail, pass } from '#libs/contracts/bus/checks.js';
import type { Epoch } from '#libs/contracts/bus/network-version.js';
import { type HeldNetwork, sameEpoch } from '../topology/held-network.js';

/** What the control plane expects the asked member to hold. */
export interface ExpectedTopology {
  readonly epoch: Epoch;
  readonly version: number;
  readonly hash: string;
}

const RETRY = 'wait a moment and test again';
/** Characters of a hash that are shown, enough to tell two apart. */
const SHOWN_HASH = 12;

/** Checks that the applied version is the expected one: epoch, version and content. */
export function checkTopologyApplied(applied: HeldNetwork | null, expected: ExpectedTopology): Check {
  if (applied === null || !applied.snapshot.participates) {
    const evidence = `no version of this network is applied; the control plane has version ${expected.version}`;
    return fail(
      'TOPOLOGY_APPLIED',
      evidence,
      `${RETRY}; if this lasts, check its contact with the control plane: gstacks agent list`,
    );
  }
  const { epoch, hash, snapshot } = applied;
  const { version, name } = snapshot;
  const differs = (evidence: string) =>
    fail(
      'TOPOLOGY_APPLIED',
      evidence,
      `see \`gstacks network status ${name}\`: the control plane may have been restored from a backup`,
    );
  if (!sameEpoch(epoch, expected.epoch)) {
    return differs(
      `version ${version} of epoch ${shown(epoch)} is applied; the control plane has epoch ${shown(expected.epoch)}`,
    );
  }
  if (version < expected.version) {
    const evidence = `version ${version} is applied; the control plane has ${expected.version}`;
    return fail('TOPOLOGY_APPLIED', evidence, `${RETRY}; if this lasts, read its log`);
  }
  if (version > expected.version) {
    return differs(`version ${version} is applied, but the control plane has only version ${expected.version}`);
  }
  if (hash !== expected.hash) {
    const [here, there] = [hash.slice(0, SHOWN_HASH), expected.hash.slice(0, SHOWN_HASH)];
    return differs(
      `the applied version ${version} (${here}) differs from the one that the control plane has (${there})`,
    );
  }
  return pass('TOPOLOGY_APPLIED', `version ${version} is applied, the same as at the control plane`);
}

function shown({ counter, id }: Epoch): string {
  return `${counter} (${id})`;
}
