import type { CodedError } from '#libs/contracts/errors.js';
import type { MeshCheckCode, MeshCheckDto } from '#libs/contracts/http/mesh-diagnosis.js';

export function passed(code: MeshCheckCode, evidence: string): MeshCheckDto {
  return { code, status: 'pass', cause: null, evidence, remedy: null };
}

export function failed(code: MeshCheckCode, error: CodedError): MeshCheckDto {
  return { code, status: 'fail', cause: error.code, evidence: error.message, remedy: error.remedy };
}

/** Nothing to look at, or something before it failed. */
export function skipped(code: MeshCheckCode, evidence: string): MeshCheckDto {
  return { code, status: 'skipped', cause: null, evidence, remedy: null };
}
