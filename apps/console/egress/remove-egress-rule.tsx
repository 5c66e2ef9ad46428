import { useQuery } from '@tanstack/react-query';
import { removeEgressRule } from '#libs/api-client/generated/index.js';
import { egressRuleText } from '#libs/contracts/egress-rules.js';
import { egressRulesQuery } from '../api/queries.js';
import { ConfirmWrite } from '../writes/confirm-write.js';

interface Props {
  readonly network: string;
  readonly ruleId: string;
  readonly close: () => void;
}

/** Shows what removing an egress rule will cut and change, then removes it. */
export function RemoveEgressRule({ network, ruleId, close }: Props) {
  const rule = useQuery(egressRulesQuery(network)).data?.find(({ id }) => id === ruleId);
  const text = rule === undefined ? ruleId : egressRuleText(rule);
  return (
    <ConfirmWrite
      network={network}
      intent={{ kind: 'remove-egress-rule', ruleId }}
      label={`Remove rule ${ruleId}`}
      text={text}
      verb="Remove rule"
      summary={`remove ${text}`}
      words={['network', 'egress', 'remove', network, ruleId, '--wait']}
      send={(headers) => removeEgressRule({ path: { network, ruleId }, headers })}
      close={close}
    />
  );
}
