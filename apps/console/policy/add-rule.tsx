import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { addRule } from '#libs/api-client/generated/index.js';
import { parseAliasName } from '#libs/contracts/ids.js';
import { parsePort } from '#libs/contracts/ports.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { aliasesQuery, attachmentsQuery } from '../api/queries.js';
import { faultOf } from '../writes/field.js';
import { NameField } from '../writes/name-field.js';
import type { WriteHeaders } from '../writes/use-write.js';
import { EndField } from './end-field.js';
import { type InitialRule, RuleComposer, useEffectChoice } from './rule-composer.js';
import { END_FIELDS, ruleEndOf } from './rule-end.js';

/** Parsers of a rule's fields, as the API has them. */
export const PARSE = {
  from: (text: string): unknown => parseSelector(text, 'from'),
  to: (text: string): unknown => parseAliasName(text, 'to'),
  port: (text: string): unknown => parsePort(text, 'port'),
};

const FIELDS = [...Object.keys(PARSE), ...END_FIELDS];

interface Props {
  readonly network: string;
  readonly initial: InitialRule;
  readonly close: () => void;
}

/** Adds a rule about an alias. */
export function AddRule({ network, initial, close }: Props) {
  const [effect, setEffect] = useEffectChoice(initial);
  const [from, setFrom] = useState(initial.from ?? '');
  const [to, setTo] = useState(initial.to ?? '');
  const [port, setPort] = useState(initial.port ?? '');
  const [ends, setEnds] = useState('');
  const end = ruleEndOf(ends);
  const names = useNames(network, to);
  const isGood =
    faultOf(PARSE.from, from) === null &&
    faultOf(PARSE.to, to) === null &&
    faultOf(PARSE.port, port) === null &&
    end !== null;
  const body = { effect, from, to, port: Number(port), ...end?.body };
  const rule = {
    intent: { kind: 'add-rule' as const, ...body },
    summary: `${effect} ${from} to ${to}:${port}${end?.text}`,
    send: (headers: WriteHeaders) => addRule({ path: { network }, headers, body }),
  };
  return (
    <RuleComposer
      label="Add rule"
      network={network}
      effect={effect}
      setEffect={setEffect}
      rule={isGood ? rule : null}
      fields={FIELDS}
      words={[
        ...['network', 'policy', effect, network, '--from', from || '<selector>'],
        ...['--to', to || '<alias>', '--port', port || '<port>', ...(end?.words ?? []), '--wait'],
      ]}
      close={close}
    >
      {({ changed, refusalOf }) => (
        <>
          <NameField
            label="From"
            value={from}
            change={changed(setFrom)}
            parse={PARSE.from}
            options={names.sources}
            refusal={refusalOf('from')}
          />
          <NameField
            label="To alias"
            value={to}
            change={changed(setTo)}
            parse={PARSE.to}
            options={names.aliases}
            refusal={refusalOf('to')}
          />
          <NameField
            label="Port"
            value={port}
            change={changed(setPort)}
            parse={PARSE.port}
            options={names.ports}
            isShort
            refusal={refusalOf('port')}
          />
          <EndField form={{ changed, refusalOf }} value={ends} set={setEnds} />
        </>
      )}
    </RuleComposer>
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
