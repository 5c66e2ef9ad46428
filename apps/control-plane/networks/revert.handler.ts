import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { RevertWriteDto } from '#libs/contracts/http/reverts.js';
import { describeChange } from '../status/change-descriptions.js';
import { toldRules } from '../status/told-rules.js';
import { RevertNetwork } from './commands.js';
import { NetworkReverts } from './network-reverts.js';
import { NetworkWrites } from './network-writes.js';

const MOST_CHANGES = 500;

/** Goes back to a former version by new events, all in one command. */
@CommandHandler(RevertNetwork)
export class RevertNetworkHandler implements ICommandHandler<RevertNetwork> {
  constructor(
    private readonly writes: NetworkWrites,
    private readonly reverts: NetworkReverts,
  ) {}

  execute({ network, to, write }: RevertNetwork): Promise<RevertWriteDto> {
    return this.writes.run({
      write,
      network,
      asked: ['RevertNetwork', to],
      command: () => this.reverts.command(network, to),
      describe: (events, _after, before) => ({
        to,
        changes: events.slice(0, MOST_CHANGES).map((event) => describeChange(event, toldRules(before)).summary),
        changesLeftOut: Math.max(0, events.length - MOST_CHANGES),
      }),
    });
  }
}
