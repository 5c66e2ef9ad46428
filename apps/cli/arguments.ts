import * as Args from '@oclif/core/args';

/** A required argument, never read from standard input, which `login`, `exec` and `--token-file -` use. */
export const required = (description: string) => Args.string({ required: true, ignoreStdin: true, description });

/** Arguments that several commands take, described once. */
export const networkArgument = required('name of the network');
export const sandboxArgument = required('id of the sandbox');
export const aliasArgument = required('alias in the network');
export const ruleArgument = required('id of the rule, or its first characters');
export const agentArgument = required('name of the agent');
