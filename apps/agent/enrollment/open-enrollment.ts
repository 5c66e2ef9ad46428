import { type AgentCredentials, keptCredentials } from './credentials.js';
import { Enrollment, type EnrollmentPorts, type EnrollmentSettings } from './enrollment.js';
import { type IdentityKeys, openIdentityKeys } from './identity-keys.js';

export interface EnrollmentReports {
  readonly now: () => Date;
  /** What is in the folder cannot be used, and was moved aside. */
  readonly damaged: (what: 'credentials' | 'mesh key', error: unknown, movedTo: string) => void;
  readonly report: EnrollmentPorts['report'];
}

export interface OpenEnrollment {
  /** Of an earlier start; null when there are none that can be used. */
  readonly kept: AgentCredentials | null;
  readonly keys: IdentityKeys;
  readonly enrollment: Enrollment;
}

/**
 * Reads credentials and keys from the folder, making keys that are missing. Errors: OtherAgentError,
 * KeyFileUnusableError.
 */
export async function openEnrollment(
  settings: EnrollmentSettings,
  reports: EnrollmentReports,
): Promise<OpenEnrollment> {
  const { now, damaged, report } = reports;
  const kept = await keptCredentials(settings.folder, settings.name, {
    now,
    damaged: (error, movedTo) => damaged('credentials', error, movedTo),
  });
  const keys = await openIdentityKeys(settings.folder, settings.name, kept, {
    now,
    replaced: (error, movedTo) => damaged('mesh key', error, movedTo),
  });
  return { kept, keys, enrollment: new Enrollment(settings, { keys, now, report }) };
}
