import * as Flags from '@oclif/core/flags';
import { addEgressRule } from '#libs/api-client/generated/index.js';
import { egressRuleText } from '#libs/contracts/egress-rules.js';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { parseAgentId } from '#libs/contracts/ids.js';
import { parseTcpPort } from '#libs/contracts/ports.js';
import type { Effect } from '#libs/contracts/rules.js';
import { parseSelectorText } from '#libs/contracts/values.js';
import { type EndFlags, endFlags, endOf } from './rule-end.js';
import { addedLine, WriteCommand, type WriteFlags } from './write-command.js';

export const egressFlags = {
  from: Flags.string({
    description: 'selector of the source, which are sandboxes',
    required: true,
    helpValue: '<selector>',
  }),
  to: Flags.string({
    description: 'name outside and TCP port; *.example.com stands for every name below example.com',
    required: true,
    helpValue: '<name>:<port>',
  }),
  port: Flags.string({ description: 'TCP port, when --to has none', helpValue: '<port>' }),
  ...endFlags,
  force: Flags.boolean({ description: 'also from an alias that nobody publishes, where a sandbox has that id' }),
};

export const allowFlags = {
  ...egressFlags,
  via: Flags.string({
    description: 'agent that connections leave from; without it, the agent of the sandbox',
    helpValue: '<agent>',
  }),
  private: Flags.boolean({ description: 'also when the name leads to a private or loopback address' }),
  force: Flags.boolean({
    description: 'also for a whole public suffix such as *.com, or from an alias that nobody publishes',
  }),
};

interface EgressFlags extends WriteFlags, EndFlags {
  readonly from: string;
  readonly to: string;
  readonly port?: string | undefined;
  readonly via?: string | undefined;
  readonly private?: boolean;
  readonly force?: boolean;
}

/** The rule that flags of `egress allow` and `egress deny` ask for; throws InvalidInputError. */
export function egressRuleAsked(flags: Omit<EgressFlags, keyof WriteFlags>) {
  return {
    from: parseSelectorText(flags.from, '--from'),
    ...outsideTarget(flags.to, flags.port),
    ...(flags.via === undefined ? {} : { via: parseAgentId(flags.via, '--via') }),
    ...(flags.private ? { private: true } : {}),
    ...endOf(flags),
    ...(flags.force ? { force: true } : {}),
  };
}

/** `egress allow` and `egress deny` differ in the effect; the control plane checks the name. */
export abstract class EgressCommand extends WriteCommand {
  protected async addEgressRule(effect: Effect, networkName: string, flags: EgressFlags) {
    const network = this.networkOf(networkName);
    const body = { effect, ...egressRuleAsked(flags) };
    return this.write(
      flags,
      ({ client }, headers) => addEgressRule({ client, headers, path: { network }, body }),
      ({ result, changed, version }) =>
        this.screen.line(addedLine(result.id, egressRuleText(result), changed, version)),
    );
  }
}

/** `packages.example.com:443`, or a name with the port in a flag of its own. Throws InvalidInputError. */
function outsideTarget(to: string, port: string | undefined): { readonly to: string; readonly port: number } {
  if (to.includes('://'))
    throw new InvalidInputError(
      '--to',
      to,
      'a name and a port without the rest of a URL, such as packages.example.com:443',
    );
  const colon = to.lastIndexOf(':');
  // Of an address in brackets, or one of IPv6, the control plane says why it cannot be allowed.
  const isAddress = to.includes('[') || to.indexOf(':') !== colon;
  const hasPort = colon >= 0 && (!isAddress || to.includes(']:'));
  if (port !== undefined && !hasPort) return { to, port: parseTcpPort(port, '--port') };
  if (port === undefined && hasPort) return { to: to.slice(0, colon), port: parseTcpPort(to.slice(colon + 1), '--to') };
  throw new InvalidInputError('--to', to, 'one port: a name and a port, such as packages.example.com:443');
}
