import { Applier, type ApplierEvent, type ApplierPorts } from '#apps/agent/topology/applier.js';
import type { LastGood } from '#apps/agent/topology/last-good.js';
import { Settling } from '#apps/agent/topology/settling.js';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import { type FlowId, parseAgentId, parseFlowId } from '#libs/contracts/ids.js';
import type { FlowCutAtEnd, RouteFailure } from '#libs/data-plane/data-plane.js';
import { createAddressPool } from '#libs/data-plane/proxy/address-pool.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';
import { HeldNetworks } from '#libs/member/held-networks.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const HOST_A = parseAgentId('host-a', 'agent');
export const NOW = new Date('2026-01-02T03:04:05Z');
export const flow = (digit: string): FlowId => parseFlowId(digit.repeat(32), 'flow');

export function held(
  version: number,
  aliases: readonly string[],
  networkId = '0a',
  epoch = { counter: 1, id: 'one' },
): HeldNetwork {
  const snapshot = snapshotOf({
    networkId,
    name: `net-${networkId}`,
    version,
    sandboxes: { 'sbx-web': 'host-a', 'sbx-far': 'host-b' },
    aliases: Object.fromEntries(aliases.map((alias) => [alias, { sandbox: 'sbx-far', ports: [8080] }])),
  });
  return { epoch, hash: `hash-${version}`, signature: `signature-${version}`, snapshot };
}

/** Ports that record their calls, and fail or wait if a test says so. */
export class Recorder {
  readonly steps: string[] = [];
  readonly acknowledged: AppliedMessage[] = [];
  readonly refused: AppliedMessage[] = [];
  readonly saved: LastGood[] = [];
  readonly later: (() => void)[] = [];
  /** The delay of each, and which were cancelled. */
  readonly delaysMs: number[] = [];
  readonly cancelled: number[] = [];
  cuts: readonly FlowId[] = [];
  cutAtEnd: readonly FlowCutAtEnd[] = [];
  readonly reported: ApplierEvent[] = [];
  unanswered: AppliedMessage[] = [];
  failOpen: (alias: string) => string | null = () => null;
  namesOf = new Map<string, () => Promise<void>>();
  saveFails: Error | null = null;
  readonly applier: Applier;

  constructor() {
    const pool = createAddressPool('127.77.0.0/24');
    const settling = new Settling({
      agentId: HOST_A,
      addresses: {
        assign: (networkId, alias) => pool.assign(networkId, alias, 0),
        addressOf: (networkId, alias) => pool.addressOf(networkId, alias),
        release: (networkId, alias) => pool.release(networkId, alias, 0),
        isTaken: (address) => pool.isTaken(address),
        save: async () => {},
      },
      listeners: {
        open: async (routes) => {
          this.steps.push(`open ${routes.map(({ alias }) => alias)}`);
          return routes.flatMap((route): RouteFailure[] => {
            const code = this.failOpen(route.alias);
            return code === null ? [] : [{ route, code, message: code }];
          });
        },
        shut: async (routes) => void this.steps.push(`shut ${routes.map(({ alias }) => alias)}`),
      },
      followEgress: async () => {},
      publishNames: async (networkId, names) => {
        await this.namesOf.get(networkId)?.();
        if (names === null) {
          this.steps.push('names none');
          return;
        }
        const { records, unserved, gone } = names;
        const others = [
          unserved.length === 0 ? '' : `, not ${unserved}`,
          gone === 'all others' ? ' alone' : gone.length === 0 ? '' : `, gone ${gone}`,
        ];
        this.steps.push(`names ${records.map(({ alias }) => alias)}${others.join('')}`);
      },
    });
    const ports: ApplierPorts = {
      held: new HeldNetworks(),
      flows: {
        view: () => null,
        cutAtEnd: () => this.cutAtEnd,
        restoreCutAtEnd: (_network, cuts) => {
          if (cuts.length > 0) this.steps.push(`restore ${cuts.length} cut`);
          this.cutAtEnd = cuts;
        },
        apply: (networkId, view) => {
          this.steps.push(`policy ${networkId} ${view?.version ?? 'none'}`);
          return this.cuts;
        },
      },
      settling,
      store: {
        save: async (lastGood) => {
          if (this.saveFails !== null) throw this.saveFails;
          this.steps.push(`save ${lastGood.held.snapshot.version}`);
          this.saved.push(lastGood);
        },
      },
      acknowledgements: {
        add: (message) => {
          this.steps.push(`acknowledge ${message.to}`);
          this.acknowledged.push(message);
        },
        unanswered: () => this.unanswered,
      },
      reportRefusal: (message) => void this.refused.push(message),
      now: () => NOW,
      later: (work, delayMs) => {
        const index = this.later.push(work) - 1;
        this.delaysMs.push(delayMs);
        return { cancel: () => void this.cancelled.push(index) };
      },
      report: (event) => void this.reported.push(event),
    };
    this.applier = new Applier(ports);
  }

  /** Applies a version and waits until it is acknowledged. */
  async applied(network: HeldNetwork): Promise<AppliedMessage> {
    this.applier.take(network);
    const { version } = network.snapshot;
    return waitFor(`version ${version}`, () => this.acknowledged.find(({ to }) => to === version));
  }
}
