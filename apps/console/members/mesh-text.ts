import type { MeshStateDto } from '#libs/api-client/generated/types.gen.js';

/** `direct, joined`; or why it is not joined; or that it is unknown. */
export function meshText(mesh: MeshStateDto | null): string {
  if (mesh === null) return 'not known';
  const { transport, state, message, lastKnown } = mesh;
  if (state === 'unknown') return lastKnown === null ? 'not known' : `not known (was ${lastKnown.state})`;
  if (state === 'joined') return message === null ? `${transport}, joined` : `${transport}, joined: ${message}`;
  return message ?? `${transport}, ${state}`;
}
