import { type AgentCredentials, keptCredentials } from './credentials.js';
import { Enrollment, type EnrollmentPorts, type EnrollmentSettings } from './enrollment.js';
import { type IdentityKeys, openIdentityKeys } from './identity-keys.js';

export interface EnrollmentReports {
  readonly now: () => Date;
  /** Called when content of the folder is unusable and was moved aside. */
  readonly damaged: (what: 'credentials' | 'mesh key', error: unknown, movedTo: string) => void;
  readonly report: EnrollmentPorts['report'];
}

export interface OpenEnrollment {
  /** Credentials of an earlier start; null: there are no usable ones. */
  readonly kept: AgentCredentials | null;
  readonly keys: IdentityKeys;
  readonly enrollment: Enrollment;
}

/** Reads credentials and keys from the folder and makes missing keys. Errors: OtherAgentError, KeyFileUnusableError. */
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
