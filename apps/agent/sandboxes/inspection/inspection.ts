import type { SandboxId } from '#libs/contracts/ids.js';

/** What a driver can find out inside its sandboxes, for diagnostics only; traffic does not depend on it. */
export interface SandboxInspection {
  /** Listening TCP sockets inside; null: the sandbox has no socket table of its own. */
  listeners(sandboxId: SandboxId, signal: AbortSignal): Promise<readonly ListeningSocket[] | null>;
  /** Resolves a name from inside with the resolvers in use there. */
  lookUp(sandboxId: SandboxId, name: string, signal: AbortSignal): Promise<Unseen | NameLookups>;
  /** Dials from inside what isolation must prevent: its neighbours, and these services of the host. */
  dialForbidden(
    sandboxId: SandboxId,
    services: readonly HostService[],
    signal: AbortSignal,
  ): Promise<Unseen | ForbiddenDials>;
}

/** A TCP service of the host other than the agent's resolvers and proxies. */
export interface HostService {
  /** null: every address of the host. */
  readonly address: string | null;
  readonly port: number;
}

/** The driver cannot see it, for this reason. */
export interface Unseen {
  readonly kind: 'unseen';
  readonly reason: string;
}

export interface ListeningSocket {
  /** `*`: every address of both families; `[::]`: every IPv6 address only. */
  readonly address: string;
  readonly port: number;
}

export interface NameLookups {
  readonly kind: 'looked up';
  /** The agent's resolver address for this sandbox. */
  readonly agentResolver: string;
  /** One for each way of resolving names that is in use inside. */
  readonly lookups: readonly NameLookup[];
}

export interface NameLookup {
  /** The processes that resolve names this way. */
  readonly who: string;
  readonly servers: readonly string[];
  /** The addresses in the answer, or the code of the failure. */
  readonly answer: readonly string[] | string;
}

/** The result of dials that must fail. */
export interface ForbiddenDials {
  readonly kind: 'dialled';
  /** Where the dials were made instead of inside the sandbox; null: inside. */
  readonly inPlace: string | null;
  /** Addresses of all sandboxes that the dials were made for; null: only the requested one. */
  readonly madeFor: ReadonlySet<string> | null;
  readonly neighbours: Dials;
  readonly host: Dials;
}

export interface Dials {
  /** The number of neighbours or services dialled. */
  readonly dialled: number;
  /** Neighbours that answered, even with a refusal, and services that accepted a connection. */
  readonly reached: readonly string[];
}

/** For drivers that cannot look inside, with the reason. */
export function seesNothing(reason: string): SandboxInspection {
  const unseen: Unseen = { kind: 'unseen', reason };
  return {
    listeners: async () => null,
    lookUp: async () => unseen,
    dialForbidden: async () => unseen,
  };
}
