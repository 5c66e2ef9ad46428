import type { SandboxId } from '#libs/contracts/ids.js';

/** What a driver can find out inside one of its sandboxes. Diagnostics ask; traffic does not depend on it. */
export interface SandboxInspection {
  /** Listening TCP sockets inside; null: its sandboxes have no socket table of their own. */
  listeners(sandboxId: SandboxId, signal: AbortSignal): Promise<readonly ListeningSocket[] | null>;
  /** Asks for a name from inside, by the resolvers that are in use there. */
  lookUp(sandboxId: SandboxId, name: string, signal: AbortSignal): Promise<Unseen | NameLookups>;
  /** Dials from inside what isolation keeps apart: its neighbours, and these services of the host. */
  dialForbidden(
    sandboxId: SandboxId,
    services: readonly HostService[],
    signal: AbortSignal,
  ): Promise<Unseen | ForbiddenDials>;
}

/** A TCP service of the host that is not the agent's resolver or proxy. */
export interface HostService {
  /** null: every address of the host. */
  readonly address: string | null;
  readonly port: number;
}

/** The driver has no way to see it, and says why. */
export interface Unseen {
  readonly kind: 'unseen';
  readonly reason: string;
}

export interface ListeningSocket {
  /** `*` is every address of both families, `[::]` every IPv6 address and no other. */
  readonly address: string;
  readonly port: number;
}

export interface NameLookups {
  readonly kind: 'looked up';
  /** Where the agent answers this sandbox. */
  readonly agentResolver: string;
  /** One for each way of resolving names that is in use inside. */
  readonly lookups: readonly NameLookup[];
}

export interface NameLookup {
  /** Who resolves names so. */
  readonly who: string;
  readonly servers: readonly string[];
  /** The addresses answered, or the code of the failure. */
  readonly answer: readonly string[] | string;
}

/** Dials that must fail. */
export interface ForbiddenDials {
  readonly kind: 'dialled';
  /** Where they were made in the sandbox's place; null: inside the sandbox. */
  readonly inPlace: string | null;
  /** Addresses of all sandboxes that they were made for; null: of the one that was asked for alone. */
  readonly madeFor: ReadonlySet<string> | null;
  readonly neighbours: Dials;
  readonly host: Dials;
}

export interface Dials {
  /** How many neighbours or services were dialled. */
  readonly dialled: number;
  /** Neighbours that answered, be it with a refusal; services that took a connection. */
  readonly reached: readonly string[];
}

/** For a driver that cannot look inside: nothing is seen, for this reason. */
export function seesNothing(reason: string): SandboxInspection {
  const unseen: Unseen = { kind: 'unseen', reason };
  return {
    listeners: async () => null,
    lookUp: async () => unseen,
    dialForbidden: async () => unseen,
  };
}
