import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { parseAliasName } from '#libs/contracts/ids.js';
import { parsePort } from '#libs/contracts/ports.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { aliasesQuery, attachmentsQuery } from '../api/queries.js';
import { faultOf } from '../writes/field.js';
import { NameField } from '../writes/name-field.js';
import type { FormFields } from '../writes/write-form.js';
import type { InitialRule } from './rule-composer.js';

/** Parsers of a rule's fields, as the API has them. */
const PARSE = {
  from: (text: string): unknown => parseSelector(text, 'from'),
  to: (text: string): unknown => parseAliasName(text, 'to'),
  port: (text: string): unknown => parsePort(text, 'port'),
};

/** Fields at which refusals of the control plane are shown. */
export const ALIAS_RULE_FIELDS = Object.keys(PARSE);

/** Selector, alias and port of a form, initially from the page's address. */
export function useAliasRule({ from: initialFrom = '', to: initialTo = '', port: initialPort = '' }: InitialRule) {
  const [from, setFrom] = useState(initialFrom);
  const [to, setTo] = useState(initialTo);
  const [port, setPort] = useState(initialPort);
  const isGood =
    faultOf(PARSE.from, from) === null && faultOf(PARSE.to, to) === null && faultOf(PARSE.port, port) === null;
  return { from, setFrom, to, setTo, port, setPort, isGood };
}

interface Props {
  readonly network: string;
  readonly form: FormFields;
  readonly rule: ReturnType<typeof useAliasRule>;
}

/** The fields of useAliasRule; each offers the names that the network has. */
export function AliasRuleFields({ network, form: { changed, refusalOf }, rule }: Props) {
  const names = useNames(network, rule.to);
  return (
    <>
      <NameField
        label="From"
        value={rule.from}
        change={changed(rule.setFrom)}
        parse={PARSE.from}
        options={names.sources}
        refusal={refusalOf('from')}
      />
      <NameField
        label="To alias"
        value={rule.to}
        change={changed(rule.setTo)}
        parse={PARSE.to}
        options={names.aliases}
        refusal={refusalOf('to')}
      />
      <NameField
        label="Port"
        value={rule.port}
        change={changed(rule.setPort)}
        parse={PARSE.port}
        options={names.ports}
        isShort
        refusal={refusalOf('port')}
      />
    </>
  );
}

interface Names {
  readonly sources: readonly string[];
  readonly aliases: readonly string[];
  readonly ports: readonly string[];
}

/** The names, labels and sandboxes offered for choice, and the ports of the chosen alias. */
export function useNames(network: string, to: string): Names {
  const attachments = useQuery(attachmentsQuery(network)).data ?? [];
  const aliases = useQuery(aliasesQuery(network)).data ?? [];
  const names = aliases.map(({ alias }) => alias);
  const labels = attachments.flatMap(({ labels: each }) =>
    Object.entries(each).map(([key, value]) => `label:${key}=${value}`),
  );
  const sandboxes = attachments.map(({ sandboxId }) => `sandbox:${sandboxId}`);
  const ports = aliases.find(({ alias }) => alias === to)?.ports.map(({ published }) => String(published)) ?? [];
  return { sources: [...new Set(['local', 'any', ...names, ...labels, ...sandboxes])], aliases: names, ports };
}
