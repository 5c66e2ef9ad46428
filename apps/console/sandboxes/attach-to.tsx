import { useNavigate } from '@tanstack/react-router';

interface Props {
  readonly sandboxId: string;
  /** The networks that it is not attached to. */
  readonly networks: readonly string[];
  readonly isOff: boolean;
}

/** Links to the chosen network's form, filled in. */
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
