import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as Flags from '@oclif/core/flags';
import { createSignInCode } from '#libs/api-client/generated/index.js';
import { GstacksCommand } from '../command.js';
import { openBrowser } from '../console/open-browser.js';
import { loginPath } from '../context/context.js';

export default class Console extends GstacksCommand {
  static override summary = 'Open the console in a browser, signed in';
  static override description =
    'The link signs in one browser, once, within a minute. The session ends when the token of this context expires ' +
    'or is revoked.';
  static override examples = ['<%= config.bin %> console', '<%= config.bin %> console --print'];
  static override flags = {
    print: Flags.boolean({ description: 'print the link, and open no browser' }),
  };

  async run() {
    const { flags } = await this.parse(Console);
    const { client, context } = await this.connect(flags);
    const { path, expiresAt } = await createSignInCode({ client, body: {} });
    const link = `${context.url}${path}`;
    const opened = !(flags.print || this.jsonEnabled()) && (await this.open(link));
    if (opened) this.screen.line(`opened ${context.url} in a browser`);
    else {
      if (!flags.print) this.screen.line('no browser could be opened here; open this link within a minute:');
      this.screen.line(link);
    }
    return { url: link, expiresAt, opened };
  }

  private open(link: string): Promise<boolean> {
    const folder = dirname(loginPath(this.environment, homedir()));
    return openBrowser(link, join(folder, 'console.html'), this.environment.browser);
  }
}
