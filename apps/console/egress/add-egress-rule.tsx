import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { addEgressRule } from '#libs/api-client/generated/index.js';
import { egressRuleText } from '#libs/contracts/egress-rules.js';
import { parseOutsidePattern } from '#libs/contracts/outside-names.js';
import { parseTcpPort } from '#libs/contracts/ports.js';
import { agentsQuery } from '../api/queries.js';
import { EndField } from '../policy/end-field.js';
import { type InitialRule, RuleComposer, useEffectChoice } from '../policy/rule-composer.js';
import { END_FIELDS, ruleEndOf } from '../policy/rule-end.js';
import { Field, faultOf } from '../writes/field.js';
import { NameField } from '../writes/name-field.js';
import type { WriteHeaders } from '../writes/use-write.js';
import { parseSandboxSelector, useSandboxSelectors } from './sandbox-selectors.js';

const PARSE = {
  to: (text: string): unknown => parseOutsidePattern(text, 'to'),
  port: (text: string): unknown => parseTcpPort(text, 'port'),
};
/** Fields at which refusals of the control plane are shown. */
const FIELDS = ['from', 'to', 'port', ...END_FIELDS];

interface Props {
  readonly network: string;
  readonly initial: InitialRule;
  readonly close: () => void;
}

/** Adds a rule about a name outside. */
export function AddEgressRule({ network, initial, close }: Props) {
  const [effect, setEffect] = useEffectChoice(initial);
  const [from, setFrom] = useState(initial.from ?? '');
  const [to, setTo] = useState(initial.to ?? '');
  const [port, setPort] = useState(initial.port ?? '443');
  const [mayBePrivate, setMayBePrivate] = useState(false);
  const [via, setVia] = useState('');
  const [ends, setEnds] = useState('');
  const end = ruleEndOf(ends);
  const sources = useSandboxSelectors(network);
  const agents = useQuery(agentsQuery).data?.map(({ id }) => id) ?? [];
  const isGood =
    faultOf(parseSandboxSelector, from) === null &&
    faultOf(PARSE.to, to) === null &&
    faultOf(PARSE.port, port) === null &&
    end !== null;
  const isAllow = effect === 'allow';
  const body = {
    ...{ effect, from, to, port: Number.parseInt(port, 10), private: isAllow && mayBePrivate },
    ...(isAllow && via !== '' ? { via } : {}),
  };
  const ending = { ...body, ...end?.body };
  const rule = {
    intent: { kind: 'add-egress-rule' as const, ...ending },
    summary: `${egressRuleText(body)}${end?.text}`,
    send: (headers: WriteHeaders) => addEgressRule({ path: { network }, headers, body: ending }),
  };
  return (
    <RuleComposer
      label="Add rule about a name outside"
      network={network}
      effect={effect}
      setEffect={setEffect}
      rule={isGood ? rule : null}
      fields={FIELDS}
      words={[
        ...['network', 'egress', effect, network, '--from', from || '<selector>'],
        ...['--to', `${to || '<name>'}:${port || '<port>'}`],
        ...(body.private ? ['--private'] : []),
        ...(body.via === undefined ? [] : ['--via', body.via]),
        ...(end?.words ?? []),
        '--wait',
      ]}
      close={close}
      below={({ reset }) =>
        isAllow && (
          <p className="fields">
            <label className="line">
              <input
                type="checkbox"
                checked={mayBePrivate}
                onChange={(event) => {
                  setMayBePrivate(event.target.checked);
                  reset();
                }}
              />
              The name may lead to private and loopback addresses
            </label>
          </p>
        )
      }
    >
      {({ changed, refusalOf }) => (
        <>
          <NameField
            label="From"
            value={from}
            change={changed(setFrom)}
            parse={parseSandboxSelector}
            options={sources}
            refusal={refusalOf('from')}
          />
          <Field
            label="To name outside"
            value={to}
            change={changed(setTo)}
            parse={PARSE.to}
            placeholder="packages.example.com"
            refusal={refusalOf('to')}
          />
          <Field
            label="Port"
            value={port}
            change={changed(setPort)}
            parse={PARSE.port}
            isShort
            refusal={refusalOf('port')}
          />
          <EndField form={{ changed, refusalOf }} value={ends} set={setEnds} />
          {isAllow && (
            <label className="field">
              Leaves from
              <select className="input" value={via} onChange={(event) => changed(setVia)(event.target.value)}>
                <option value="">the sandbox's own agent</option>
                {agents.map((agentId) => (
                  <option key={agentId}>{agentId}</option>
                ))}
              </select>
            </label>
          )}
        </>
      )}
    </RuleComposer>
  );
}
