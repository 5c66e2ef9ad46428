import { useQuery } from '@tanstack/react-query';
import { removeRule } from '#libs/api-client/generated/index.js';
import { rulesQuery } from '../api/queries.js';
import { ConfirmWrite } from '../writes/confirm-write.js';

interface Props {
  readonly network: string;
  readonly ruleId: string;
  readonly close: () => void;
}

/** Shows what removing a rule will cut and change, then removes it. */
export function RemoveRule({ network, ruleId, close }: Props) {
  const rule = useQuery(rulesQuery(network)).data?.find(({ id }) => id === ruleId);
  const text = rule === undefined ? ruleId : `${rule.effect} ${rule.from} to ${rule.to}:${rule.port}`;
  return (
    <ConfirmWrite
      network={network}
      intent={{ kind: 'remove-rule', ruleId }}
      label={`Remove rule ${ruleId}`}
      text={text}
      verb="Remove rule"
      summary={`remove ${text}`}
      words={['network', 'policy', 'remove', network, ruleId, '--wait']}
      send={(headers) => removeRule({ path: { network, ruleId }, headers })}
      close={close}
    />
  );
}
