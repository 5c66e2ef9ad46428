import { type NetworkId, parseNetworkId } from '../../ids.js';
import { type FieldParser, listOf, parseObject } from '../../json-fields.js';
import { codeText, counter } from '../fields.js';

/** The number of flows that a member has refused since its process started, by network and reason code. */
export interface RefusedFlows {
  readonly networkId: NetworkId;
  readonly code: string;
  readonly count: number;
}

/** Pairs of network and reason in one message. */
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
