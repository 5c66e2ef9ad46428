import * as Flags from '@oclif/core/flags';
import { addRule } from '#libs/api-client/generated/index.js';
import { parseAliasName } from '#libs/contracts/ids.js';
import { parseTcpPort } from '#libs/contracts/ports.js';
import { type Effect, ruleText } from '#libs/contracts/rules.js';
import { SELECTOR_FORMS } from '#libs/contracts/selectors.js';
import { parseSelectorText } from '#libs/contracts/values.js';
import { WriteCommand, type WriteFlags } from './write-command.js';

export const SELECTORS = `A selector is ${SELECTOR_FORMS}.`;

export const ruleFlags = {
  from: Flags.string({ description: 'selector of the source', required: true, helpValue: '<selector>' }),
  to: Flags.string({ description: 'alias of the target', required: true, helpValue: '<alias>' }),
  port: Flags.string({ description: 'published port of the alias', required: true, helpValue: '<port>' }),
  force: Flags.boolean({ description: 'also from an alias that nobody publishes, where a sandbox has that id' }),
};

interface RuleFlags extends WriteFlags {
  readonly from: string;
  readonly to: string;
  readonly port: string;
  readonly force?: boolean;
}

/** `policy allow` and `policy deny` differ in one word. */
export abstract class RuleCommand extends WriteCommand {
  protected async addRule(effect: Effect, networkName: string, flags: RuleFlags) {
    const network = this.networkOf(networkName);
    const body = {
      effect,
      from: parseSelectorText(flags.from, '--from'),
      to: parseAliasName(flags.to, '--to'),
      port: parseTcpPort(flags.port, '--port'),
      ...(flags.force ? { force: true } : {}),
    };
    return this.write(
      flags,
      ({ client }, headers) => addRule({ client, headers, path: { network }, body }),
      (write) => this.showRule(write, ruleText(write.result)),
    );
  }
}
