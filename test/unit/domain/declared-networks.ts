import { parseDeclaredEgress, parseDeclaredRules, parseDeclaredSandboxes } from '#libs/contracts/declarations.js';
import { parseRuleId } from '#libs/contracts/ids.js';
import { parseOutsidePattern } from '#libs/contracts/outside-names.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import type { NetworkCommandOf } from '#libs/domain/network/commands.js';
import { NOW, sandboxState } from './network-commands.js';

export interface DeclaredText {
  /** `sbx-api`, or `sbx-api: api 80 8080, worker 9090` */
  readonly sandboxes?: readonly string[];
  /** `allow any api 8080` */
  readonly rules?: readonly string[];
  /** `allow any packages.example.com 443`, with `private` and `via host-b` behind it */
  readonly egress?: readonly string[];
  readonly prune?: boolean;
}

/** A declaration from the short form of tests. Rules get generated ids, from `rule-d001` and `rule-e001` on. */
export function declared({ sandboxes = [], rules = [], egress = [], prune = false }: DeclaredText) {
  return declaredCommand(
    {
      sandboxes: sandboxes.map((text) => {
        const [sandbox, aliases] = text.split(': ');
        const published = aliases?.split(', ').map((one) => {
          const [alias, ...ports] = one.split(' ');
          return { alias, ports };
        });
        return { sandbox, aliases: published ?? [] };
      }),
      rules: rules.map((text) => {
        const [effect, from, to, port] = text.split(' ');
        return { effect, from, to, port };
      }),
      egress: egress.map((text) => {
        const [effect, from, to, port, ...options] = text.split(' ');
        const via = options.at(options.indexOf('via') + 1);
        const exit = options.includes('via') ? { via } : {};
        return { effect, from, to, port, private: options.includes('private'), ...exit };
      }),
    },
    prune,
  );
}

/** A declaration in the form of a file. */
export function declaredCommand(
  text: { readonly sandboxes: unknown; readonly rules: unknown; readonly egress: unknown },
  prune: boolean,
): NetworkCommandOf<'ApplyDeclaration'> {
  const id = (letter: string, index: number) =>
    parseRuleId(`rule-${letter}${String(index + 1).padStart(3, '0')}`, 'rule');
  return {
    kind: 'ApplyDeclaration',
    prune,
    sandboxes: parseDeclaredSandboxes(text.sandboxes, 'sandboxes').map(({ sandbox, aliases }) => ({
      ...{ sandboxId: sandbox, aliases, sandbox: sandboxState(sandbox, 'host-a') },
    })),
    rules: parseDeclaredRules(text.rules, 'rules').map(({ from, ...rule }, index) => ({
      ...{
        ...rule,
        from: parseSelector(from, 'from'),
        ruleId: id('d', index),
        meantSandbox: null,
        until: null,
        now: NOW,
      },
    })),
    egress: parseDeclaredEgress(parseOutsidePattern)(text.egress, 'egress').map(({ from, ...rule }, index) => ({
      ...{
        ...rule,
        from: parseSelector(from, 'from'),
        ruleId: id('e', index),
        meantSandbox: null,
        until: null,
        now: NOW,
      },
    })),
  };
}
