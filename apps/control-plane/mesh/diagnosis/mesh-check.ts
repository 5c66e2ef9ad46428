import * as check from '#libs/contracts/bus/checks.js';
import type { CodedError } from '#libs/contracts/errors.js';
import type { MeshCheckCode, MeshCheckDto } from '#libs/contracts/http/mesh-diagnosis.js';

export function passed(code: MeshCheckCode, evidence: string): MeshCheckDto {
  return { ...check.pass(code, evidence), cause: null };
}

export function failed(code: MeshCheckCode, error: CodedError): MeshCheckDto {
  return { ...check.fail(code, error.message, error.remedy), cause: error.code };
}

/** There is nothing to check, or an earlier check failed. */
export function skipped(code: MeshCheckCode, evidence: string): MeshCheckDto {
  return { ...check.skipped(code, evidence), cause: null };
}
