import { Args } from '@oclif/core';

/** Arguments that several commands take, described once. */
export const networkArgument = Args.string({ name: 'network', required: true, description: 'name of the network' });
export const sandboxArgument = Args.string({ name: 'sandbox-id', required: true, description: 'id of the sandbox' });
export const aliasArgument = Args.string({ name: 'alias', required: true, description: 'alias in the network' });
export const ruleArgument = Args.string({ name: 'rule-id', required: true, description: 'id of the rule' });
export const agentArgument = Args.string({ name: 'agent', required: true, description: 'name of the agent' });
