import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { RepeatedWork } from '#libs/async/repeated-work.js';
import type { NetworkId, RuleId } from '#libs/contracts/ids.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import { decideNetwork } from '#libs/domain/network/decide.js';
import type { EgressRule, Rule, Topology } from '#libs/policy/model.js';
import { Regressions } from '../applied/regressions.js';
import { CLOCK, type Clock, LOGGER } from '../foundation/provided.js';
import { CommandExecutor } from '../record/command-executor.js';
import { Directory } from '../record/directory.js';
import { StreamStates } from '../record/stream-states.js';

const LOOK_EVERY_MS = 500;

/**
 * Writes that a rule has ended, when its time is over by the clock of this process. Agents stop what an allow lets
 * through by clocks of their own, also while nobody writes here; a deny ends with what is written here alone. An
 * end is written once, whichever process writes it: the rule is off the network from then on.
 */
@Injectable()
export class RuleExpiry {
  private readonly looks: RepeatedWork;
  /** Networks whose ends could not be written at the last try: it is logged once. */
  private readonly failing = new Set<NetworkId>();

  constructor(
    private readonly directory: Directory,
    private readonly executor: CommandExecutor,
    private readonly states: StreamStates,
    private readonly regressions: Regressions,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.looks = new RepeatedWork(
      () => this.look(),
      LOOK_EVERY_MS,
      (error) => logger.warn({ err: error }, 'expired rules could not be looked for; trying again'),
    );
  }

  start(): void {
    this.looks.start();
  }

  close(): Promise<void> {
    return this.looks.close();
  }

  private async look(): Promise<void> {
    const now = this.clock();
    for (const { topology } of this.directory.networks()) {
      if (topology.deleted || firstEndOf(topology) > now.getTime()) continue;
      // While agents hold what the store never wrote, nothing but denials is written.
      if (this.regressions.of(topology.networkId).length === 0) await this.expire(topology, now);
    }
  }

  private async expire({ networkId, name, version }: Topology, now: Date): Promise<void> {
    const id = `rules-ended:${networkId}:${version}`;
    try {
      await this.executor.execute({
        context: { commandId: id, correlationId: id, expectedVersion: null, actor: 'control-plane' },
        request: ['ExpireRules', networkId],
        streamId: streamOf(NETWORK, networkId),
        load: () => this.states.network(networkId),
        decide: (topology) => decideNetwork({ kind: 'ExpireRules', now }, topology),
        answer: ({ events }) => events.length,
      });
      this.failing.delete(networkId);
    } catch (error) {
      if (this.failing.has(networkId)) return;
      this.failing.add(networkId);
      this.logger.warn({ err: error, network: name }, 'the end of expired rules could not be written; trying again');
    }
  }
}

/** Made once for rules that have not changed since; Infinity: none ends. */
const found = new WeakMap<ReadonlyMap<RuleId, Rule | EgressRule>, number>();

function firstEndOf({ rules, egressRules }: Topology): number {
  return Math.min(firstOf(rules), firstOf(egressRules));
}

function firstOf(rules: ReadonlyMap<RuleId, Rule | EgressRule>): number {
  const known = found.get(rules);
  if (known !== undefined) return known;
  let first = Number.POSITIVE_INFINITY;
  for (const { until } of rules.values()) if (until !== null) first = Math.min(first, Date.parse(until));
  found.set(rules, first);
  return first;
}
