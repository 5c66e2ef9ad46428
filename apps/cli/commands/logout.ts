import { homedir } from 'node:os';
import * as Flags from '@oclif/core/flags';
import { GstacksCommand } from '../command.js';
import { loginPath } from '../context/context.js';
import { readSavedContexts } from '../context/load-context.js';
import { saveContexts } from '../context/save-context.js';
import { withoutContext } from '../context/saved-contexts.js';
import { ContextError } from '../errors/errors.js';

export default class Logout extends GstacksCommand {
  static override summary = 'Forget a context that login kept';
  static override description =
    'The token is removed from this machine, and stays good until it ends: `gstacks token revoke <token-id>` ends it. Without --context, the context is forgotten that commands use.';
  static override examples = ['<%= config.bin %> logout', '<%= config.bin %> logout --context prod'];
  static override flags = {
    context: Flags.string({ description: 'name of the context', helpValue: '<name>', exclusive: ['all'] }),
    all: Flags.boolean({ description: 'forget every context' }),
  };

  async run() {
    const { flags } = await this.parse(Logout);
    const path = loginPath(this.environment, homedir());
    const saved = await readSavedContexts(path);
    const latest = saved.current ?? saved.contexts.at(-1)?.name;
    const forgotten = flags.all ? saved.contexts.map(({ name }) => name) : [flags.context ?? latest];
    const names = forgotten.filter((name) => name !== undefined);
    if (names.length === 0) {
      throw new ContextError('CONTEXT_MISSING', `no login is kept in ${path}`, 'gstacks login --url <url>');
    }
    await saveContexts(names.reduce(withoutContext, saved), path);
    for (const name of names)
      this.screen.line(`forgot context ${name}; its token stays valid until it expires or is revoked`);
    return { forgotten: names };
  }
}
