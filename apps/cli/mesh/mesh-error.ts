import { CodedError } from '#libs/contracts/errors.js';

/** This machine's background node refused, or is not running. */
export class MeshError extends CodedError {}
