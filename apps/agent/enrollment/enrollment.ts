import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { textUpTo } from '#libs/contracts/json-fields.js';
import { enrollmentStatement, meshKeyStatement, renewalStatement } from '#libs/contracts/renewal.js';
import {
  ControlPlaneRefusedError,
  ControlPlaneUnreachableError,
  postToControlPlane,
} from '#libs/member/control-plane-http.js';
import type { MemberKeys } from '#libs/member/keys.js';
import { withPinnedKeys } from '#libs/member/pinned-keys.js';
import { writeStateFile } from '../state/state-file.js';
import { type AgentCredentials, credentialsFile, parseCredentials } from './credentials.js';
import type { IdentityKeys } from './identity-keys.js';

/** The agent has no credentials and no way to get them. */
export class NotEnrolledError extends CodedError {}

export interface EnrollmentSettings {
  readonly name: AgentId;
  readonly controlPlaneUrl: URL;
  readonly enrollmentTokenFile: string | null;
  /** The folder of credentials.json and the keys. */
  readonly folder: string;
}

export interface EnrollmentPorts {
  readonly keys: IdentityKeys;
  readonly now: () => Date;
  readonly report: (event: {
    readonly kind: 'waiting' | 'not issued again' | 'key-changed' | 'mesh key not certified' | 'not kept';
    readonly error: unknown;
  }) => void;
}

/** The control plane says that this agent is revoked: no key that it has is taken again. */
export function isRevocation(error: unknown): boolean {
  return error instanceof ControlPlaneRefusedError && error.code === 'AGENT_REVOKED';
}

/** An enrolled agent asks for new credentials with this request, which it signs with its key. */
export function renewalRequest(
  agentId: AgentId,
  keys: MemberKeys,
  now: Date,
): { readonly path: string; readonly body: object } {
  const certificateRequest = keys.certificateRequest();
  const renewal = { agentId, nkey: keys.nkey, certificateRequest, timestamp: now.toISOString() };
  return { path: 'v1/agent-credentials', body: { ...renewal, signature: keys.sign(renewalStatement(renewal)) } };
}

type Answer = { readonly [key: string]: unknown };

export const UNREACHABLE = {
  code: 'CONTROL_PLANE_UNREACHABLE',
  remedy: 'check GLOBALSTACKS_CONTROL_PLANE_URL and that the control plane runs',
};
const RETRY_MS = 2_000;
const LONGEST_KEY = 1_024;

/** Gets, keeps and renews this agent's credentials. */
export class Enrollment {
  constructor(
    private readonly settings: EnrollmentSettings,
    private readonly ports: EnrollmentPorts,
  ) {}

  /**
   * Resolves with `kept`, or with new credentials: by renewal if the control plane knows the key, otherwise by
   * enrolment. If the mesh key is new, a certificate for it is requested first, if the control plane answers. Errors:
   * NotEnrolledError, or a refusal.
   */
  async current(kept: AgentCredentials | null, signal: AbortSignal): Promise<AgentCredentials> {
    const { keys, report } = this.ports;
    if (kept === null) return (keys.isBusKeyNew ? null : await this.issuedAgain(signal)) ?? this.enroll(signal);
    if (!keys.isMeshKeyNew) return kept;
    try {
      return await this.renew(kept, signal);
    } catch (error) {
      report({ kind: 'mesh key not certified', error });
      return kept;
    }
  }

  /** Requests lost credentials again; null: the control plane refuses them to this key. */
  private async issuedAgain(signal: AbortSignal): Promise<AgentCredentials | null> {
    try {
      return await this.onceReachable(() => this.renewed(null, signal), signal);
    } catch (error) {
      if (!(error instanceof ControlPlaneRefusedError)) throw error;
      this.ports.report({ kind: 'not issued again', error });
      return null;
    }
  }

  /**
   * Spends the one-time token. Waits for a control plane that does not answer. Errors: NotEnrolledError, or its
   * refusal.
   */
  private async enroll(signal: AbortSignal): Promise<AgentCredentials> {
    const token = await this.readToken();
    const { keys, now } = this.ports;
    const identity = {
      name: this.settings.name,
      nkey: keys.nkey,
      certificateRequest: keys.certificateRequest(),
    };
    return this.onceReachable(async () => {
      // Signed anew for each attempt, because a signature is valid for a minute only.
      const enrollment = { ...identity, timestamp: now().toISOString() };
      const body = { token, ...enrollment, signature: keys.sign(enrollmentStatement(enrollment)) };
      return this.keep(await this.post('v1/agent-enrollments', body, signal), null);
    }, signal);
  }

  /** Repeats the attempt until the control plane answers. */
  private async onceReachable<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof ControlPlaneUnreachableError)) throw error;
        this.ports.report({ kind: 'waiting', error });
        await pause(RETRY_MS, undefined, { signal });
      }
    }
  }

  /** One attempt. Errors: ControlPlaneUnreachableError, ControlPlaneRefusedError. */
  renew(current: AgentCredentials, signal: AbortSignal): Promise<AgentCredentials> {
    return this.renewed(current, signal);
  }

  private async renewed(current: AgentCredentials | null, signal: AbortSignal): Promise<AgentCredentials> {
    const { keys, now } = this.ports;
    const request = renewalRequest(this.settings.name, keys, now());
    return this.keep(await this.post(request.path, request.body, signal), current);
  }

  /** Requests a key for the mesh, valid for one login. Errors as those of renew. */
  async meshKey(signal: AbortSignal): Promise<string> {
    const { keys, now } = this.ports;
    const request = { agentId: this.settings.name, nkey: keys.nkey, timestamp: now().toISOString() };
    const body = { ...request, signature: keys.sign(meshKeyStatement(request)) };
    const { authKey } = await this.post('v1/agent-mesh-keys', body, signal);
    return textUpTo(LONGEST_KEY)(authKey, 'authKey');
  }

  private post(path: string, body: object, signal: AbortSignal): Promise<Answer> {
    return postToControlPlane({ url: this.settings.controlPlaneUrl, unreachable: UNREACHABLE }, { path, body }, signal);
  }

  /** Keeps the store's keys that were pinned at enrolment, unless they named others that follow. */
  private async keep(answer: Answer, current: AgentCredentials | null): Promise<AgentCredentials> {
    const issued = parseCredentials({ ...answer, issuedAt: this.ports.now().toISOString() });
    const { credentials, refused } = withPinnedKeys(current, issued);
    for (const error of refused) this.ports.report({ kind: 'key-changed', error });
    try {
      await writeStateFile(credentialsFile(this.settings.folder), credentials);
    } catch (error) {
      // An enrolment must survive a restart. Renewed credentials can be used unsaved: the next ones may be saved.
      if (current === null) throw error;
      this.ports.report({ kind: 'not kept', error });
    }
    return credentials;
  }

  private async readToken(): Promise<string> {
    const { enrollmentTokenFile, name } = this.settings;
    const remedy = `make a token with \`gstacks agent enroll ${name}\` and name its file in GLOBALSTACKS_AGENT_ENROLLMENT_TOKEN_FILE`;
    if (enrollmentTokenFile === null) {
      throw new NotEnrolledError('NOT_ENROLLED', `agent ${name} has no credentials and no enrolment token`, remedy);
    }
    try {
      return (await readFile(enrollmentTokenFile, 'utf8')).trim();
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
      throw new NotEnrolledError('NOT_ENROLLED', `${enrollmentTokenFile} cannot be read: ${reason}`, remedy);
    }
  }
}
