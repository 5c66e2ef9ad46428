import * as Flags from '@oclif/core/flags';
import { parseAliasName, parseSandboxId, type SandboxId } from '#libs/contracts/ids.js';
import { parseAliasPorts, portText } from '#libs/contracts/ports.js';
import { UsageError } from './errors/errors.js';

const takingOver = {
  'inherit-rules': Flags.boolean({ description: 'take over rules left for this alias by another sandbox' }),
  'replace-ports': Flags.boolean({ description: 'publish these ports alone: an alias that exists loses the others' }),
};

export const attachFlags = {
  alias: Flags.string({ description: 'alias to publish; needs --port', helpValue: '<alias>' }),
  port: Flags.string({
    description: 'port, or published:inside; may be repeated; needs --alias',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<port>',
  }),
  ...takingOver,
};

export const publishFlags = {
  port: Flags.string({
    description: 'port, or published:inside; may be repeated',
    required: true,
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<port>',
  }),
  ...takingOver,
};

interface TakingOver {
  readonly 'inherit-rules': boolean;
  readonly 'replace-ports': boolean;
}

/** What attaching asks for; throws UsageError, InvalidInputError. */
export function attachBody(
  sandboxId: SandboxId,
  flags: TakingOver & { readonly alias?: string | undefined; readonly port?: string[] | undefined },
) {
  return { sandboxId, ...publication(flags.alias, flags.port), ...takeOver(flags) };
}

/** What publishing an alias asks for; throws InvalidInputError. */
export function publishBody(sandboxId: string, alias: string, flags: TakingOver & { readonly port: string[] }) {
  return {
    sandboxId: parseSandboxId(sandboxId, 'sandbox-id'),
    alias: parseAliasName(alias, 'alias'),
    ports: parseAliasPorts(flags.port, '--port').map(portText),
    ...takeOver(flags),
  };
}

function takeOver(flags: TakingOver) {
  return { inheritRules: flags['inherit-rules'], replacePorts: flags['replace-ports'] };
}

function publication(alias: string | undefined, ports: readonly string[] | undefined) {
  if (alias === undefined && ports === undefined) return {};
  if (alias === undefined || ports === undefined) {
    const missing = alias === undefined ? '--alias' : '--port';
    throw new UsageError(
      `${missing} is missing: --alias and --port go together, or neither is given`,
      'gstacks network attach dev <sandbox-id> --alias api --port 8080',
    );
  }
  return { alias: parseAliasName(alias, '--alias'), ports: parseAliasPorts(ports, '--port').map(portText) };
}
