import { Flags } from '@oclif/core';
import { addRule } from '#libs/api-client/generated/index.js';
import { parseAliasName } from '#libs/contracts/ids.js';
import { parsePort } from '#libs/contracts/ports.js';
import { type Effect, ruleText } from '#libs/contracts/rules.js';
import { SELECTOR_FORMS } from '#libs/contracts/selectors.js';
import { parseSelectorText } from '#libs/contracts/values.js';
import { WriteCommand, type WriteFlags } from './write-command.js';

export const SELECTORS = `A selector is ${SELECTOR_FORMS}.`;

export const ruleFlags = {
  from: Flags.string({ description: 'selector of the source', required: true, helpValue: '<selector>' }),
  to: Flags.string({ description: 'alias of the target', required: true, helpValue: '<alias>' }),
  port: Flags.string({ description: 'published port of the alias', required: true, helpValue: '<port>' }),
};

interface RuleFlags extends WriteFlags {
  readonly from: string;
  readonly to: string;
  readonly port: string;
}

/** `policy allow` and `policy deny` differ in one word. */
export abstract class RuleCommand extends WriteCommand {
  protected async addRule(effect: Effect, networkName: string, flags: RuleFlags) {
    const network = this.networkOf(networkName);
    const body = {
      effect,
      from: parseSelectorText(flags.from, '--from'),
      to: parseAliasName(flags.to, '--to'),
      port: parsePort(flags.port, '--port'),
    };
    return this.write(
      flags,
      ({ client }, headers) => addRule({ client, headers, path: { network }, body }),
      ({ changed, version, result }) => {
        const done = changed ? 'added' : 'is there already';
        this.screen.line(`${result.id} ${done}: ${ruleText(result)} (version ${version})`);
      },
    );
  }
}
