import * as Flags from '@oclif/core/flags';
import { addRule, addRules, type RuleDto } from '#libs/api-client/generated/index.js';
import { parseAliasName } from '#libs/contracts/ids.js';
import { parseTcpPort } from '#libs/contracts/ports.js';
import { type Effect, ruleText } from '#libs/contracts/rules.js';
import { SELECTOR_FORMS } from '#libs/contracts/selectors.js';
import { parseSelectorText } from '#libs/contracts/values.js';
import { type EndFlags, endFlags, endOf } from './rule-end.js';
import { addedLine, WriteCommand, type WriteFlags } from './write-command.js';

export const SELECTORS = `A selector is ${SELECTOR_FORMS}.`;

export const ruleFlags = {
  from: Flags.string({
    description: 'selector of the source; may be repeated, for a rule each',
    required: true,
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<selector>',
  }),
  to: Flags.string({ description: 'alias of the target', required: true, helpValue: '<alias>' }),
  port: Flags.string({
    description: 'published port of the alias; may be repeated, for a rule each',
    required: true,
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<port>',
  }),
  ...endFlags,
  force: Flags.boolean({ description: 'also from an alias that nobody publishes, where a sandbox has that id' }),
};

interface RuleFlags extends WriteFlags, EndFlags {
  readonly from: readonly string[];
  readonly to: string;
  readonly port: readonly string[];
  readonly force?: boolean;
}

/** A rule for each source and port; throws InvalidInputError. */
export function rulesAsked(flags: Pick<RuleFlags, 'from' | 'to' | 'port' | 'force'>) {
  return {
    sources: flags.from.map((text) => parseSelectorText(text, '--from')),
    to: parseAliasName(flags.to, '--to'),
    ports: flags.port.map((text) => parseTcpPort(text, '--port')),
    force: flags.force ? { force: true } : {},
  };
}

/** `policy allow` and `policy deny` differ in one word. */
export abstract class RuleCommand extends WriteCommand {
  /** A rule for each source and port: all of them are written at once, or none. */
  protected async addRules(effect: Effect, networkName: string, flags: RuleFlags) {
    const path = { network: this.networkOf(networkName) };
    const { sources, to, ports, force } = rulesAsked(flags);
    const others = { ...endOf(flags), ...force };
    const [from = '', ...otherSources] = sources;
    const [port = 0, ...otherPorts] = ports;
    if (otherSources.length === 0 && otherPorts.length === 0) {
      const body = { effect, from, to, port, ...others };
      return this.write(
        flags,
        ({ client }, headers) => addRule({ client, headers, path, body }),
        (write) => this.showRule(write.result, write.changed, write.version),
      );
    }
    const body = { effect, from: sources, to, ports, ...others };
    return this.write(
      flags,
      ({ client }, headers) => addRules({ client, headers, path, body }),
      (write) => {
        for (const { rule, added } of write.result) this.showRule(rule, added, write.version);
      },
    );
  }

  private showRule(rule: RuleDto, added: boolean, version: number): void {
    this.screen.line(addedLine(rule.id, ruleText(rule), added, version));
  }
}
