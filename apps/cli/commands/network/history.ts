import * as Flags from '@oclif/core/flags';
import { listHistory } from '#libs/api-client/generated/index.js';
import { CHANGE_KINDS } from '#libs/contracts/change-kinds.js';
import { wordOf } from '#libs/contracts/json-fields.js';
import { TIME_FORMS, timeOf } from '#libs/contracts/moment-texts.js';
import { networkArgument } from '../../arguments.js';
import { changeColumns } from '../../history/history-text.js';
import { ListCommand } from '../../list-command.js';

export default class NetworkHistory extends ListCommand {
  static override summary = 'List who changed a network, when and what: the newest first';
  static override description = 'Also of a network that was deleted, until another one takes its name.';
  static override examples = [
    '<%= config.bin %> network history dev',
    '<%= config.bin %> network history dev --since 2h --actor ada',
  ];
  static override args = { network: networkArgument };
  static override flags = {
    since: Flags.string({ description: `only changes since then: ${TIME_FORMS}`, helpValue: '<time>' }),
    until: Flags.string({ description: `only changes before then: ${TIME_FORMS}`, helpValue: '<time>' }),
    actor: Flags.string({
      description: 'only what this actor wrote, as BY shows it; a name alone is a user',
      helpValue: '<actor>',
    }),
    kind: Flags.string({ description: `only changes of this kind: ${CHANGE_KINDS.join(', ')}`, helpValue: '<kind>' }),
  };

  async run() {
    const { args, flags } = await this.parse(NetworkHistory);
    const network = this.networkOf(args.network);
    const now = Date.now();
    const filter = {
      ...(flags.since === undefined ? {} : { since: timeOf(flags.since, '--since', now) }),
      ...(flags.until === undefined ? {} : { until: timeOf(flags.until, '--until', now) }),
      ...(flags.actor === undefined ? {} : { actor: flags.actor.includes(':') ? flags.actor : `user:${flags.actor}` }),
      ...(flags.kind === undefined ? {} : { kind: wordOf(CHANGE_KINDS)(flags.kind, '--kind') }),
    };
    return this.list(
      flags,
      ({ client }, { limit, cursor }) =>
        listHistory({
          client,
          path: { network },
          query: {
            ...filter,
            ...(limit === undefined ? {} : { limit }),
            ...(cursor === undefined ? {} : { cursor: Number(cursor) }),
          },
        }),
      { columns: changeColumns, whenEmpty: `no such changes; all: gstacks network history ${network}` },
    );
  }
}
