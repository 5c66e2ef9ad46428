import { Document, isCollection, visit } from 'yaml';
import type { DeclarationDto } from '#libs/api-client/generated/index.js';
import { portText } from '#libs/contracts/ports.js';

/** What `gstacks apply` takes, and what is so now. */
export function declarationYaml({ network, sandboxes, rules, egress }: DeclarationDto): string {
  const document = new Document({
    network,
    sandboxes: sandboxes.map(({ sandbox, aliases }) => ({
      sandbox,
      ...(aliases.length === 0
        ? {}
        : { aliases: aliases.map(({ alias, ports }) => ({ alias, ports: ports.map(plainPort) })) }),
    })),
    rules,
    egress: egress.map(({ private: mayBePrivate, via, ...rule }) => ({
      ...rule,
      ...(mayBePrivate ? { private: true } : {}),
      ...(via === null ? {} : { via }),
    })),
  });
  visit(document, {
    Pair: (_, { key, value }) => {
      const isPorts = typeof key === 'object' && key !== null && 'value' in key && key.value === 'ports';
      if (isPorts && isCollection(value)) value.flow = true;
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** A number where published and inside are the same. */
function plainPort(port: { readonly published: number; readonly target: number }): number | string {
  return port.published === port.target ? port.published : portText(port);
}
