import { Inject, Injectable } from '@nestjs/common';
import type { JsonValue } from '#libs/contracts/canonical-json.js';
import type { WarningDto } from '#libs/contracts/http/writes.js';
import type { NetworkId, NetworkName } from '#libs/contracts/ids.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { DomainError, type Outcome } from '#libs/domain/decision.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import type { NetworkCommandKind, NetworkCommandOf, NetworkResultOf } from '#libs/domain/network/commands.js';
import { decideNetwork } from '#libs/domain/network/decide.js';
import { evolveNetworkThrough } from '#libs/domain/network/state.js';
import type { EventStore, UniqueClaim } from '#libs/event-store/event-store.js';
import type { Topology } from '#libs/policy/model.js';
import { EpochRegressedError, Regressions } from '../applied/regressions.js';
import { EVENT_STORE } from '../foundation/provided.js';
import { networkNotFound } from '../http/errors.js';
import type { WriteContext } from '../http/write-context.js';
import { CommandExecutor, jsonOf } from '../record/command-executor.js';
import { Directory } from '../record/directory.js';
import { inFull } from '../record/kept-answer.js';
import { StreamStates } from '../record/stream-states.js';

/** A command's answer as every write of a network gives it. */
export interface NetworkAnswer<Result> {
  readonly network: string;
  readonly version: number;
  readonly changed: boolean;
  /** Since which version it has been so, when nothing was written. */
  readonly unchangedSince: number | null;
  readonly result: Result;
  readonly warnings: readonly WarningDto[];
}

/** A command that may depend on the network as it is; null: before its first event. */
export type CommandOn<Kind extends NetworkCommandKind> = (
  network: Topology | null,
) => NetworkCommandOf<Kind> | Promise<NetworkCommandOf<Kind>>;

export interface NetworkWrite<Kind extends NetworkCommandKind, Result> {
  readonly write: WriteContext;
  readonly network: NetworkName;
  /** What was asked, as far as it decides whether a repeat asks the same. */
  readonly asked: unknown;
  readonly command: CommandOn<Kind>;
  readonly describe: (told: NetworkResultOf<Kind>, after: Topology, before: Topology) => Result;
  readonly releasesName?: boolean;
  /** It only takes away, and is carried out on a stream that cannot be read to its end, too. */
  readonly toTheEnd?: boolean;
}

export interface PreviewedWrite<Kind extends NetworkCommandKind> {
  readonly told: NetworkResultOf<Kind>;
  readonly before: Topology;
  readonly after: Topology;
  readonly changed: boolean;
  readonly unchangedSince: number | null;
  readonly warnings: readonly WarningDto[];
}

export const nameClaim = (name: NetworkName): UniqueClaim => ({ scope: 'network-name', value: name });

/** Commands on a network that exists, found by its name. */
@Injectable()
export class NetworkWrites {
  constructor(
    private readonly executor: CommandExecutor,
    private readonly states: StreamStates,
    private readonly directory: Directory,
    private readonly regressions: Regressions,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  async run<Kind extends NetworkCommandKind, Result>(task: NetworkWrite<Kind, Result>): Promise<NetworkAnswer<Result>> {
    const request: JsonValue = jsonOf([task.network, task.asked]);
    // Before the name is looked up: a repeat of a deletion finds no network, and still its answer.
    const earlier = await this.executor.earlierAnswer<NetworkAnswer<Result>>(task.write, request);
    if (earlier !== null) return inFull(earlier);
    const networkId = await this.networkId(task.network);
    return this.executor.execute({
      context: task.write,
      request,
      isNew: true,
      streamId: streamOf(NETWORK, networkId),
      load: () => (task.toTheEnd ? this.states.networkToEnd(networkId) : this.states.network(networkId)),
      decide: async (topology) => {
        const command = await task.command(topology);
        const decision = this.withRegression(
          networkId,
          task.network,
          command,
          decideNetwork<Kind>(command, topology, task.write.overridesTests),
        );
        if (decision instanceof DomainError) return decision;
        const { result: told, unchangedSince } = decision;
        return { ...decision, result: { told, unchangedSince } };
      },
      answer: ({ events, warnings, result: { told, unchangedSince } }, before) => {
        const after = evolveNetworkThrough(before.state, events);
        if (before.state === null || after === null) throw networkNotFound(task.network);
        return {
          network: task.network,
          version: after.version,
          changed: events.length > 0,
          unchangedSince,
          result: task.describe(told, after, before.state),
          warnings,
        };
      },
      releases: task.releasesName ? [nameClaim(task.network)] : [],
    });
  }

  /** What a command would write, and what it would refuse, without writing it. Errors: those of the write. */
  async preview<Kind extends NetworkCommandKind>(
    network: NetworkName,
    commandOn: CommandOn<Kind>,
    overridesTests: boolean,
  ): Promise<PreviewedWrite<Kind>> {
    const networkId = await this.networkId(network);
    const { state: before } = await this.states.network(networkId);
    const command = await commandOn(before);
    const decided = decideNetwork<Kind>(command, before, overridesTests);
    const decision = this.withRegression(networkId, network, command, decided);
    if (decision instanceof DomainError) throw decision;
    const { events, result: told, unchangedSince, warnings } = decision;
    const after = evolveNetworkThrough(before, events);
    if (before === null || after === null) throw networkNotFound(network);
    return { told, before, after, changed: events.length > 0, unchangedSince, warnings };
  }

  /**
   * While agents hold what the store never wrote, only denials are written: whatever an operator decides about the
   * rest, they can only take away. Error: EpochRegressedError.
   */
  private withRegression<Made extends Pick<Outcome<unknown, unknown>, 'warnings'>>(
    networkId: NetworkId,
    network: NetworkName,
    command: { readonly kind: NetworkCommandKind; readonly effect?: unknown },
    decision: Made | DomainError,
  ): Made | DomainError {
    const [regression] = this.regressions.of(networkId);
    if (regression === undefined || decision instanceof DomainError) return decision;
    const isRule = command.kind === 'AddRule' || command.kind === 'AddRules' || command.kind === 'AddEgressRule';
    const isDenial = command.kind === 'QuarantineNetwork' || (isRule && command.effect === 'deny');
    if (!isDenial) throw new EpochRegressedError(network, regression);
    const message = `not proven before a new epoch (gstacks admin new-epoch): ${regression.detail}`;
    return { ...decision, warnings: [...decision.warnings, { code: 'EPOCH_REGRESSED', message }] };
  }

  private async networkId(name: NetworkName): Promise<NetworkId> {
    const known = this.directory.networkNamed(name);
    if (known !== null) return known.topology.networkId;
    const stream = await this.store.findClaim(nameClaim(name));
    if (stream === null) throw networkNotFound(name);
    return stream.slice('network-'.length) as NetworkId;
  }
}
