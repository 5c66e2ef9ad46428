import { useNavigate } from '@tanstack/react-router';

interface Props {
  readonly sandboxId: string;
  /** Those that it is not attached to yet. */
  readonly networks: readonly string[];
  readonly isOff: boolean;
}

/** Leads to the form of the chosen network, filled in. */
export function AttachTo({ sandboxId, networks, isOff }: Props) {
  const navigate = useNavigate();
  if (networks.length === 0) return null;
  return (
    <select
      className="input as-button"
      aria-label="Attach to a network"
      disabled={isOff}
      value=""
      onChange={(event) =>
        void navigate({
          to: '/networks/$network/attachments',
          params: { network: event.target.value },
          search: { attach: sandboxId },
        })
      }
    >
      <option value="">Attach to a network</option>
      {networks.map((network) => (
        <option key={network}>{network}</option>
      ))}
    </select>
  );
}
