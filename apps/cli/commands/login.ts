import { homedir } from 'node:os';
import * as Flags from '@oclif/core/flags';
import { showSession } from '#libs/api-client/generated/index.js';
import { GstacksCommand } from '../command.js';
import { loginPath } from '../context/context.js';
import { readAllContexts, readSavedContexts, readTokenFile } from '../context/load-context.js';
import { parseToken, parseUrl } from '../context/parse-context.js';
import { saveContexts } from '../context/save-context.js';
import { nameOf, parseContextName, withContext } from '../context/saved-contexts.js';
import { promptSecret } from '../context/standard-input.js';
import { UsageError } from '../errors/errors.js';

export default class Login extends GstacksCommand {
  static override summary = 'Check a token and keep it for later commands';
  static override description =
    'Contexts of several control planes are kept; see context list. The token comes from --token-file, from standard input, or from a prompt; never from the command line, where other users could read it.';
  static override examples = [
    '<%= config.bin %> login --url http://127.0.0.1:7080',
    '<%= config.bin %> login --url http://127.0.0.1:7080 < token-file',
    '<%= config.bin %> login --url https://gstacks.example.com --context prod',
  ];
  static override flags = {
    context: Flags.string({
      description: 'name of the context [default: where the control plane is]',
      helpValue: '<name>',
    }),
  };

  async run() {
    const { flags } = await this.parse(Login);
    const url = this.urlFor(flags.url);
    const name = flags.context === undefined ? nameOf(url) : parseContextName(flags.context);
    const path = loginPath(this.environment, homedir());
    const saved = await readSavedContexts(path);
    const token = await this.askToken(flags['token-file'], url);
    const { client } = this.connectTo({ url, token, origin: '--url', tokenOrigin: 'standard input', name }, flags);
    const session = await showSession({ client });
    await saveContexts(withContext(saved, { name, url, token }), path);
    this.screen.line(`logged in to ${url} as ${session.user} (${session.role}); kept as context ${name} in ${path}`);
    const [first] = await readAllContexts(this.environment, this.config.root);
    if (first !== undefined && first.name !== name) {
      this.screen.line(`note: ${first.path} comes first; for this login: gstacks context use ${name}`);
    }
    return { ...session, context: name, url, path };
  }

  private urlFor(flag: string | undefined): string {
    if (flag !== undefined) return parseUrl(flag, '--url');
    const { url } = this.environment;
    if (url !== undefined) return parseUrl(url, 'GLOBALSTACKS_URL');
    throw new UsageError(
      '--url is missing: the control plane to log in to',
      'gstacks login --url http://127.0.0.1:7080',
    );
  }

  private async askToken(file: string | undefined, url: string): Promise<string> {
    if (file !== undefined) return readTokenFile(file);
    if (process.stdin.isTTY) return parseToken(await promptSecret('token: ', url), 'the prompt');
    return readTokenFile('-');
  }
}
