import { homedir } from 'node:os';
import { runsInClone } from '#libs/program/installation.js';
import { required } from '../../arguments.js';
import { GstacksCommand } from '../../command.js';
import { loginPath } from '../../context/context.js';
import { readAllContexts, readSavedContexts, readStackContext } from '../../context/load-context.js';
import { saveContexts } from '../../context/save-context.js';
import { choosing, STACK } from '../../context/saved-contexts.js';
import { ContextError } from '../../errors/errors.js';

export default class ContextUse extends GstacksCommand {
  static override summary = 'Choose the control plane that commands go to';
  static override description =
    `\`${STACK}\` is the stack on this machine. GLOBALSTACKS_URL and GLOBALSTACKS_HOME, where they are set, still come first.`;
  static override examples = ['<%= config.bin %> context use prod', `<%= config.bin %> context use ${STACK}`];
  static override args = { context: required(`name of the context, or ${STACK}`) };

  async run() {
    const { args } = await this.parse(ContextUse);
    if (args.context === STACK && (await readStackContext(this.environment, this.config.root)) === null) {
      const remedy = runsInClone() ? 'run `npm start` in the clone' : 'gstacks context list';
      throw new ContextError('CONTEXT_NOT_FOUND', 'no stack of npm start was found on this machine', remedy);
    }
    const path = loginPath(this.environment, homedir());
    await saveContexts(choosing(await readSavedContexts(path), args.context), path);
    const [first] = await readAllContexts(this.environment, this.config.root);
    const inUse = { name: first?.name ?? STACK, url: this.environment.url ?? first?.url ?? null };
    if (inUse.name === args.context && this.environment.url === undefined) {
      this.screen.line(`commands go to ${inUse.url}`);
    } else {
      const variable = this.environment.url === undefined ? 'GLOBALSTACKS_HOME' : 'GLOBALSTACKS_URL';
      this.screen.line(`note: ${variable} is set and comes first: commands go to ${inUse.url} until it is unset`);
    }
    return { context: args.context, url: inUse.url };
  }
}
