import { homedir } from 'node:os';
import { showSession } from '#libs/api-client/generated/index.js';
import { GstacksCommand } from '../command.js';
import { contextPaths, loginPath } from '../context/context.js';
import { readContextFile, readTokenFile } from '../context/load-context.js';
import { parseToken, parseUrl } from '../context/parse-context.js';
import { saveContext } from '../context/save-context.js';
import { promptSecret } from '../context/standard-input.js';
import { UsageError } from '../errors/errors.js';

export default class Login extends GstacksCommand {
  static override summary = 'Check a token and keep it for later commands';
  static override description =
    'The token comes from --token-file, from standard input, or from a prompt; never from the command line, where other users could read it.';
  static override examples = [
    '<%= config.bin %> login --url http://127.0.0.1:7080',
    '<%= config.bin %> login --url http://127.0.0.1:7080 < token-file',
  ];

  async run() {
    const { flags } = await this.parse(Login);
    const url = this.urlFor(flags.url);
    const token = await this.askToken(flags['token-file']);
    const { client } = this.connectTo({ url, token, origin: '--url' }, flags);
    const session = await showSession({ client });
    const path = loginPath(this.environment, homedir());
    await saveContext({ url, token }, path);
    this.screen.line(`logged in to ${url} as ${session.user} (${session.role}); kept in ${path}`);
    const [preferred] = contextPaths(this.environment, this.config.root, homedir());
    if (preferred !== undefined && (await readContextFile(preferred)) !== null) {
      this.screen.line(`note: ${preferred} comes first; use --url ${url} for the control plane of this login`);
    }
    return { ...session, url, path };
  }

  private urlFor(flag: string | undefined): string {
    if (flag !== undefined) return parseUrl(flag, '--url');
    const { url } = this.environment;
    if (url !== undefined) return parseUrl(url, 'GLOBALSTACKS_URL');
    throw new UsageError('which control plane to log in to is missing', 'gstacks login --url http://127.0.0.1:7080');
  }

  private async askToken(file: string | undefined): Promise<string> {
    if (file !== undefined) return readTokenFile(file);
    if (process.stdin.isTTY) return parseToken(await promptSecret('token: '), 'the prompt');
    return readTokenFile('-');
  }
}
