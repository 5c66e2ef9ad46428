import { CodedError } from '#libs/contracts/errors.js';

/** The background node of this machine refused, or is not there. */
export class MeshError extends CodedError {}
