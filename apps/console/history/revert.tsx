import { revertNetwork } from '#libs/api-client/generated/index.js';
import { ConfirmWrite } from '../writes/confirm-write.js';

interface Props {
  readonly network: string;
  readonly version: number;
  readonly close: () => void;
}

/** Shows what going back to a version will cut and change, then writes that as new changes. */
export function Revert({ network, version, close }: Props) {
  return (
    <ConfirmWrite
      network={network}
      intent={{ kind: 'revert', version }}
      label={`Revert to v${version}`}
      text={`${network} to v${version}`}
      more=". Rules, egress rules, aliases and attachments become what they were; labels and hosts of sandboxes stay. Nothing is taken out of the log."
      verb="Revert"
      summary={`revert to v${version}`}
      words={['network', 'revert', network, '--to', String(version), '--yes', '--wait']}
      send={(headers) => revertNetwork({ path: { network }, headers, body: { to: version } })}
      close={close}
    />
  );
}
