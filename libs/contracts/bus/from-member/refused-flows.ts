import { type NetworkId, parseNetworkId } from '../../ids.js';
import { type FieldParser, listOf, parseObject } from '../../json-fields.js';
import { codeText, counter } from '../fields.js';

/** A member counts the flows that it refused, by network and reason code, from the start of its process. */
export interface RefusedFlows {
  readonly networkId: NetworkId;
  readonly code: string;
  readonly count: number;
}

/** Networks and reasons that one message may name. */
export const MAX_REFUSED_FLOWS = 500;

const parseOne: FieldParser<RefusedFlows> = (value, field) => {
  const refused = parseObject(value, field);
  return {
    networkId: parseNetworkId(refused.networkId, `${field}.networkId`),
    code: codeText(refused.code, `${field}.code`),
    count: counter(refused.count, `${field}.count`),
  };
};

/** Throws InvalidInputError. */
export const parseRefusedFlows: FieldParser<readonly RefusedFlows[]> = listOf(parseOne, MAX_REFUSED_FLOWS);
