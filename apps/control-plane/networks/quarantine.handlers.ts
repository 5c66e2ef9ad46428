import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { QuarantineDto } from '#libs/contracts/http/quarantine.js';
import type { AgentId, NetworkName } from '#libs/contracts/ids.js';
import { AgentContacts } from '../presence/agent-contacts.js';
import { Directory } from '../record/directory.js';
import { agentsConcerned } from '../record/network-record.js';
import { requireNetwork } from '../record/require-network.js';
import { LiftQuarantine, QuarantineNetwork } from './commands.js';
import { NetworkWrites } from './network-writes.js';

@CommandHandler(QuarantineNetwork)
export class QuarantineNetworkHandler implements ICommandHandler<QuarantineNetwork> {
  constructor(
    private readonly writes: NetworkWrites,
    private readonly directory: Directory,
    private readonly contacts: AgentContacts,
  ) {}

  execute({ network, reason, write }: QuarantineNetwork): Promise<QuarantineDto> {
    return this.writes.run({
      write,
      network,
      asked: ['QuarantineNetwork', reason],
      toTheEnd: true,
      command: () => ({
        kind: 'QuarantineNetwork',
        agents: this.holders(network),
        reason: reason ?? `quarantined by ${write.actor}`,
      }),
      describe: ({ agents }) => ({ agents }),
    });
  }

  /** The participants, as far as the stream can be read, and the agents that say they hold the network. */
  private holders(network: NetworkName): readonly AgentId[] {
    const record = requireNetwork(this.directory, network);
    const { networkId } = record.topology;
    const holding = this.directory
      .agents()
      .map(({ state }) => state.agentId)
      .filter((agentId) => this.contacts.of(agentId)?.held.has(networkId) ?? false);
    return [...new Set([...agentsConcerned(record), ...holding])].sort();
  }
}

@CommandHandler(LiftQuarantine)
export class LiftQuarantineHandler implements ICommandHandler<LiftQuarantine> {
  constructor(
    private readonly writes: NetworkWrites,
    private readonly directory: Directory,
  ) {}

  execute({ network, write }: LiftQuarantine): Promise<QuarantineDto> {
    return this.writes.run({
      write,
      network,
      asked: ['LiftQuarantine'],
      command: () => ({ kind: 'LiftQuarantine' }),
      describe: () => ({ agents: requireNetwork(this.directory, network).cutOff }),
    });
  }
}
