import { setTimeout as pause } from 'node:timers/promises';
import { type Client, createClient } from '#libs/api-client/generated/client/index.js';
import {
  createEnrollmentToken,
  createSignInCode,
  listAgents,
  listSandboxes,
} from '#libs/api-client/generated/index.js';
import { CodedError } from '#libs/contracts/errors.js';

export class ControlPlaneAnswerError extends CodedError {}

const POLL_MS = 100;
const TELL_EACH_MS = 3_000;
const SIGN_IN_SECONDS = 600;

/** The calls that the set-up itself makes. Errors: ControlPlaneAnswerError. */
export class ControlPlaneClient {
  private readonly client: Client;

  constructor(
    private readonly url: string,
    token: string,
  ) {
    this.client = createClient({ baseUrl: url, headers: { authorization: `Bearer ${token}` } });
  }

  async isReady(): Promise<boolean> {
    const response = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2_000) });
    return response.ok;
  }

  async isEnrolled(agent: string): Promise<boolean> {
    const { items } = await answered(listAgents({ client: this.client }));
    return items.some((item) => item.id === agent && item.status !== 'REVOKED');
  }

  async enrollmentToken(agent: string): Promise<string> {
    const { token } = await answered(createEnrollmentToken({ client: this.client, body: { name: agent } }));
    return token;
  }

  /** A link for one sign-in of a browser within ten minutes. */
  async consoleLink(): Promise<string> {
    const body = { expiresInSeconds: SIGN_IN_SECONDS };
    const { path } = await answered(createSignInCode({ client: this.client, body }));
    return `${this.url}${path}`;
  }

  /** Why agents have not joined the mesh, as code and message; empty if all have joined before the deadline. */
  async waitForMesh(agents: readonly string[], deadlineMs: number): Promise<readonly string[]> {
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      const { items } = await answered(listAgents({ client: this.client }));
      const out = items.filter(({ id, mesh }) => agents.includes(id) && mesh?.state !== 'joined');
      if (out.length === 0) return [];
      if (performance.now() > deadline) {
        return out.map(({ id, mesh }) => `${id}: ${mesh?.code ?? 'not yet'}: ${mesh?.message ?? 'no reason so far'}`);
      }
      await pause(POLL_MS);
    }
  }

  /**
   * Resolves when an agent in contact reports each of these sandboxes, with the network namespaces of those that have
   * one. `awaited` is called each time; `takesLong` is called every three seconds with what is missing. Rejects at the
   * deadline with the names of the rest.
   */
  async waitForSandboxes(
    awaited: () => readonly string[],
    deadlineMs: number,
    takesLong: (missing: readonly string[]) => void,
  ): Promise<ReadonlyMap<string, string | null>> {
    const deadline = performance.now() + deadlineMs;
    let tellAt = performance.now() + TELL_EACH_MS;
    for (;;) {
      const { items } = await answered(listSandboxes({ client: this.client }));
      const missing = awaited().filter((id) => !items.some((item) => item.id === id && item.status === 'RUNNING'));
      if (missing.length === 0) return new Map(items.map((item) => [item.id, item.namespace]));
      if (performance.now() > tellAt) {
        takesLong(missing);
        tellAt = performance.now() + TELL_EACH_MS;
      }
      if (performance.now() > deadline) {
        throw new ControlPlaneAnswerError(
          'SANDBOXES_MISSING',
          `no agent reports ${missing.join(', ')} after ${deadlineMs / 1_000} s`,
          'read the logs of the agents, below logs/ in the home folder',
        );
      }
      await pause(POLL_MS);
    }
  }
}

/** The client throws the problem document itself, or what fetch threw. */
async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const { code, detail } = (error ?? {}) as { readonly code?: unknown; readonly detail?: unknown };
    throw new ControlPlaneAnswerError(
      typeof code === 'string' ? code : 'CONTROL_PLANE_UNREACHABLE',
      `the control plane refused a step of the set-up: ${typeof detail === 'string' ? detail : 'no answer'}`,
      "read the control plane's log",
    );
  }
}
